//! `gangway eval` as a gate: the committed recording answers every case well enough, and the gate closes when an answer is
//! missing, when a score falls, and when a prompt asks something else than was recorded.

use crate::harness::{House, gangway, read_json, stderr};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FLOORS: [&str; 4] = ["valid=90", "grounded=95", "owner=95", "level=90"];

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/evaluation").join(name)
}

/// Both prompts on every case, by a recording, held against the floors.
fn gate(recording: &Path) -> Output {
    let mut command = gangway(&["eval", "--json", "--compare", "adviser-2", "--recording"]);
    command.arg(recording).arg("--cases").arg(example("cases"));
    for floor in FLOORS {
        command.args(["--at-least", floor]);
    }
    command.output().unwrap()
}

/// The committed recording with something changed in it, in a file of its own.
fn changed(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> tempfile::NamedTempFile {
    let mut recording: Value =
        serde_json::from_str(&fs::read_to_string(example("recording.json")).unwrap()).unwrap();
    change(recording["answers"].as_object_mut().unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), recording.to_string()).unwrap();
    file
}

#[test]
fn the_recorded_answers_to_both_prompts_reach_every_floor() {
    let output = gate(&example("recording.json"));
    assert!(output.status.success(), "{}", stderr(&output));
    let said = read_json(&["eval"], &output);
    let cases = said["cases"].as_u64().unwrap();
    let scores = said["scores"].as_array().unwrap();
    assert_eq!((&scores[0]["prompt"], &scores[1]["prompt"]), (&"adviser-1".into(), &"adviser-2".into()));
    for score in scores {
        assert_eq!(score["valid"]["of"].as_u64(), Some(cases), "{score}");
        assert_eq!(score["failed"]["part"], 0, "{score}");
        // What the simulated model does wrong is seen, and counted as what it is.
        assert_eq!(score["refused"]["part"], 2, "{score}");
        assert!(score["calls"].as_u64() > Some(cases), "an answer of the wrong form is repaired: {score}");
        for measure in ["grounded", "right_owner", "same_level"] {
            assert!(score[measure]["part"].as_u64() < score[measure]["of"].as_u64(), "{measure}: {score}");
        }
        let unanswered = score["unanswered"].to_string();
        assert!(unanswered.contains("cut off") && unanswered.contains("would not answer"), "{unanswered}");
    }
    assert_ne!(scores[0]["tokens"], scores[1]["tokens"], "the comparison tells what each prompt takes");
}

#[test]
fn the_gate_closes_on_a_missing_answer_and_names_it() {
    let mut missing = String::new();
    let recording = changed(|answers| {
        missing.clone_from(answers.keys().next().unwrap());
        answers.remove(&missing);
    });
    let output = gate(recording.path());
    assert!(!output.status.success());
    assert!(
        stderr(&output).contains(&format!("no answer to request {missing}: record it anew")),
        "{}",
        stderr(&output)
    );
}

#[test]
fn budgets_do_not_apply_to_a_recording() {
    let mut command = gangway(&["eval", "--json", "--recording"]);
    command.arg(example("recording.json")).arg("--cases").arg(example("cases"));
    command.args(["--at-least", "level=90"]).env("GANGWAY_ADVISER__DAY_TOKENS", "3000");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let said = read_json(&["eval"], &output);
    assert_eq!(said["scores"][0]["unasked"]["part"], 0, "{said}");
    assert!(said["scores"][0]["valid"]["part"].as_u64() > Some(25), "{said}");
}

#[test]
fn a_gate_closes_when_a_model_was_not_asked_about_every_case() {
    let house = House::new().with("GANGWAY_ADVISER__DAY_TOKENS", "3000");
    let ask = |floors: &[&str]| {
        house.command(&["eval", "--json", "--provider", "openai"]).args(floors).output().unwrap()
    };
    let output = ask(&["--at-least", "level=0"]);
    assert!(!output.status.success(), "almost nothing was asked");
    assert!(stderr(&output).contains("the day's budget for a model is used up"), "{}", stderr(&output));
    let output = ask(&[]);
    assert!(output.status.success(), "without a floor it is no gate: {}", stderr(&output));
    let said = read_json(&["eval"], &output);
    assert!(said["scores"][0]["unasked"]["part"].as_u64() > Some(25), "{said}");
}

#[test]
fn the_gate_closes_when_answers_get_worse() {
    let recording = changed(|answers| {
        for answer in answers.values_mut() {
            let content = answer["content"].as_str().unwrap_or_default();
            answer["content"] = content.replace("\"level\":\"high\"", "\"level\":\"low\"").into();
        }
    });
    let output = gate(recording.path());
    assert!(!output.status.success());
    for prompt in ["adviser-1", "adviser-2"] {
        let says = format!("recording/gpt-4o-mini with {prompt}: level is ");
        assert!(stderr(&output).contains(&says), "{}", stderr(&output));
    }
    assert!(!stderr(&output).contains("valid is"), "{}", stderr(&output));
}

#[test]
fn the_recording_is_what_the_simulated_model_says_and_names_nobody() {
    let house = House::new();
    let script = fs::read_to_string(example("simulated-model.json")).unwrap();
    house.vendors().put("/_simulator/llm/script", &serde_json::from_str(&script).unwrap());
    let committed = example("recording.json");
    let fresh = house.data_dir().with_extension("recording");
    let mut record: Command = house.command(&["eval", "--provider", "openai", "--compare", "adviser-2"]);
    let output = record.arg("--cases").arg(example("cases")).arg("--record").arg(&fresh).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let fresh = fs::read_to_string(fresh).unwrap();
    if std::env::var("INSTA_UPDATE").is_ok_and(|wanted| wanted == "always") {
        fs::write(&committed, &fresh).unwrap();
    }
    assert!(
        fs::read_to_string(committed).unwrap() == fresh,
        "examples/evaluation/recording.json is out of date: see the README beside it"
    );
    for name in
        ["ACME", "Sarah", "Johnson", "Smith", "Larkfield", "Brandt", "@", "CLM-CTR", "INV-20", "INV-31"]
    {
        assert!(!fresh.contains(name), "{name}");
    }
}
