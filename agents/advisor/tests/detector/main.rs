//! Recall and precision of what keeps personal data out of free text, on a labelled set, as the READMEs state them: the
//! detector by kind, and names by the list of words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use gangway_advisor::detector::{Kind, find, masked};
use gangway_advisor::free_text;
use serde::Deserialize;
use std::fmt::Write as _;

#[derive(Deserialize)]
struct Line {
    text: String,
    spans: Vec<Label>,
}

/// What a label calls its text.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Name,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Labelled {
    Form(Kind),
    Word(Name),
}

#[derive(Deserialize)]
struct Label {
    kind: Labelled,
    text: String,
}

fn lines() -> Vec<Line> {
    include_str!("labelled.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A label counts as found when something of its kind covers all of it.
fn table() -> String {
    let lines = lines();
    let mut table = String::from("| kind | labelled | recall | precision |\n|---|---|---|---|\n");
    for kind in Kind::ALL {
        let (mut labelled, mut recalled, mut found, mut right) = (0, 0, 0, 0);
        for line in &lines {
            let mine: Vec<_> = find(&line.text).into_iter().filter(|f| f.kind == kind).collect();
            let labels: Vec<_> =
                line.spans.iter().filter(|label| label.kind == Labelled::Form(kind)).collect();
            labelled += labels.len();
            found += mine.len();
            let covers =
                |label: &&&Label| mine.iter().any(|f| line.text[f.range.clone()].contains(&label.text));
            let overlaps = |f: &&gangway_advisor::detector::Found| {
                let text = &line.text[f.range.clone()];
                labels.iter().any(|label| text.contains(&label.text) || label.text.contains(text))
            };
            for missed in labels.iter().filter(|label| !covers(label)) {
                eprintln!("{kind:?} missed: {} in {}", missed.text, line.text);
            }
            for wrong in mine.iter().filter(|f| !overlaps(f)) {
                eprintln!("{kind:?} wrong: {} in {}", &line.text[wrong.range.clone()], line.text);
            }
            recalled += labels.iter().filter(covers).count();
            right += mine.iter().filter(overlaps).count();
        }
        let name = format!("{kind:?}").to_lowercase();
        row(&mut table, &name, (recalled, labelled), (right, found));
    }
    let (recall, precision) = names(&lines);
    row(&mut table, "name", recall, precision);
    table
}

fn row(table: &mut String, name: &str, recall: (usize, usize), precision: (usize, usize)) {
    let percent = |(part, whole): (usize, usize)| {
        let permille = part * 1_000 / whole.max(1);
        format!("{}.{} %", permille / 10, permille % 10)
    };
    let (labelled, recall, precision) = (recall.1, percent(recall), percent(precision));
    writeln!(table, "| {name} | {labelled} | {recall} | {precision} |").unwrap();
}

/// Names have no form: the list of words keeps them back, with whatever else it does not know. A name counts as kept back
/// when no word of it is left; precision is the part of all words kept back that belongs to something labelled.
fn names(lines: &[Line]) -> ((usize, usize), (usize, usize)) {
    fn words(text: &str) -> Vec<&str> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.contains(char::is_alphabetic)).collect()
    }
    let (mut recall, mut precision) = ((0, 0), (0, 0));
    for line in lines {
        let shown = free_text(&line.text);
        let shown = words(shown.as_str());
        for label in line.spans.iter().filter(|label| label.kind == Labelled::Word(Name::Name)) {
            let left: Vec<_> = words(&label.text).into_iter().filter(|word| shown.contains(word)).collect();
            recall = (recall.0 + usize::from(left.is_empty()), recall.1 + 1);
            if !left.is_empty() {
                eprintln!("Name missed: {left:?} in {}", line.text);
            }
        }
        for kept_back in words(&line.text).into_iter().filter(|word| !shown.contains(word)) {
            let is_labelled = line.spans.iter().any(|label| words(&label.text).contains(&kept_back));
            precision = (precision.0 + usize::from(is_labelled), precision.1 + 1);
        }
    }
    (recall, precision)
}

#[test]
fn the_readme_states_what_is_measured() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&table()), "README.md should contain:\n\n{}", table());
    // The project's own README says the same in one line.
    let kinds: Vec<String> = table()
        .lines()
        .skip(2)
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            format!("{} {} / {}", cells[1], cells[3], cells[4])
        })
        .collect();
    let line = kinds.join(", ");
    let readme = include_str!("../../../../README.md");
    assert!(readme.contains(&line), "the root README.md should contain:\n\n{line}");
}

#[test]
fn a_masked_text_holds_nothing_more_to_find() {
    for line in lines() {
        assert_eq!(find(&masked(&line.text)), [], "{}", line.text);
    }
}
