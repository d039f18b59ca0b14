//! The one write: the onboarding status, once, of accounts that exist.

use crate::rig::{Rig, account};
use gangway_protocol::tools::salesforce::{
    OnboardingStatus, StatusUpdated, UpdateOnboardingStatus, UpdateStatusArgs,
};
use gangway_protocol::{ApiError, ErrorType, IdempotencyKey, RunId};
use gangway_simulator::{EffectKind, Fault, FaultKind, Vendor};

async fn update(rig: &Rig, id: &str, key: &str) -> Result<StatusUpdated, ApiError> {
    rig.call::<UpdateOnboardingStatus>(UpdateStatusArgs {
        account_id: account(id),
        status: OnboardingStatus::Provisioned,
        run_id: RunId::parse("run-1").unwrap(),
        idempotency_key: IdempotencyKey::parse(key).unwrap(),
    })
    .await
}

fn written(rig: &Rig) -> usize {
    rig.simulator.ledger().count_of(EffectKind::CrmUpdate)
}

#[tokio::test]
async fn the_status_is_written_once_per_key() {
    let rig = Rig::new().await;
    for id in ["ACME-001", "0018Z00003BETAQQA5"] {
        assert_eq!(update(&rig, id, &format!("k-{id}")).await.unwrap().status, OnboardingStatus::Provisioned);
        update(&rig, id, &format!("k-{id}")).await.unwrap();
    }
    assert_eq!((written(&rig), rig.calls()), (2, 2));
    let ledger = rig.simulator.ledger().effects_of(EffectKind::CrmUpdate);
    let shown = format!("{ledger:?}");
    assert!(shown.contains("Provisioned") && shown.contains("run-1"), "{shown}");
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_not_created() {
    let rig = Rig::new().await;
    let error = update(&rig, "MISSING-999", "k").await.unwrap_err();
    assert_eq!(error.error_type, ErrorType::NotFound);
    assert_eq!(written(&rig), 0);
    assert!(error.hides.is_empty());
}

#[tokio::test]
async fn a_status_whose_answer_is_lost_is_sent_again_because_the_same_values_twice_change_nothing_more() {
    let rig = Rig::new().await;
    rig.fault(Fault::new(Vendor::Salesforce, FaultKind::LostResponse).on("update").times(1));
    update(&rig, "ACME-001", "k").await.unwrap();
    assert_eq!((written(&rig), rig.calls()), (2, 2));
    let ledger = rig.simulator.ledger().effects_of(EffectKind::CrmUpdate);
    assert_eq!(ledger.first().unwrap().detail, ledger.last().unwrap().detail);
}

#[tokio::test]
async fn a_status_whose_answers_are_all_lost_says_that_it_may_have_been_written() {
    let rig = Rig::new().await;
    rig.fault(Fault::new(Vendor::Salesforce, FaultKind::LostResponse).on("update"));
    let error = update(&rig, "ACME-001", "k").await.unwrap_err();
    assert_eq!(error.error_type, ErrorType::Network);
    assert!(error.may_have_happened());
    assert_eq!((written(&rig), rig.calls()), (4, 4));
}

#[tokio::test]
async fn a_write_refused_for_its_rate_is_sent_again() {
    let rig = Rig::new().await;
    rig.fault(Fault::new(Vendor::Salesforce, FaultKind::status(429)).on("update").times(1));
    update(&rig, "ACME-001", "k").await.unwrap();
    assert_eq!((written(&rig), rig.calls()), (1, 2));
}
