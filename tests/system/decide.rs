//! `gangway decide`: one decision a line, malformed lines named, nothing else touched.

use crate::harness::{feed, gangway, stderr};
use serde_json::Value;

const GOOD: &str = r#"{"account_id":"A-1"}"#;

fn decisions(stdout: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn decides_every_good_line_and_names_the_bad_ones() {
    let bad = r#"{"account_id":"A-2","opportunity":{"amount":"150000"}}"#;
    let input = format!("{GOOD}\n{bad}\n\n{{\"account_id\":\n{GOOD}\n");
    let output = feed(gangway(&["decide", "--as-of", "2026-01-05"]), input.as_bytes());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let decided = decisions(&output.stdout);
    assert_eq!(decided.len(), 2);
    assert!(
        decided.iter().all(|decision| decision["outcome"] == "BLOCK" && decision["as_of"] == "2026-01-05")
    );
    let errors = stderr(&output);
    assert!(errors.contains("line 2") && errors.contains("opportunity.amount"), "{errors}");
    assert!(errors.contains("line 4"), "{errors}");
}

#[test]
fn leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = gangway(&["decide"]);
    command.current_dir(folder.path());
    let output = feed(command, GOOD.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn gives_the_same_bytes_for_the_same_line() {
    let run = || feed(gangway(&["decide", "--as-of", "2026-01-05"]), GOOD.as_bytes()).stdout;
    assert_eq!(run(), run());
}

#[test]
fn survives_rubbish() {
    for rubbish in
        [&b"\xff\xfe\n"[..], b"[]\n", b"null\n", b"{\"account_id\":null}\n", b"{\"account_id\":\"a/b\"}\n"]
    {
        let output = feed(gangway(&["decide"]), rubbish);
        assert_eq!(output.status.code(), Some(2), "{rubbish:?}");
        assert!(stderr(&output).contains("line 1"), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_example_facts_are_decided_as_they_say() {
    let facts = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/facts.jsonl")).unwrap();
    let output = feed(gangway(&["decide", "--as-of", "2026-02-01"]), &facts);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let outcomes: Vec<Value> = decisions(&output.stdout).iter().map(|d| d["outcome"].clone()).collect();
    assert_eq!(outcomes, ["PROCEED", "BLOCK"]);
}
