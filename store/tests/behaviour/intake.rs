//! Inbound events: remembered with their answer in the commit of their run, forgotten by age.

use crate::records::{at, open, run};
use gangway_protocol::RunState;
use gangway_store::{Forgettable, InboundEvent, Received, StoreError};

fn event(id: &str, digest: &str) -> InboundEvent {
    InboundEvent {
        source: "onboarding/crm".to_owned(),
        event_id: id.to_owned(),
        body_digest: digest.to_owned(),
        received_at: at("2026-03-01T09:00:00Z"),
    }
}

#[tokio::test]
async fn an_event_that_comes_again_is_answered_as_the_first_time_though_its_run_has_ended() {
    let (_folder, store) = open();
    let mut first = run("run-1", "ACME-001", "cor-1");
    let Received::First(receipt) = store.intake().accept(&first, event("msg-1", "a")).await.unwrap() else {
        panic!("it is the first")
    };
    assert!(receipt.started);
    first.state = RunState::Completed;
    store.runs().save(&first).await.unwrap();
    let again = store.intake().accept(&run("run-2", "ACME-001", "cor-2"), event("msg-1", "a")).await.unwrap();
    assert_eq!(again, Received::Repeated(receipt.clone()));
    assert_eq!(store.intake().find(&event("msg-1", "a")).await.unwrap(), Some(Received::Repeated(receipt)));
    assert_eq!(store.intake().find(&event("msg-1", "b")).await.unwrap(), Some(Received::Conflict));
    assert_eq!(store.runs().list(gangway_store::RunFilter::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_event_for_a_live_account_meets_its_run() {
    let (_folder, store) = open();
    store.intake().accept(&run("run-1", "ACME-001", "cor-1"), event("msg-1", "a")).await.unwrap();
    let met = store.intake().accept(&run("run-2", "ACME-001", "cor-2"), event("msg-2", "b")).await.unwrap();
    let Received::First(receipt) = met else { panic!("{met:?}") };
    assert_eq!((receipt.run_id.as_str(), receipt.started), ("run-1", false));
}

#[tokio::test]
async fn a_refused_event_is_not_remembered() {
    let (_folder, store) = open();
    store.intake().accept(&run("run-1", "ACME-001", "cor-1"), event("msg-1", "a")).await.unwrap();
    let taken = store.intake().accept(&run("run-2", "BETA-002", "cor-1"), event("msg-2", "b")).await;
    assert!(matches!(taken, Err(StoreError::CorrelationTaken { .. })));
    assert_eq!(store.intake().find(&event("msg-2", "b")).await.unwrap(), None);
}

#[tokio::test]
async fn events_are_forgotten_by_age() {
    let (_folder, store) = open();
    store.intake().note(event("msg-1", "a")).await.unwrap();
    store.intake().note(event("msg-1", "a")).await.unwrap();
    assert!(store.intake().is_noted("onboarding/crm", "msg-1").await.unwrap());
    let forget = |before| store.retention().forget_some(Forgettable::InboundEvents, at(before));
    assert_eq!(forget("2026-03-01T09:00:00Z").await.unwrap(), 0);
    assert_eq!(forget("2026-03-01T09:00:01Z").await.unwrap(), 1);
    assert!(!store.intake().is_noted("onboarding/crm", "msg-1").await.unwrap());
}

#[tokio::test]
async fn a_run_that_waits_for_a_person_needs_no_driving_until_its_approval_is_settled() {
    let (_folder, store) = open();
    let mut waiting = run("run-1", "ACME-001", "cor-1");
    store.runs().accept(&waiting).await.unwrap();
    assert_eq!(store.runs().to_drive().await.unwrap().len(), 1);
    waiting.state = RunState::AwaitingApproval;
    store.runs().save(&waiting).await.unwrap();
    assert_eq!(store.runs().to_drive().await.unwrap().len(), 1, "its approval was never asked for");
    let approval = crate::approvals::approval("apr-1", "run-1", 1);
    store.approvals().request(&approval).await.unwrap();
    assert_eq!(store.runs().to_drive().await.unwrap().len(), 0);
}
