//! A key's first answer is every repeat's answer, whoever dies in between.

use crate::records::{audit, key, open, other_process, shared};
use gangway_store::{Claim, Store, StoreError};
use serde_json::json;

const TOOL: &str = "provision.create_tenant";

async fn claim(store: &Store, digest: &str) -> Claim {
    store.idempotency().claim(TOOL, &key("run-1/tenant"), digest, audit("call")).await.unwrap()
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    let (_folder, store) = open();
    assert_eq!(claim(&store, "d1").await, Claim::Fresh);
    assert_eq!(claim(&store, "d1").await, Claim::InProgress);
    let answer = json!({"tenant": "t1"});
    store.idempotency().answer(TOOL, &key("run-1/tenant"), &answer, audit("end")).await.unwrap();
    assert_eq!(claim(&store, "d1").await, Claim::Answered(answer));
    let key = key("run-1/tenant");
    let other_tool = store.idempotency().claim("tasks.create", &key, "d1", audit("call"));
    assert_eq!(other_tool.await.unwrap(), Claim::Fresh);
}

#[tokio::test]
async fn other_arguments_are_a_conflict_before_and_after_the_answer() {
    let (_folder, store) = open();
    claim(&store, "d1").await;
    assert_eq!(claim(&store, "d2").await, Claim::Conflict);
    store.idempotency().answer(TOOL, &key("run-1/tenant"), &json!(1), audit("end")).await.unwrap();
    assert_eq!(claim(&store, "d2").await, Claim::Conflict);
}

#[tokio::test]
async fn a_released_key_is_free_and_an_unknown_one_is_not() {
    let (_folder, store) = open();
    claim(&store, "d1").await;
    store.idempotency().release(TOOL, &key("run-1/tenant"), audit("end")).await.unwrap();
    assert_eq!(claim(&store, "d2").await, Claim::Fresh);
    store.idempotency().unknown(TOOL, &key("run-1/tenant"), audit("end")).await.unwrap();
    assert_eq!(claim(&store, "d2").await, Claim::Unknown);
}

#[tokio::test]
async fn intent_and_outcome_stand_in_the_audit_with_the_claim() {
    let (_folder, store) = open();
    claim(&store, "d1").await;
    store.idempotency().answer(TOOL, &key("run-1/tenant"), &json!(1), audit("end")).await.unwrap();
    let calls = store.audit().tail(9).await.unwrap();
    assert_eq!(calls.iter().map(|entry| entry.record.call_id.as_str()).collect::<Vec<_>>(), ["call", "end"]);
}

#[tokio::test]
async fn a_claim_that_is_not_held_cannot_be_settled_and_leaves_no_audit() {
    let (folder, store) = open();
    let other = Store::open(folder.path()).unwrap();
    claim(&other, "d1").await;
    let error =
        store.idempotency().answer(TOOL, &key("run-1/tenant"), &json!(1), audit("end")).await.unwrap_err();
    assert!(matches!(error, StoreError::NotClaimed { .. }), "{error}");
    assert_eq!(store.audit().tail(9).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_concurrent_claims_one_is_fresh() {
    let (folder, store) = open();
    let second = Store::open(folder.path()).unwrap();
    let claims = (0..40).map(|number| {
        let store = if number % 2 == 0 { store.clone() } else { second.clone() };
        tokio::spawn(async move { claim(&store, "d1").await })
    });
    let found: Vec<Claim> =
        futures::future::join_all(claims).await.into_iter().map(|claim| claim.unwrap()).collect();
    assert_eq!(found.iter().filter(|claim| **claim == Claim::Fresh).count(), 1);
    assert_eq!(found.iter().filter(|claim| **claim == Claim::InProgress).count(), 39);
}

#[tokio::test]
#[ignore = "runs as the other process of another test"]
async fn claims_and_crashes() {
    let Some(store) = shared() else { return };
    claim(&store, "d1").await;
    std::process::abort();
}

#[tokio::test]
async fn a_crashed_processes_claim_is_abandoned_to_the_next() {
    let (folder, store) = open();
    let status = other_process("idempotency::claims_and_crashes", folder.path()).unwrap();
    assert!(!status.success());
    assert_eq!(claim(&store, "d2").await, Claim::Conflict);
    assert_eq!(claim(&store, "d1").await, Claim::Abandoned);
    assert_eq!(claim(&store, "d1").await, Claim::InProgress);
    store.idempotency().answer(TOOL, &key("run-1/tenant"), &json!(1), audit("end")).await.unwrap();
}

#[tokio::test]
async fn a_closed_stores_claim_is_abandoned_and_a_living_ones_is_not() {
    let (folder, store) = open();
    let other = Store::open(folder.path()).unwrap();
    claim(&other, "d1").await;
    assert_eq!(claim(&store, "d1").await, Claim::InProgress);
    other.close().await;
    assert_eq!(claim(&store, "d1").await, Claim::Abandoned);
}

/// As a database has it that was written before callers had keys of their own.
fn of_nobody(folder: &std::path::Path, state: &str, answer: Option<&str>) {
    let raw = rusqlite::Connection::open(folder.join("gangway.db")).unwrap();
    let row = (TOOL, "k1", "d1", state, "gone", answer, 1);
    raw.execute(
        "INSERT INTO idempotency (tool, key, arguments_digest, state, instance, answer, claimed_us) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        row,
    )
    .unwrap();
}

async fn claim_of(store: &Store, caller: &str) -> Claim {
    let given = key("k1");
    let own = given.within(caller);
    store.idempotency().formerly(&given).claim(TOOL, &own, "d1", audit("call")).await.unwrap()
}

#[tokio::test]
async fn a_claim_of_before_callers_had_keys_of_their_own_answers_whoever_repeats_it() {
    let (folder, store) = open();
    of_nobody(folder.path(), "answered", Some("7"));
    for caller in ["ada", "bob"] {
        assert_eq!(claim_of(&store, caller).await, Claim::Answered(json!(7)));
    }
    let agents = store.idempotency().claim(TOOL, &key("k1"), "d1", audit("call")).await.unwrap();
    assert_eq!(agents, Claim::Answered(json!(7)));
}

#[tokio::test]
async fn an_abandoned_claim_of_before_becomes_its_first_repeaters_own() {
    let (folder, store) = open();
    of_nobody(folder.path(), "claimed", None);
    assert_eq!(claim_of(&store, "ada").await, Claim::Abandoned);
    let own = key("k1").within("ada");
    store.idempotency().answer(TOOL, &own, &json!(1), audit("end")).await.unwrap();
    assert_eq!(claim_of(&store, "ada").await, Claim::Answered(json!(1)));
    assert_eq!(claim_of(&store, "bob").await, Claim::Fresh);
}

#[tokio::test]
async fn a_claim_of_today_is_not_met_by_another_callers_same_key() {
    let (_folder, store) = open();
    let agents = store.idempotency().claim(TOOL, &key("k1"), "d1", audit("call")).await.unwrap();
    assert_eq!(agents, Claim::Fresh);
    assert_eq!(claim_of(&store, "ada").await, Claim::Fresh);
    assert_eq!(claim_of(&store, "bob").await, Claim::Fresh);
    assert_eq!(claim_of(&store, "bob").await, Claim::InProgress);
}
