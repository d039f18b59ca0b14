//! Recall and precision of the free-text detector on a labelled set, as the README states them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use gangway_advisor::detector::{Kind, find, masked};
use serde::Deserialize;
use std::fmt::Write as _;

#[derive(Deserialize)]
struct Line {
    text: String,
    spans: Vec<Label>,
}

#[derive(Deserialize)]
struct Label {
    kind: Kind,
    text: String,
}

/// A label counts as found when something of its kind covers all of it.
fn table() -> String {
    let lines: Vec<Line> =
        include_str!("labelled.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut table = String::from("| kind | labelled | recall | precision |\n|---|---|---|---|\n");
    for kind in Kind::ALL {
        let (mut labelled, mut recalled, mut found, mut right) = (0, 0, 0, 0);
        for line in &lines {
            let mine: Vec<_> = find(&line.text).into_iter().filter(|f| f.kind == kind).collect();
            let labels: Vec<_> = line.spans.iter().filter(|label| label.kind == kind).collect();
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
        let percent = |part: usize, whole: usize| part * 1_000 / whole.max(1);
        let (recall, precision) = (percent(recalled, labelled), percent(right, found));
        writeln!(
            table,
            "| {name} | {labelled} | {}.{} % | {}.{} % |",
            recall / 10,
            recall % 10,
            precision / 10,
            precision % 10
        )
        .unwrap();
    }
    table
}

#[test]
fn the_readme_states_what_is_measured() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&table()), "README.md should contain:\n\n{}", table());
}

#[test]
fn a_masked_text_holds_nothing_more_to_find() {
    for line in include_str!("labelled.jsonl").lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        assert_eq!(find(&masked(&line.text)), [], "{}", line.text);
    }
}
