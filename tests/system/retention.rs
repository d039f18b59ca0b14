//! The retention job as a whole: what it forgets, and what it must not touch. Only an age of nothing makes it forget what
//! a test has just made; ages of what recognises repeats cannot be set that low, so those rows are made old.

use crate::harness::House;
use gangway_store::{InboundEvent, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

async fn note(house: &House, id: &str, days_ago: i64) {
    let store = Store::open(&house.data_dir()).unwrap();
    let received_at = Timestamp::now() - SignedDuration::from_hours(24 * days_ago);
    let (source, body_digest) = ("docusign".to_owned(), "sha256:0".to_owned());
    store
        .intake()
        .note(InboundEvent { source, event_id: id.to_owned(), body_digest, received_at })
        .await
        .unwrap();
    store.close().await;
}

async fn is_noted(house: &House, id: &str) -> bool {
    let store = Store::open(&house.data_dir()).unwrap();
    let is_noted = store.intake().is_noted("docusign", id).await.unwrap();
    store.close().await;
    is_noted
}

#[tokio::test]
async fn what_is_old_is_forgotten_and_the_record_repeats_and_open_matters_stay() {
    let house = House::new()
        .with("GANGWAY_RETENTION__JOURNALS_DAYS", "0")
        .with("GANGWAY_RETENTION__MESSAGE_BODIES_DAYS", "0")
        .with("GANGWAY_RETENTION__REPORTS_DAYS", "0");
    let done = house.json(&["run", "ACME-001", "--correlation-id", "deal-1", "--json"]);
    let waiting = house.json(&["run", "GAMMA-003", "--json"]);
    note(&house, "young", 29).await;
    note(&house, "old", 91).await;
    let effects = house.vendors().effects().len();

    let end = house.json(&["schedule", "run", "retention", "--json"])["end"].clone();
    assert_eq!(end["error"], Value::Null, "{end}");
    let forgot = |kind: &str| end["report"][kind].as_u64().unwrap();
    assert_eq!(
        (forgot("inbound_events"), forgot("idempotency_answers"), forgot("correlation_ids")),
        (1, 0, 0)
    );
    assert!(forgot("journals") > 0 && forgot("message_bodies") > 0 && forgot("reports") > 0, "{end}");
    assert!(!is_noted(&house, "old").await && is_noted(&house, "young").await);

    let shown = house.json(&["runs", "show", done["run_id"].as_str().unwrap(), "--json"]);
    assert_eq!((&shown["decision"], &shown["tenant"]), (&done["decision"], &done["tenant"]));
    let again = house.json(&["run", "ACME-001", "--correlation-id", "deal-1", "--json"]);
    assert_eq!(again["run_id"], done["run_id"], "a repeat is still recognised");
    assert_eq!(house.json(&["audit", "verify", "--json"])["whole"], true);
    assert_eq!(house.json(&["tasks", "list", "--json"])["tasks"].as_array().unwrap().len(), 14);
    assert_eq!(house.vendors().effects().len(), effects);

    // What waits for a person has lost nothing it needs.
    let id = waiting["approval_id"].as_str().unwrap();
    let mut approve = house.command(&["approvals", "approve", id, "--reason", "agreed", "--json"]);
    let decided = approve.env("USER", "dana").output().unwrap();
    let decided: Value = serde_json::from_slice(&decided.stdout).unwrap();
    assert_eq!(decided["run_state"], "completed", "{decided}");
}
