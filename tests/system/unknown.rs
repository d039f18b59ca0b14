//! Accounts that Salesforce has not: turned away before anything of the event is stored. Only its own certain word does
//! that; whatever else it says, or when it says nothing, the event is taken in and the run decides.

use crate::api::key;
use crate::harness::House;
use crate::outbound_message::{self, ORGANIZATION, PATH, message, won};
use crate::serve::{SECRET, house, now, refusals, runs};
use crate::serving::{Event, Serving, hub_signature};
use serde_json::{Value, json};

const NOBODY: &str = r#"{"account_id":"NOBODY-1","correlation_id":"deal-9"}"#;

/// Questions Salesforce was asked, logins not counted.
fn questions(house: &House) -> u64 {
    let counts = house.vendors().get("/_simulator/calls")["operations"].clone();
    let asked = counts.as_array().unwrap().iter().filter(|count| count["vendor"] == "salesforce");
    asked
        .filter(|count| !count["operation"].to_string().contains("token"))
        .map(|count| count["count"].as_u64().unwrap())
        .sum()
}

/// Everything the store could hold of an event, the audit apart.
pub fn stored(house: &House) -> Vec<(&'static str, usize)> {
    let lists: [(&str, &str); 5] = [
        ("runs", "runs"),
        ("approvals", "approvals"),
        ("tasks", "tasks"),
        ("tenants", "tenants"),
        ("outbox", "messages"),
    ];
    lists
        .map(|(list, rows)| (list, house.json(&[list, "list", "--json"])[rows].as_array().unwrap().len()))
        .into()
}

/// Gives Salesforce an account that it had not.
fn appears(house: &House, account: &str) {
    let mut records = house.vendors().get("/_simulator/accounts/DELETED-004");
    records["account_id"] = json!(account);
    records["salesforce"]["Account"][0]["Account_External_Id__c"] = json!(account);
    house.vendors().put(&format!("/_simulator/accounts/{account}"), &records);
}

#[test]
fn an_event_of_an_account_nobody_knows_is_refused_audited_and_leaves_nothing_else() {
    let house = house(0);
    let cs = key(&house, "Ann", "cs");
    let service = Serving::start(&house, &[]);
    let signed = |id: &str, body: &str| Event::signed(SECRET, id, now(), body);
    let hub = Event::new(NOBODY).header("x-hub-signature-256", &hub_signature(SECRET, NOBODY));
    let api = Event::new(NOBODY).header("authorization", &format!("Bearer {cs}"));
    let nothing = Event::new("");
    let cases = [
        ("/webhook/onboarding", "NOBODY-1", signed("msg-1", NOBODY)),
        ("/webhook/onboarding?wait=5", "NOBODY-1", hub),
        (
            "/webhook/onboarding",
            "0018Z00003NONEQQA5",
            signed("msg-2", r#"{"account_id":"0018Z00003NONEQQA5"}"#),
        ),
        ("/api/runs", "NOBODY-1", api),
        ("/demo/run/NOBODY-1", "NOBODY-1", nothing),
    ];
    let count = cases.len();
    for (path, account, event) in cases {
        house.vendors().forget_calls();
        let answer = service.post(path, &event);
        let says = answer.json()["detail"].as_str().unwrap().to_owned();
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, "application/problem+json"),
            "{says}"
        );
        assert!(
            says.contains(account) && says.contains("Salesforce") && says.contains("send this again"),
            "{says}"
        );
        assert_eq!(questions(&house), 1, "{path}: one look, and no more");
    }
    assert!(house.vendors().effects().is_empty());
    assert!(stored(&house).iter().all(|(_, rows)| *rows == 0), "{:?}", stored(&house));
    let found = house.json(&["audit", "tail", "-n", "1000", "--json"]);
    let whys: Vec<&Value> =
        found["entries"].as_array().unwrap().iter().map(|entry| &entry["record"]["why"]).collect();
    assert_eq!(
        whys.iter().filter(|why| **why == "Salesforce has no account NOBODY-1").count(),
        4,
        "{whys:?}"
    );

    // Nothing remembers the event: once the account is there, the same delivery is news.
    appears(&house, "NOBODY-1");
    let taken = service.post("/webhook/onboarding?wait=30", &signed("msg-1", NOBODY));
    assert_eq!((taken.status, &taken.json()["started"]), (200, &json!(true)), "{}", taken.body);
    house.vendors().forget_calls();
    for _ in 0..2 {
        assert_eq!(service.send(&signed("msg-1", NOBODY)).header("idempotent-replayed"), "true");
    }
    assert_eq!(questions(&house), 0, "nobody is asked for a repeat");
    assert_eq!(service.stop(), Some(0));
    assert_eq!(refusals(&house), vec!["refused/UNKNOWN_ACCOUNT"; count]);
}

#[test]
fn while_salesforce_is_away_or_slow_or_speaks_of_a_deleted_account_events_are_taken_in() {
    let house = house(0);
    let service = Serving::start(&house, &[("GANGWAY_SERVE__LOOKUP_MS", "300")]);
    let send = |id: &str, account: &str| {
        let body = format!(r#"{{"account_id":"{account}","correlation_id":"{id}"}}"#);
        service.send(&Event::signed(SECRET, id, now(), &body)).status
    };
    let faults = [
        json!({"vendor": "salesforce", "kind": "status", "status": 503}),
        json!({"vendor": "salesforce", "kind": "status", "status": 401}),
        json!({"vendor": "salesforce", "kind": "truncated_json"}),
        json!({"vendor": "salesforce", "kind": "latency", "ms": 600_000}),
    ];
    for (number, fault) in faults.iter().enumerate() {
        house.vendors().fault(fault);
        assert_eq!(send(&format!("away-{number}"), &format!("NOBODY-{number}")), 202, "{fault}");
        house.vendors().heal();
    }
    assert_eq!(send("deleted", "DELETED-004"), 202);
    house.until("the deleted account is blocked", || {
        let list = runs(&house);
        list.iter().any(|run| run["account_id"] == "DELETED-004" && run["outcome"] == "BLOCK")
    });
    service.kill();
    assert_eq!(runs(&house).len(), faults.len() + 1);
    assert!(refusals(&house).is_empty());
}

#[test]
fn an_outbound_message_with_an_account_nobody_knows_comes_again_and_the_others_are_taken_in_at_once() {
    let house = outbound_message::house();
    let service = Serving::start(&house, &[]);
    let all = message(ORGANIZATION, &[won("NONE"), won("ACME"), won("STRT")]);
    for _ in 0..2 {
        let answer = service.post(PATH, &all);
        assert_eq!(answer.status, 404, "{}", answer.body);
        assert!(
            !answer.body.contains("<Ack>") && answer.body.contains("0018Z00003NONEQQA5"),
            "{}",
            answer.body
        );
    }
    house.until("the others rest", || {
        let runs = runs(&house);
        runs.len() == 2 && runs.iter().all(|run| run["state"] == "completed")
    });
    assert_eq!(service.stop(), Some(0));
    for account in ["ACME-001", "STARTER-007"] {
        assert_eq!(house.vendors().count("slack_message", account), 1, "{account}");
    }
    assert_eq!(refusals(&house), vec!["refused/UNKNOWN_ACCOUNT"; 2]);
}
