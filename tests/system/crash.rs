//! Crashes: the process is stopped once at every place a proceeding run names, and after a restart nothing is lost or
//! doubled; and killed in the midst of many runs. Every account and path, and every time a place is reached, is the crash
//! matrix's (`tests/crash_matrix/`).
//!
//! Effects are counted in the simulator's own ledger, which is another process.

use crate::harness::{House, stderr};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

const ACCOUNT: &str = "ACME-001";

/// Every place a run of the account reaches, in the order first reached.
fn places() -> Vec<String> {
    let house = House::new();
    let log = house.data_dir().with_file_name("places");
    let output = house.command(&["run", ACCOUNT, "--json"]).env("GANGWAY_CRASH_LOG", &log).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let mut reached: Vec<String> = Vec::new();
    for place in fs::read_to_string(log).unwrap().lines() {
        if !reached.iter().any(|known| known == place) {
            reached.push(place.to_owned());
        }
    }
    reached
}

/// Crashes at one place, resumes, and says what is wrong with what is there afterwards. A dead process is not still at
/// work on a request, so Slack is believed at once when it does not know a message.
fn crash_and_resume(place: &str) -> Option<String> {
    let house = House::new().with("GANGWAY_NOTIFY__OUTBOX__GRACE_MS", "0");
    let arguments = ["run", ACCOUNT, "--correlation-id", "crash", "--json"];
    let crashed = house.command(&arguments).env("GANGWAY_CRASH_AT", place).output().unwrap();
    if crashed.status.success() {
        return Some("the place was not reached".to_owned());
    }
    let resumed = house.run(&["runs", "resume", "--json"]);
    if !resumed.status.success() {
        return Some(format!("resume failed: {}", stderr(&resumed)));
    }
    let run: Value = serde_json::from_slice(&house.run(&arguments).stdout).unwrap_or_default();
    let tenants = house.json(&["tenants", "list", "--json"])["tenants"].as_array().map_or(0, Vec::len);
    let tasks = house.json(&["tasks", "list", "--json"])["tasks"].as_array().map_or(0, Vec::len);
    let slack = house.vendors().count("slack_message", "crash");
    let seen = (run["state"].as_str().unwrap_or("none"), tenants, tasks, slack);
    if seen != ("completed", 1, 14, 1) {
        return Some(format!("state, tenants, tasks, Slack messages are {seen:?}"));
    }
    // A mail whose answer died with the process may have arrived or not: it is put before a person, and not repeated.
    let messages = house.json(&["outbox", "list", "--json"]);
    let unsettled: Vec<&Value> =
        messages["messages"].as_array().into_iter().flatten().filter(|m| m["state"] != "sent").collect();
    let unknown = unsettled.iter().filter(|m| m["state"] == "unknown" && m["channel"] == "mail").count();
    let mails = house.vendors().count("mail", "crash");
    if mails > 3 || 3 - mails > unknown || unknown != unsettled.len() {
        return Some(format!("{mails} mails, {unknown} unknown, not sent: {unsettled:?}"));
    }
    let shown = run["effects"].as_array().into_iter().flatten().filter(|e| e["status"] == "unknown").count();
    (shown != unknown).then(|| format!("the run shows {shown} of {unknown} unknown mails"))
}

#[test]
fn a_crash_at_any_place_of_a_proceeding_run_loses_and_doubles_nothing() {
    let places = places();
    assert!(places.len() > 8, "{places:?}");
    let wrong: BTreeMap<String, String> = places
        .into_iter()
        .filter_map(|place| {
            let at = format!("{place}#1");
            crash_and_resume(&at).map(|problem| (at, problem))
        })
        .collect();
    assert!(wrong.is_empty(), "repeat one with GANGWAY_CRASH_AT=PLACE gangway run {ACCOUNT}: {wrong:#?}");
}

#[test]
fn the_next_start_finishes_what_a_crash_left() {
    for next in [&["run", "BETA-002"][..], &["monitor", "--once"]] {
        let house = House::new();
        let crash = |account: &str| {
            let mut command = house.command(&["run", account]);
            let output = command.env("GANGWAY_CRASH_AT", "step.effect:assess").output().unwrap();
            assert!(!output.status.success(), "the place was not reached");
        };
        crash("ACME-001");
        let output = house.run(next);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stderr(&output).contains("1 run of before was resumed"), "{}", stderr(&output));
        let runs = house.json(&["runs", "list", "--account", "ACME-001", "--json"]);
        assert_eq!(runs["runs"][0]["state"], "completed", "{runs}");
        // Asked for by name, the run left behind is joined: a second one would send its messages again.
        crash("STARTER-007");
        house.json(&["run", "STARTER-007", "--json"]);
        let runs = house.json(&["runs", "list", "--account", "STARTER-007", "--json"]);
        assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "{runs}");
    }
}

#[test]
fn killed_in_the_middle_of_many_runs_it_finishes_them_once() {
    let house = House::with_synthetic(60);
    let ids: Vec<String> = (1..=60).map(|number| format!("SYN-{number:06}")).collect();
    let file = house.data_dir().with_file_name("ids.csv");
    fs::write(&file, format!("account_id\n{}\n", ids.join("\n"))).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let arguments = ["run-all", "--file", &file, "--json"];
    // A run of a healthy account is about eight calls.
    for wanted in [40, 250] {
        let mut child =
            house.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while house.vendors().calls() < wanted && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(house.run(&["runs", "resume", "--json"]).status.success());
    let done = house.json(&arguments);
    assert_eq!(done["results"].as_array().unwrap().len(), 60);
    let tenants = house.json(&["tenants", "list", "--json"]);
    assert_eq!(tenants["tenants"].as_array().unwrap().len(), 60);
    let runs = house.json(&["runs", "list", "--limit", "1000", "--json"]);
    for run in runs["runs"].as_array().unwrap() {
        assert_eq!(run["state"], "completed", "{run}");
        let correlation = run["correlation_id"].as_str().unwrap();
        assert!(house.vendors().count("slack_message", correlation) <= 1, "{run}");
        assert!(house.vendors().count("mail", correlation) <= 3, "{run}");
    }
}
