//! What is old is forgotten in batches; what is young, under way, UNKNOWN or the record itself stays.

use crate::records::{at, audit, key, open, run};
use gangway_protocol::{IdempotencyKey, RunState};
use gangway_store::{
    Accepted, AuditVerdict, Channel, Claim, Deliverer, Forgettable, NewMessage, OutboxClaim, OutboxFilter,
    SendEnd, Store,
};
use jiff::Timestamp;
use serde_json::json;

/// The records of this room's tests are made on 2026-01-01.
fn later() -> Timestamp {
    at("2026-06-01T00:00:00Z")
}

async fn forget_all(store: &Store, kind: Forgettable, before: Timestamp) -> usize {
    let mut sum = 0;
    loop {
        match store.retention().forget_some(kind, before).await.unwrap() {
            0 => return sum,
            some => sum += some,
        }
    }
}

async fn answered(store: &Store, key: &IdempotencyKey) {
    store.idempotency().claim("t", key, "d", audit("call")).await.unwrap();
    store.idempotency().answer("t", key, &json!(1), audit("end")).await.unwrap();
}

#[tokio::test]
async fn old_answers_go_and_young_claimed_and_unknown_ones_stay() {
    let (_folder, store) = open();
    answered(&store, &key("old")).await;
    let mut young = audit("call");
    young.at = later();
    store.idempotency().claim("t", &key("young"), "d", young).await.unwrap();
    store.idempotency().answer("t", &key("young"), &json!(2), audit("end")).await.unwrap();
    store.idempotency().claim("t", &key("claimed"), "d", audit("call")).await.unwrap();
    store.idempotency().claim("t", &key("unknown"), "d", audit("call")).await.unwrap();
    store.idempotency().unknown("t", &key("unknown"), audit("end")).await.unwrap();

    assert_eq!(forget_all(&store, Forgettable::IdempotencyAnswers, at("2026-05-01T00:00:00Z")).await, 1);

    let claim =
        async |name: &str| store.idempotency().claim("t", &key(name), "d", audit("again")).await.unwrap();
    assert_eq!(claim("old").await, Claim::Fresh);
    assert_eq!(claim("young").await, Claim::Answered(json!(2)));
    assert_eq!(claim("claimed").await, Claim::InProgress);
    assert_eq!(claim("unknown").await, Claim::Unknown);
}

#[tokio::test]
async fn many_go_in_batches_and_the_audit_stays_whole() {
    let (_folder, store) = open();
    let all: Vec<IdempotencyKey> = (0..450).map(|number| key(&format!("k{number}"))).collect();
    futures::future::join_all(all.iter().map(|key| answered(&store, key))).await;
    let first = store.retention().forget_some(Forgettable::IdempotencyAnswers, later()).await.unwrap();
    assert_eq!(first, 200, "no batch is larger");
    assert_eq!(forget_all(&store, Forgettable::IdempotencyAnswers, later()).await, 250);
    assert_eq!(store.audit().verify().await.unwrap(), AuditVerdict::Whole { entries: 900 });
}

#[tokio::test]
async fn answers_without_a_date_age_from_the_first_sweep() {
    let (folder, store) = open();
    answered(&store, &key("k")).await;
    let raw = rusqlite::Connection::open(folder.path().join("gangway.db")).unwrap();
    raw.execute("UPDATE idempotency SET claimed_us = NULL", []).unwrap();
    let long_after = at("2030-01-01T00:00:00Z");
    assert_eq!(forget_all(&store, Forgettable::IdempotencyAnswers, long_after).await, 0);
    assert_eq!(store.retention().date_some(later()).await.unwrap(), 1);
    assert_eq!(store.retention().date_some(later()).await.unwrap(), 0);
    assert_eq!(forget_all(&store, Forgettable::IdempotencyAnswers, later()).await, 0);
    assert_eq!(forget_all(&store, Forgettable::IdempotencyAnswers, long_after).await, 1);
}

