//! The outbox through the command line: what was put off is delivered, what is in doubt is put before a person, what was
//! given up is said aloud, and the customer's tasks follow the real delivery.

use crate::harness::{House, stderr};
use serde_json::{Value, json};

/// A house whose mails are not waited for within the call, and in which somebody can be named.
fn house() -> House {
    House::new()
        .with("GANGWAY_NOTIFY__RETRY__RETRIES", "0")
        .with("GANGWAY_NOTIFY__OUTBOX__GRACE_MS", "0")
        .with("USER", "ada")
}

fn messages(house: &House, state: &str) -> Vec<Value> {
    let listed = house.json(&["outbox", "list", "--state", state, "--json"]);
    listed["messages"].as_array().unwrap().clone()
}

fn status(run: &Value, label: &str) -> String {
    let effects = run["effects"].as_array().unwrap();
    let effect = effects.iter().find(|effect| effect["label"] == label).unwrap();
    effect["status"].as_str().unwrap().to_owned()
}

fn is_completed(house: &House, code: &str) -> bool {
    let tasks = house.json(&["tasks", "list", "--json"]);
    tasks["tasks"].as_array().unwrap().iter().any(|t| t["code"] == code && t["status"] == "completed")
}

fn refuse_mails(house: &House, code: u16, times: u32) {
    let answer = json!({"reply": {"code": code, "text": "not now"}});
    house.vendors().script_mail(&json!([{"stage": "rcpt", "answer": answer, "times": times}]));
}

fn audited(house: &House, tool: &str) -> usize {
    let entries = house.json(&["audit", "tail", "-n", "1000", "--json"]);
    entries["entries"].as_array().unwrap().iter().filter(|entry| entry["record"]["tool"] == tool).count()
}

#[test]
fn mails_put_off_are_delivered_once_and_then_complete_their_tasks() {
    let house = house();
    refuse_mails(&house, 451, 1_000);
    let run = house.json(&["run", "ACME-001", "--json"]);
    assert_eq!(
        (run["state"].as_str(), status(&run, "email_welcome").as_str()),
        (Some("completed"), "queued")
    );
    assert!(!is_completed(&house, "T003"));
    house.vendors().script_mail(&json!([]));
    let queued = messages(&house, "queued");
    let ids: Vec<&str> = queued.iter().map(|message| message["message_id"].as_str().unwrap()).collect();
    assert_eq!(house.json(&[&["outbox", "retry", "--json"][..], &ids].concat())["sent"], 3);
    assert!(messages(&house, "queued").is_empty());
    assert_eq!(house.vendors().count("mail", run["request"]["correlation_id"].as_str().unwrap()), 3);
    assert!(is_completed(&house, "T003") && is_completed(&house, "T004"));
    let shown = house.json(&["runs", "show", run["run_id"].as_str().unwrap(), "--json"]);
    for label in ["email_success", "email_welcome", "email_training"] {
        assert_eq!(status(&shown, label), "done", "{shown}");
    }
}

#[test]
fn a_mail_that_is_given_up_is_alerted_about_once_and_can_be_sent_after_all() {
    let house = house().with("GANGWAY_NOTIFY__OUTBOX__ATTEMPTS", "1");
    refuse_mails(&house, 451, 3);
    let run = house.json(&["run", "ACME-001", "--json"]);
    let dead = messages(&house, "dead");
    assert_eq!((dead.len(), status(&run, "email_welcome").as_str()), (3, "failed"));
    house.json(&["outbox", "retry", "--json"]);
    let alerts = house.vendors().count("slack_message", "outbox-dead/");
    assert_eq!(alerts, 3, "one for each, and none at the second round");
    let ids: Vec<&str> = dead.iter().map(|message| message["message_id"].as_str().unwrap()).collect();
    let retried = house.json(&[&["outbox", "retry", "--json"][..], &ids].concat());
    assert_eq!((&retried["sent"], audited(&house, "outbox.retry")), (&json!(3), 3));
    assert!(is_completed(&house, "T004"));
    assert_eq!(house.vendors().count("mail", run["request"]["correlation_id"].as_str().unwrap()), 3);
}

#[test]
fn killed_between_a_mail_and_its_answer_a_person_settles_it() {
    let house = house();
    let mut command = house.command(&["run", "ACME-001", "--correlation-id", "killed"]);
    let killed = command.env("GANGWAY_CRASH_AT", "outbox.delivered:mail#2").output().unwrap();
    assert!(!killed.status.success());
    house.json(&["runs", "resume", "--json"]);
    let unknown = messages(&house, "unknown");
    assert!(!unknown.is_empty());
    assert_eq!(house.vendors().count("slack_message", "killed"), 1, "Slack was asked");
    let arrived = house.vendors().effects();
    for message in &unknown {
        let id = message["message_id"].as_str().unwrap();
        let careless = house.run(&["outbox", "retry", id]);
        assert!(!careless.status.success());
        assert!(stderr(&careless).contains("--yes-it-did-not-arrive"), "{}", stderr(&careless));
        let subject = house.json(&["outbox", "show", id, "--json"])["body"]["subject"].clone();
        if arrived.iter().any(|effect| effect["kind"] == "mail" && effect["detail"]["subject"] == subject) {
            house.json(&["outbox", "settle", id, "--delivered", "--reason", "the customer has it", "--json"]);
        } else {
            house.json(&["outbox", "retry", id, "--yes-it-did-not-arrive", "--json"]);
        }
    }
    assert_eq!(house.vendors().count("mail", "killed"), 3, "each once");
    assert!(is_completed(&house, "T003") && is_completed(&house, "T004"));
    let settled = audited(&house, "outbox.settle_delivered") + audited(&house, "outbox.retry");
    assert_eq!(settled, unknown.len());
    assert_eq!(house.json(&["audit", "verify", "--json"])["whole"], true);
}

#[test]
fn a_dropped_message_is_not_sent_and_a_settled_one_not_settled_again() {
    let house = house();
    refuse_mails(&house, 451, 1_000);
    let run = house.json(&["run", "ACME-001", "--json"]);
    for message in messages(&house, "queued") {
        let id = message["message_id"].as_str().unwrap();
        let settle = ["outbox", "settle", id, "--drop", "--reason", "the deal was undone", "--json"];
        assert_eq!(house.json(&settle)["state"], "dropped");
        assert!(stderr(&house.run(&settle)).contains("is dropped, so it cannot be dropped"));
    }
    house.vendors().script_mail(&json!([]));
    house.json(&["outbox", "retry", "--json"]);
    assert_eq!(house.vendors().count("mail", run["request"]["correlation_id"].as_str().unwrap()), 0);
    assert!(!is_completed(&house, "T003"));
}

#[test]
fn a_message_nobody_knows_is_named() {
    let house = house();
    house.json(&["run", "BETA-002", "--json"]);
    for arguments in [["outbox", "show", "msg-0"], ["outbox", "retry", "msg-0"]] {
        let output = house.run(&arguments);
        assert!(!output.status.success());
        assert!(stderr(&output).contains("there is no message msg-0"), "{}", stderr(&output));
    }
}
