//! Crashes: the process is stopped at every place the code names, and after a restart nothing is lost or doubled.
//!
//! Effects are counted in the simulator's own ledger, which is another process.

use crate::harness::{House, stderr};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

/// Every place a run of the account reaches, with how often, in the order first reached.
fn places(account: &str) -> Vec<(String, usize)> {
    let house = House::new();
    let log = house.data_dir().with_file_name("places");
    let output = house.command(&["run", account, "--json"]).env("GANGWAY_CRASH_LOG", &log).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let mut counted: Vec<(String, usize)> = Vec::new();
    for place in fs::read_to_string(log).unwrap().lines() {
        match counted.iter_mut().find(|(name, _)| name == place) {
            Some((_, times)) => *times += 1,
            None => counted.push((place.to_owned(), 1)),
        }
    }
    counted
}

struct Expected {
    state: &'static str,
    tenants: usize,
    tasks: usize,
    slack: usize,
    mails: usize,
}

/// Crashes at one place, resumes, and says what is wrong with what is there afterwards. A dead process is not still at
/// work on a request, so Slack is believed at once when it does not know a message.
fn crash_and_resume(account: &str, place: &str, expected: &Expected) -> Option<String> {
    let house = House::new().with("GANGWAY_NOTIFY__OUTBOX__GRACE_MS", "0");
    let crashed = house
        .command(&["run", account, "--correlation-id", "crash", "--json"])
        .env("GANGWAY_CRASH_AT", place)
        .output()
        .unwrap();
    if crashed.status.success() {
        return Some("the place was not reached".to_owned());
    }
    let resumed = house.run(&["runs", "resume", "--json"]);
    if !resumed.status.success() {
        return Some(format!("resume failed: {}", stderr(&resumed)));
    }
    let again = house.run(&["run", account, "--correlation-id", "crash", "--json"]);
    let run: Value = serde_json::from_slice(&again.stdout).unwrap_or_default();
    let count = |kind: &str| house.vendors().count(kind, "crash");
    let tenants = house.json(&["tenants", "list", "--json"])["tenants"].as_array().map_or(0, Vec::len);
    let tasks = house.json(&["tasks", "list", "--json"])["tasks"].as_array().map_or(0, Vec::len);
    let seen = (run["state"].as_str().unwrap_or("none"), tenants, tasks);
    if seen != (expected.state, expected.tenants, expected.tasks) {
        return Some(format!("state, tenants, tasks are {seen:?}"));
    }
    let (slack, mails) = (count("slack_message"), count("mail"));
    if slack != expected.slack {
        return Some(format!("{slack} Slack messages"));
    }
    // A mail whose answer died with the process may have arrived or not: it is put before a person, and not repeated.
    let messages = house.json(&["outbox", "list", "--json"]);
    let unsettled: Vec<&Value> =
        messages["messages"].as_array().into_iter().flatten().filter(|m| m["state"] != "sent").collect();
    let unknown = unsettled.iter().filter(|m| m["state"] == "unknown" && m["channel"] == "mail").count();
    if mails > expected.mails || expected.mails - mails > unknown || unknown != unsettled.len() {
        return Some(format!("{mails} mails, {unknown} unknown, not sent: {unsettled:?}"));
    }
    let shown = run["effects"].as_array().into_iter().flatten().filter(|e| e["status"] == "unknown").count();
    (shown != unknown).then(|| format!("the run shows {shown} of {unknown} unknown mails"))
}

fn crash_everywhere(account: &str, expected: &Expected) {
    let places = places(account);
    assert!(places.len() > 8, "{places:?}");
    let mut wrong = BTreeMap::new();
    for (place, times) in places {
        for occurrence in 1..=times {
            let at = format!("{place}#{occurrence}");
            if let Some(problem) = crash_and_resume(account, &at, expected) {
                wrong.insert(at, problem);
            }
        }
    }
    assert!(wrong.is_empty(), "repeat one with GANGWAY_CRASH_AT=PLACE gangway run {account}: {wrong:#?}");
}

#[test]
fn a_crash_anywhere_in_a_proceeding_run_loses_and_doubles_nothing() {
    crash_everywhere("ACME-001", &Expected { state: "completed", tenants: 1, tasks: 14, slack: 1, mails: 3 });
}

#[test]
fn a_crash_anywhere_in_a_blocked_run_loses_and_doubles_nothing() {
    crash_everywhere("BETA-002", &Expected { state: "blocked", tenants: 0, tasks: 0, slack: 2, mails: 1 });
}

#[test]
fn a_crash_anywhere_in_an_escalated_run_loses_and_doubles_nothing() {
    crash_everywhere(
        "PARTIAL-006",
        &Expected { state: "awaiting_approval", tenants: 0, tasks: 0, slack: 2, mails: 1 },
    );
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