fn message(text: &str) -> NewMessage {
    NewMessage {
        key: key(text),
        channel: Channel::Slack,
        target: "#cs-onboarding".to_owned(),
        body: json!({"text": "hello"}),
        run_id: None,
        correlation_id: None,
        at: at("2026-01-01T00:00:00Z"),
    }
}

#[tokio::test]
async fn what_a_sent_message_said_goes_but_not_that_it_was_sent() {
    let (_folder, store) = open();
    for name in ["sent", "open"] {
        let OutboxClaim::Fresh(sending) = store.outbox().claim(message(name)).await.unwrap() else {
            panic!()
        };
        if name == "sent" {
            let (end, then) = (SendEnd::Sent { reference: "1".to_owned() }, message(name).at);
            store.outbox().settle(&sending.message_id, end, Deliverer::Caller, then).await.unwrap();
        }
    }
    assert_eq!(forget_all(&store, Forgettable::MessageBodies, later()).await, 1);
    let again = store.outbox().claim(message("sent")).await.unwrap();
    assert!(matches!(again, OutboxClaim::Sent { .. }), "{again:?}");
    let rows = store.outbox().list(OutboxFilter::default()).await.unwrap();
    let row = |name: &str| rows.iter().find(|row| row.key == name).unwrap();
    assert_eq!((row("sent").target.as_str(), row("open").target.as_str()), ("", "#cs-onboarding"));
    assert_eq!(store.outbox().body(&row("sent").message_id).await.unwrap(), None);
    assert_eq!(store.outbox().body(&row("open").message_id).await.unwrap(), Some(json!({"text": "hello"})));
}

#[tokio::test]
async fn journals_and_correlation_ids_go_only_with_runs_that_ended_long_ago() {
    let (_folder, store) = open();
    for state in RunState::ALL {
        let mut record = run(&format!("run-{state}"), &format!("A-{state}"), &format!("c-{state}"));
        store.runs().accept(&record).await.unwrap();
        record.state = state;
        store.runs().save_with_entry(&record, 0, "end").await.unwrap();
    }
    let journaled = async |state: RunState| {
        let run_id = run(&format!("run-{state}"), "A", "c").run_id;
        !store.journal().load(&run_id).await.unwrap().is_empty()
    };
    let young = at("2025-12-01T00:00:00Z");
    assert_eq!(forget_all(&store, Forgettable::Journals, young).await, 0);
    assert_eq!(forget_all(&store, Forgettable::Journals, later()).await, 2);
    assert_eq!(forget_all(&store, Forgettable::CorrelationIds, later()).await, 2);
    for state in RunState::ALL {
        let ended = matches!(state, RunState::Completed | RunState::Blocked);
        assert_eq!(journaled(state).await, !ended, "{state}");
        let again = run("run-new", &format!("A-{state}"), &format!("c-{state}"));
        let met = store.runs().accept(&again).await.unwrap();
        assert_eq!(matches!(met, Accepted::New), ended, "{state}: {met:?}");
        if ended {
            let mut done = again;
            done.state = RunState::Completed;
            store.runs().save(&done).await.unwrap();
            break;
        }
    }
}

#[tokio::test]
async fn freed_pages_are_given_back() {
    let (folder, store) = open();
    let all: Vec<IdempotencyKey> = (0..300).map(|number| key(&format!("k{number}"))).collect();
    for key in &all {
        store.idempotency().claim("t", key, "d", audit("call")).await.unwrap();
        let long = json!("x".repeat(4_000));
        store.idempotency().answer("t", key, &long, audit("end")).await.unwrap();
    }
    let raw = rusqlite::Connection::open(folder.path().join("gangway.db")).unwrap();
    let pages = || raw.query_row("PRAGMA page_count", [], |row| row.get::<_, u32>(0)).unwrap();
    let before = pages();
    forget_all(&store, Forgettable::IdempotencyAnswers, later()).await;
    while store.retention().shrink_some().await.unwrap() {}
    assert!(pages() < before / 2, "{} of {before} pages are left", pages());
}
