//! A message is sent once, or somebody is told that it may have been, or that it was not.

use crate::records::{at, key, open, other_process, shared};
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::{Actor, RunId};
use gangway_store::{
    Channel, Deliverer, Forgettable, NewMessage, OutboxClaim, OutboxFilter, OutboxMessage, OutboxState,
    OutboxVerdict, SendEnd, Store, StoreError,
};
use serde_json::{Value, json};

const NOW: &str = "2026-01-01T00:00:00.123456Z";
const LATER: &str = "2026-01-01T00:01:00Z";

fn message(text: &str) -> NewMessage {
    NewMessage {
        key: key(text),
        channel: Channel::Slack,
        target: "#cs-onboarding".to_owned(),
        body: json!({"text": "hello"}),
        run_id: Some(RunId::parse("run-1").unwrap()),
        correlation_id: None,
        at: at(NOW),
    }
}

async fn fresh(store: &Store, text: &str) -> String {
    match store.outbox().claim(message(text)).await.unwrap() {
        OutboxClaim::Fresh(sending) => sending.message_id,
        other => panic!("expected a fresh claim, found {other:?}"),
    }
}

async fn only(store: &Store) -> OutboxMessage {
    let mut found = store.outbox().list(OutboxFilter::default()).await.unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

async fn settle(store: &Store, message_id: &str, end: SendEnd) {
    store.outbox().settle(message_id, end, Deliverer::Caller, at(NOW)).await.unwrap();
}

fn sent() -> SendEnd {
    SendEnd::Sent { reference: "171.001".to_owned() }
}

fn unknown() -> SendEnd {
    SendEnd::Unknown { why: "timeout".to_owned() }
}

fn dead() -> SendEnd {
    SendEnd::Dead { why: "channel_not_found".to_owned() }
}

fn later() -> SendEnd {
    SendEnd::Later { why: "busy".to_owned(), due: at(LATER) }
}

fn said(person: &str) -> AuditRecord {
    AuditRecord::done("outbox.settle", &Actor::person(person), Value::Null, at(NOW))
}

fn ids(found: &[OutboxMessage]) -> Vec<&str> {
    found.iter().map(|message| message.message_id.as_str()).collect()
}

#[tokio::test]
async fn a_sent_message_is_not_sent_again() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    settle(&store, &message_id, sent()).await;
    let again = store.outbox().claim(message("k")).await.unwrap();
    assert_eq!(
        again,
        OutboxClaim::Sent { message_id: message_id.clone(), reference: Some("171.001".to_owned()) }
    );
    let error = store.outbox().settle(&message_id, dead(), Deliverer::Caller, at(NOW)).await.unwrap_err();
    assert!(matches!(error, StoreError::NotWaiting { .. }));
    let row = only(&store).await;
    assert_eq!(
        (row.state, row.attempts, row.why, row.settled_at),
        (OutboxState::Sent, 1, None, Some(at(NOW)))
    );
    assert_eq!(store.outbox().body(&message_id).await.unwrap(), Some(message("k").body));
    assert!(store.outbox().to_follow_up(9).await.unwrap().is_empty(), "its caller has the answer");
}

#[tokio::test]
async fn the_same_key_on_another_channel_is_another_message() {
    let (_folder, store) = open();
    fresh(&store, "k").await;
    let mail = NewMessage { channel: Channel::Mail, ..message("k") };
    assert!(matches!(store.outbox().claim(mail).await.unwrap(), OutboxClaim::Fresh(_)));
}

