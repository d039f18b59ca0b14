//! A message is sent once, or somebody is told that it may have been.

use crate::records::{at, key, open, other_process, shared};
use gangway_protocol::RunId;
use gangway_store::{
    Channel, NewMessage, OutboxClaim, OutboxFilter, OutboxMessage, OutboxState, Store, StoreError,
};
use serde_json::json;

fn message(text: &str) -> NewMessage {
    NewMessage {
        key: key(text),
        channel: Channel::Slack,
        target: "#cs-onboarding".to_owned(),
        body: json!({"text": "hello"}),
        run_id: Some(RunId::parse("run-1").unwrap()),
        correlation_id: None,
        at: at("2026-01-01T00:00:00.123456Z"),
    }
}

async fn fresh(store: &Store, text: &str) -> String {
    match store.outbox().claim(message(text)).await.unwrap() {
        OutboxClaim::Fresh(message_id) => message_id,
        other => panic!("expected a fresh claim, found {other:?}"),
    }
}

async fn only(store: &Store) -> OutboxMessage {
    let mut found = store.outbox().list(OutboxFilter::default()).await.unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[tokio::test]
async fn a_sent_message_is_not_sent_again() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    store.outbox().sent(&message_id, Some("171.001")).await.unwrap();
    let again = store.outbox().claim(message("k")).await.unwrap();
    assert_eq!(
        again,
        OutboxClaim::Sent { message_id: message_id.clone(), reference: Some("171.001".to_owned()) }
    );
    let error = store.outbox().failed(&message_id, "late").await.unwrap_err();
    assert!(matches!(error, StoreError::NotWaiting { .. }));
    let row = only(&store).await;
    assert_eq!((row.state, row.attempts, row.why), (OutboxState::Sent, 1, None));
    assert_eq!(row.claimed_at, message("k").at);
    assert_eq!(row.body, message("k").body);
}

#[tokio::test]
async fn the_same_key_on_another_channel_is_another_message() {
    let (_folder, store) = open();
    fresh(&store, "k").await;
    let mail = NewMessage { channel: Channel::Mail, ..message("k") };
    assert!(matches!(store.outbox().claim(mail).await.unwrap(), OutboxClaim::Fresh(_)));
}

#[tokio::test]
async fn a_failed_message_may_be_tried_again() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    store.outbox().failed(&message_id, "channel_not_found").await.unwrap();
    assert_eq!(only(&store).await.why.as_deref(), Some("channel_not_found"));
    assert_eq!(fresh(&store, "k").await, message_id);
    let row = only(&store).await;
    assert_eq!((row.state, row.attempts, row.why), (OutboxState::Claimed, 2, None));
}

#[tokio::test]
async fn a_lost_answer_stays_unknown_until_somebody_knows() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    store.outbox().unknown(&message_id, "timeout").await.unwrap();
    let again = store.outbox().claim(message("k")).await.unwrap();
    assert_eq!(again, OutboxClaim::Unknown { message_id: message_id.clone() });
    store.outbox().sent(&message_id, None).await.unwrap();
    assert_eq!(only(&store).await.state, OutboxState::Sent);
}

#[tokio::test]
async fn a_claim_this_process_left_behind_becomes_unknown() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    let again = store.outbox().claim(message("k")).await.unwrap();
    assert_eq!(again, OutboxClaim::Unknown { message_id });
    assert_eq!(only(&store).await.state, OutboxState::Unknown);
}

#[tokio::test]
async fn a_living_neighbours_claim_is_left_alone_and_not_sent() {
    let (folder, store) = open();
    let other = Store::open(folder.path()).unwrap();
    let message_id = fresh(&other, "k").await;
    let again = store.outbox().claim(message("k")).await.unwrap();
    assert_eq!(again, OutboxClaim::Unknown { message_id: message_id.clone() });
    assert_eq!(only(&store).await.state, OutboxState::Claimed);
    other.outbox().sent(&message_id, None).await.unwrap();
}

#[tokio::test]
#[ignore = "runs as the other process of another test"]
async fn claims_and_crashes() {
    let Some(store) = shared() else { return };
    fresh(&store, "k").await;
    std::process::abort();
}

#[tokio::test]
async fn a_crashed_processes_claim_becomes_unknown() {
    let (folder, store) = open();
    assert!(!other_process("outbox::claims_and_crashes", folder.path()).unwrap().success());
    assert_eq!(only(&store).await.state, OutboxState::Claimed);
    let claim = store.outbox().claim(message("k")).await.unwrap();
    assert!(matches!(claim, OutboxClaim::Unknown { .. }), "{claim:?}");
    assert_eq!(only(&store).await.state, OutboxState::Unknown);
}

#[tokio::test]
async fn the_next_start_shows_a_crashed_processes_claim_as_unknown() {
    let (folder, store) = open();
    assert!(!other_process("outbox::claims_and_crashes", folder.path()).unwrap().success());
    let living = fresh(&store, "living").await;
    let next = Store::open(folder.path()).unwrap();
    let unknown = OutboxFilter { state: Some(OutboxState::Unknown), ..OutboxFilter::default() };
    let lost = next.outbox().list(unknown).await.unwrap();
    assert_eq!(lost.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["k"]);
    store.outbox().sent(&living, None).await.unwrap();
}

#[tokio::test]
async fn messages_are_listed_by_run_newest_first() {
    let (_folder, store) = open();
    fresh(&store, "a").await;
    fresh(&store, "b").await;
    let stranger = NewMessage { run_id: None, ..message("c") };
    store.outbox().claim(stranger).await.unwrap();
    let filter = OutboxFilter { run_id: Some(RunId::parse("run-1").unwrap()), ..OutboxFilter::default() };
    let found = store.outbox().list(filter).await.unwrap();
    assert_eq!(found.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["b", "a"]);
}

#[tokio::test]
async fn a_message_id_carries_the_time_handed_in() {
    let (_folder, store) = open();
    let earlier = NewMessage { at: at("2025-06-01T00:00:00Z"), ..message("earlier") };
    let later = fresh(&store, "later").await;
    let OutboxClaim::Fresh(earlier) = store.outbox().claim(earlier).await.unwrap() else {
        panic!("a new message is claimed fresh");
    };
    assert!(earlier < later, "{earlier} {later}: made afterwards, but of an earlier time");
}
