//! Slack's buttons over HTTP: the message is the one the simulator was sent, the click is signed as Slack signs it.

use crate::harness::{House, read_json};
use crate::serving::Serving;
use serde_json::{Value, json};
use std::fs;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const DANA: &str = "U0APPROVER01";

/// A house whose escalations have buttons, and dana for an approver.
fn house() -> House {
    let house = House::new();
    let file = house.data_dir().with_file_name("gangway.toml");
    let approvers = format!("[[approvers]]\nname = \"dana\"\nslack_user = \"{DANA}\"\n");
    fs::write(&file, approvers).unwrap();
    house
        .with("GANGWAY_ONBOARDING__APPROVAL_ENDPOINT", "https://gangway.example.com/webhook/slack")
        .with("GANGWAY_SLACK_SIGNING_SECRET", SECRET)
}

/// A run of GAMMA-003, asked for by rita, waiting.
fn waiting(house: &House) -> Value {
    let arguments = ["run", "GAMMA-003", "--json"];
    let run = read_json(&arguments, &house.command(&arguments).env("USER", "rita").output().unwrap());
    assert_eq!(run["state"], "awaiting_approval", "{run}");
    run
}

/// What the button with this action carries, wherever it stands in the messages.
fn value_of(messages: &Value, action: &str) -> Option<String> {
    if messages["action_id"] == action {
        return messages["value"].as_str().map(str::to_owned);
    }
    match messages {
        Value::Array(items) => items.iter().find_map(|item| value_of(item, action)),
        Value::Object(fields) => fields.values().find_map(|field| value_of(field, action)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Dana presses Approve, with a reason.
fn click(service: &Serving, value: &str) -> Value {
    json!({
        "url": service.url("/webhook/slack"), "signing_secret": SECRET, "user_id": DANA,
        "action_id": "gangway_approve", "value": value, "block_id": "gangway_decision",
        "inputs": {"gangway_reason": {"reason": {"type": "plain_text_input", "value": "Finance agreed"}}}})
}

fn approval(house: &House, id: &str) -> Value {
    house.json(&["approvals", "show", id, "--json"])
}

#[test]
fn a_signed_click_of_a_known_approver_decides_once_and_nothing_else_does() {
    let house = house();
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let value = value_of(&Value::Array(house.vendors().effects()), "gangway_approve").unwrap();
    let service = Serving::start(&house, &[]);
    service.wait_for_remark("no API key has the name of the Slack approver dana");
    let dana = click(&service, &value);
    let differing = |field: &str, other: Value| {
        let mut click = dana.clone();
        click[field] = other;
        house.vendors().press(&click)["status"].clone()
    };
    let forged = format!("{}0", value.trim_end_matches(|c: char| c != '.'));
    for (field, other, status) in [
        ("signing_secret", "another".into(), 401),
        ("signature", "v0=00".into(), 401),
        ("timestamp", 1_531_420_618.into(), 401),
        ("user_id", "U0STRANGER".into(), 200),
        ("value", forged.into(), 200),
        ("inputs", json!({}), 200),
        ("action_id", "another_button".into(), 422),
    ] {
        assert_eq!(differing(field, other), status, "{field}");
        assert_eq!(approval(&house, id)["state"], "pending", "{field}");
    }

    assert_eq!(house.vendors().press(&dana)["status"], 200);
    let decided = approval(&house, id);
    assert_eq!(
        (&decided["state"], &decided["decided_by"]),
        (&"approved".into(), &"dana".into()),
        "{decided}"
    );
    let show = ["runs", "show", run["run_id"].as_str().unwrap(), "--json"];
    let acted = (0..400).any(|_| house.json(&show)["state"] == "completed");
    assert!(acted, "the service acts on it");

    let mut late = dana.clone();
    late["action_id"] = "gangway_reject".into();
    assert_eq!(house.vendors().press(&late)["status"], 200, "a stale value is answered, and changes nothing");
    assert_eq!(approval(&house, id)["state"], "approved");
    assert_eq!(house.vendors().count("crm_update", "GAMMA-003"), 1);
    let audit = house.json(&["audit", "tail", "--lines", "500", "--json"]).to_string();
    assert!(audit.contains("refused/") && !audit.contains(SECRET), "{audit}");
    assert!(audit.contains("slack:U0STRANGER") && audit.contains("NOT_AN_APPROVER"), "{audit}");
}
