//! One trace from the request that set a run off to the systems asked for it, the messages and mails sent for it and the spans
//! exported of it, also after a restart, and by a round of the outbox.

use crate::harness::{House, stderr};
use crate::serving::{Event, Serving};
use crate::telemetry::Collector;
use serde_json::{Value, json};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn house() -> House {
    House::new().with("GANGWAY_SERVE__WEBHOOK_SECRETS", format!("crm:{SECRET}"))
}

fn event(account: &str) -> Event {
    let body = json!({ "account_id": account }).to_string();
    Event::signed(SECRET, account, jiff::Timestamp::now().as_second(), &body)
}

/// The traces each vendor saw.
fn traces(house: &House) -> Value {
    house.vendors().get("/_simulator/calls")["traces"].clone()
}

#[test]
fn a_webhooks_trace_reaches_the_systems_asked_and_outlives_a_restart() {
    let house = house();
    let service = Serving::start(&house, &[]);
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let sent = event("GAMMA-003").header("traceparent", &traceparent);
    let answer = service.post("/webhook/onboarding?wait=60", &sent).json();
    let run = &answer["run"];
    assert_eq!(run["state"], "awaiting_approval", "{answer}");
    let seen = traces(&house);
    for vendor in ["salesforce", "netsuite", "docusign", "slack"] {
        assert_eq!(seen[vendor], json!([TRACE]), "{vendor}: {seen}");
    }
    service.kill();

    house.vendors().forget_calls();
    let run_id = run["run_id"].as_str().unwrap();
    let run = house.json(&["runs", "show", run_id, "--json"]);
    assert_eq!(run["traceparent"], traceparent.as_str(), "{run}");
    let approvals = house.json(&["approvals", "list", "--json"]);
    let approval = approvals["approvals"][0]["approval_id"].as_str().unwrap();
    let approved = house
        .command(&["approvals", "approve", approval, "--reason", "they pay on Friday"])
        .env("USER", "dana")
        .output()
        .unwrap();
    assert!(approved.status.success(), "{}", stderr(&approved));
    house.run(&["runs", "resume"]);
    assert_eq!(house.json(&["runs", "show", run_id, "--json"])["state"], "completed");
    let seen = traces(&house);
    for vendor in ["salesforce", "slack", "smtp"] {
        assert_eq!(seen[vendor], json!([TRACE]), "{vendor}: {seen}");
    }
}

#[test]
fn a_message_that_a_later_round_delivers_is_in_the_trace_of_its_run() {
    let house = house().with("GANGWAY_NOTIFY__RETRY__RETRIES", "0").with("GANGWAY_SCHEDULE__OUTBOX", "off");
    let service = Serving::start(&house, &[]);
    house.vendors().fault(&json!({ "vendor": "slack", "kind": "status", "status": 503 }));
    let sent = event("BETA-002").header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"));
    assert_eq!(service.post("/webhook/onboarding?wait=60", &sent).json()["run"]["state"], "blocked");
    assert_eq!(house.vendors().count("slack_message", "BETA-002"), 0);
    assert_eq!(service.stop(), Some(0));
    house.vendors().heal();
    house.vendors().forget_calls();
    house.until("the message is delivered", || {
        house.json(&["outbox", "retry", "--json"]);
        house.vendors().count("slack_message", "BETA-002") >= 1
    });
    assert_eq!(traces(&house)["slack"], json!([TRACE]));
}

#[test]
fn the_spans_of_a_run_are_exported_as_parts_of_its_trace() {
    let collector = Collector::start();
    let house = house()
        .with("GANGWAY_ADVISER__PROVIDER", "openai")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    let service = Serving::start(&house, &[]);
    let sent = event("BETA-002").header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"));
    assert_eq!(service.post("/webhook/onboarding?wait=60", &sent).json()["run"]["state"], "blocked");
    assert_eq!(service.stop(), Some(0), "the last spans are sent");
    let spans = collector.spans();
    for name in ["tool_call", "chat gpt-4o-mini"] {
        let of_name = spans.iter().filter(|span| span["name"] == name);
        let of_run: Vec<_> = of_name.filter(|span| span["traceId"] == TRACE).collect();
        assert!(!of_run.is_empty(), "{name}: {spans:?}");
        assert!(of_run.iter().all(|span| span["parentSpanId"] == "00f067aa0ba902b7"), "{of_run:?}");
    }
}

#[test]
fn a_run_that_joins_no_trace_begins_one_of_its_own() {
    let house = house();
    let service = Serving::start(&house, &[]);
    let sent = event("BETA-002").header("traceparent", "00-nonsense");
    assert_eq!(service.post("/webhook/onboarding?wait=60", &sent).json()["run"]["state"], "blocked");
    let seen = traces(&house);
    let own = seen["salesforce"].clone();
    assert_eq!(own.as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(own[0].as_str().unwrap().len(), 32);
    assert_eq!(own, seen["docusign"], "one trace for the whole run");
}