#[tokio::test]
async fn a_dead_message_is_claimed_again_by_who_asks_for_it_with_what_is_asked_then() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    settle(&store, &message_id, dead()).await;
    assert_eq!(only(&store).await.why.as_deref(), Some("channel_not_found"));
    assert_eq!(ids(&store.outbox().to_follow_up(9).await.unwrap()), [message_id.as_str()]);
    let changed = NewMessage { target: "#cs-alerts".to_owned(), body: json!({"text": "hi"}), ..message("k") };
    assert!(matches!(store.outbox().claim(changed).await.unwrap(), OutboxClaim::Fresh(_)));
    let row = only(&store).await;
    assert_eq!((row.state, row.attempts, row.why), (OutboxState::Sending, 1, None));
    assert_eq!(row.target, "#cs-alerts");
    assert_eq!(store.outbox().body(&message_id).await.unwrap(), Some(json!({"text": "hi"})));
    assert!(store.outbox().to_follow_up(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_lost_answer_stays_unknown() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    settle(&store, &message_id, unknown()).await;
    let again = store.outbox().claim(message("k")).await.unwrap();
    assert_eq!(again, OutboxClaim::Unknown { message_id });
}

#[tokio::test]
async fn a_message_put_off_is_due_then_and_claimed_by_one() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    settle(&store, &message_id, later()).await;
    let early = store.outbox().claim(message("k")).await.unwrap();
    assert_eq!(early, OutboxClaim::Waiting { message_id: message_id.clone() });
    assert!(store.outbox().due(at(NOW), 9).await.unwrap().is_empty());
    assert_eq!(ids(&store.outbox().due(at(LATER), 9).await.unwrap()), [message_id.as_str()]);
    let due = store.outbox().claim_queued(&message_id, at(LATER)).await.unwrap().unwrap();
    assert_eq!((due.sending.attempt, due.sending.since, due.body), (2, at(NOW), json!({"text": "hello"})));
    assert_eq!(store.outbox().claim_queued(&message_id, at(LATER)).await.unwrap(), None);
    store.outbox().settle(&message_id, sent(), Deliverer::Round, at(LATER)).await.unwrap();
    let delivered = store.outbox().to_follow_up(9).await.unwrap();
    assert_eq!(ids(&delivered), [message_id.as_str()]);
    store.outbox().followed_up(&delivered[0]).await.unwrap();
    assert!(store.outbox().to_follow_up(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_due_message_is_claimed_by_a_caller_too() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    settle(&store, &message_id, later()).await;
    let OutboxClaim::Fresh(sending) =
        store.outbox().claim(NewMessage { at: at(LATER), ..message("k") }).await.unwrap()
    else {
        panic!("a due message is claimed");
    };
    assert_eq!((sending.message_id, sending.attempt, sending.since), (message_id, 2, at(NOW)));
}

#[tokio::test]
async fn a_message_being_sent_by_a_living_process_is_left_alone() {
    let (folder, store) = open();
    let other = Store::open(folder.path()).unwrap();
    let message_id = fresh(&other, "k").await;
    for asking in [&store, &other] {
        let again = asking.outbox().claim(message("k")).await.unwrap();
        assert_eq!(again, OutboxClaim::Waiting { message_id: message_id.clone() });
        assert_eq!(asking.outbox().recover().await.unwrap(), 0);
    }
    let error = store.outbox().settle(&message_id, sent(), Deliverer::Caller, at(NOW)).await.unwrap_err();
    assert!(matches!(error, StoreError::NotWaiting { .. }), "only the sender knows how it ended");
    settle(&other, &message_id, sent()).await;
}

#[tokio::test]
async fn what_was_seen_of_an_attempt_says_nothing_about_the_next() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    settle(&store, &message_id, unknown()).await;
    let doubtful = store.outbox().doubtful(at(NOW), 9).await.unwrap().remove(0);
    assert!(store.outbox().absent(&doubtful, at(LATER)).await.unwrap());
    assert!(!store.outbox().absent(&doubtful, at(LATER)).await.unwrap(), "somebody else was faster");
    store.outbox().claim_queued(&message_id, at(LATER)).await.unwrap().unwrap();
    settle(&store, &message_id, unknown()).await;
    assert!(!store.outbox().absent(&doubtful, at(LATER)).await.unwrap(), "a newer attempt is in doubt now");
    let newer = store.outbox().doubtful(at(LATER), 9).await.unwrap().remove(0);
    assert!(store.outbox().found(&newer, "C1/171.002", at(LATER)).await.unwrap());
    let row = only(&store).await;
    assert_eq!((row.state, row.reference.as_deref()), (OutboxState::Sent, Some("C1/171.002")));
    assert_eq!(ids(&store.outbox().to_follow_up(9).await.unwrap()), [message_id.as_str()]);
}

#[tokio::test]
async fn a_message_that_cannot_be_looked_for_waits_and_mails_are_not_looked_for() {
    let (_folder, store) = open();
    let slack = fresh(&store, "k").await;
    settle(&store, &slack, unknown()).await;
    let mail = NewMessage { channel: Channel::Mail, ..message("m") };
    let OutboxClaim::Fresh(mail) = store.outbox().claim(mail).await.unwrap() else { panic!("it is new") };
    settle(&store, &mail.message_id, unknown()).await;
    let doubtful = store.outbox().doubtful(at(NOW), 9).await.unwrap();
    assert_eq!(ids(&doubtful), [slack.as_str()]);
    assert!(store.outbox().look_later(&doubtful[0], at(LATER)).await.unwrap());
    assert!(store.outbox().doubtful(at(NOW), 9).await.unwrap().is_empty());
    assert_eq!(store.outbox().doubtful(at(LATER), 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_persons_word_fits_the_state_and_stands_in_the_audit() {
    let table = [
        (unknown(), OutboxVerdict::Delivered, Some(OutboxState::Sent)),
        (unknown(), OutboxVerdict::Retry, Some(OutboxState::Queued)),
        (unknown(), OutboxVerdict::Drop, Some(OutboxState::Dropped)),
        (dead(), OutboxVerdict::Retry, Some(OutboxState::Queued)),
        (later(), OutboxVerdict::Drop, Some(OutboxState::Dropped)),
        (later(), OutboxVerdict::Delivered, None),
        (sent(), OutboxVerdict::Retry, None),
        (sent(), OutboxVerdict::Drop, None),
    ];
    for (end, verdict, expected) in table {
        let (_folder, store) = open();
        let message_id = fresh(&store, "k").await;
        settle(&store, &message_id, end.clone()).await;
        let judged = store.outbox().judge(&message_id, verdict, at(LATER), said("Ada")).await;
        let entries = store.audit().tail(9).await.unwrap();
        match (judged, expected) {
            (Ok(message), Some(state)) => {
                assert_eq!(message.state, state, "{end:?} {verdict:?}");
                assert!(message.why.unwrap().contains("person:Ada"));
                assert_eq!(entries.len(), 1);
            }
            (Err(StoreError::NotSettleable { .. }), None) => assert!(entries.is_empty()),
            (judged, _) => panic!("{end:?} {verdict:?}: {judged:?}"),
        }
    }
    let (_folder, store) = open();
    let nobody = store.outbox().judge("msg-0", OutboxVerdict::Drop, at(NOW), said("Ada")).await;
    assert!(matches!(nobody, Err(StoreError::Absent { .. })));
}

#[tokio::test]
async fn a_dropped_message_is_not_sent_and_one_put_back_starts_anew() {
    let (_folder, store) = open();
    let message_id = fresh(&store, "k").await;
    settle(&store, &message_id, dead()).await;
    store.outbox().judge(&message_id, OutboxVerdict::Retry, at(LATER), said("Ada")).await.unwrap();
    let due = store.outbox().claim_queued(&message_id, at(LATER)).await.unwrap().unwrap();
    assert_eq!((due.sending.attempt, due.sending.since), (1, at(LATER)));
    settle(&store, &message_id, dead()).await;
    store.outbox().judge(&message_id, OutboxVerdict::Drop, at(LATER), said("Ada")).await.unwrap();
    let claim = store.outbox().claim(message("k")).await.unwrap();
    assert_eq!(claim, OutboxClaim::Dropped { message_id });
    assert!(store.outbox().to_follow_up(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_old_messages_said_is_forgotten_and_that_they_were_sent_is_not() {
    let (_folder, store) = open();
    let (old, open_one) = (fresh(&store, "old").await, fresh(&store, "unknown").await);
    settle(&store, &old, sent()).await;
    settle(&store, &open_one, unknown()).await;
    let forget =
        async |before| store.retention().forget_some(Forgettable::MessageBodies, at(before)).await.unwrap();
    assert_eq!(forget(NOW).await, 0, "not older than that");
    assert_eq!((forget(LATER).await, forget(LATER).await), (1, 0));
    assert_eq!(store.outbox().body(&old).await.unwrap(), None);
    assert_eq!(store.outbox().get(&old).await.unwrap().unwrap().target, "");
    assert!(store.outbox().body(&open_one).await.unwrap().is_some(), "a person may want it sent again");
    assert!(matches!(store.outbox().claim(message("old")).await.unwrap(), OutboxClaim::Sent { .. }));
}

#[tokio::test]
#[ignore = "runs as the other process of another test"]
async fn claims_and_crashes() {
    let Some(store) = shared() else { return };
    fresh(&store, "k").await;
    let page = NewMessage { channel: Channel::Page, ..message("page") };
    store.outbox().claim(page).await.unwrap();
    std::process::abort();
}

fn states(found: &[OutboxMessage]) -> Vec<(&str, OutboxState)> {
    found.iter().rev().map(|row| (row.key.as_str(), row.state)).collect()
}

#[tokio::test]
async fn what_a_crashed_process_was_sending_is_unknown_and_a_page_is_queued() {
    let (folder, store) = open();
    assert!(!other_process("outbox::claims_and_crashes", folder.path()).unwrap().success());
    let living = fresh(&store, "living").await;
    assert_eq!(store.outbox().recover().await.unwrap(), 2);
    let rows = store.outbox().list(OutboxFilter::default()).await.unwrap();
    let expected =
        [("k", OutboxState::Unknown), ("page", OutboxState::Queued), ("living", OutboxState::Sending)];
    assert_eq!(states(&rows), expected);
    settle(&store, &living, sent()).await;
}

#[tokio::test]
async fn a_claim_sees_the_crashed_process_too() {
    let (folder, store) = open();
    assert!(!other_process("outbox::claims_and_crashes", folder.path()).unwrap().success());
    let claim = store.outbox().claim(message("k")).await.unwrap();
    assert!(matches!(claim, OutboxClaim::Unknown { .. }), "{claim:?}");
    let page = NewMessage { channel: Channel::Page, ..message("page") };
    let claim = store.outbox().claim(page).await.unwrap();
    assert!(matches!(claim, OutboxClaim::Fresh(_)), "its receiver knows the key: {claim:?}");
}

#[tokio::test]
async fn the_next_start_shows_what_a_crashed_process_was_sending() {
    let (folder, store) = open();
    assert!(!other_process("outbox::claims_and_crashes", folder.path()).unwrap().success());
    fresh(&store, "living").await;
    let next = Store::open(folder.path()).unwrap();
    let unknown = OutboxFilter { state: Some(OutboxState::Unknown), ..OutboxFilter::default() };
    let lost = next.outbox().list(unknown).await.unwrap();
    assert_eq!(lost.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["k"]);
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
    assert!(earlier.message_id < later, "{earlier:?} {later}: made afterwards, but of an earlier time");
}
