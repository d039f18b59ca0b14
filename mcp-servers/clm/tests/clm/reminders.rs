//! The one write: reminding those whose turn it is, once.

use crate::rig::Rig;
use gangway_protocol::tools::clm::{ReminderArgs, ReminderSent, SendReminder};
use gangway_protocol::{ApiError, ContractId, ErrorType, IdempotencyKey};
use gangway_simulator::{EffectKind, Fault, FaultKind, Vendor};

async fn remind(rig: &Rig, contract: &str, key: &str) -> Result<ReminderSent, ApiError> {
    rig.call::<SendReminder>(ReminderArgs {
        contract_id: ContractId::parse(contract).unwrap(),
        idempotency_key: IdempotencyKey::parse(key).unwrap(),
    })
    .await
}

fn sent(rig: &Rig) -> usize {
    rig.simulator.ledger().count_of(EffectKind::EnvelopeReminder)
}

#[tokio::test]
async fn those_whose_turn_it_is_are_reminded_once_per_key() {
    let rig = Rig::new().await;
    for _ in 0..2 {
        assert_eq!(remind(&rig, "CLM-CTR-002", "k").await.unwrap().reminded, 1);
    }
    assert_eq!((sent(&rig), rig.calls()), (1, 2));
}

#[tokio::test]
async fn a_contract_nobody_has_to_sign_reminds_nobody() {
    let rig = Rig::new().await;
    assert_eq!(remind(&rig, "CLM-CTR-001", "k").await.unwrap().reminded, 0);
    let error = remind(&rig, "CLM-CTR-999", "other").await.unwrap_err();
    assert_eq!(error.error_type, ErrorType::NotFound);
    assert_eq!(sent(&rig), 0);
}

#[tokio::test]
async fn a_reminder_whose_answer_is_lost_is_not_sent_again() {
    let rig = Rig::new().await;
    rig.fault(Fault::new(Vendor::DocuSign, FaultKind::LostResponse).on("update_envelope"));
    let error = remind(&rig, "CLM-CTR-002", "k").await.unwrap_err();
    assert_eq!((error.error_type, sent(&rig)), (ErrorType::Network, 1));
    let calls = rig.calls();
    let repeated = remind(&rig, "CLM-CTR-002", "k").await.unwrap_err();
    assert_eq!((sent(&rig), rig.calls()), (1, calls), "{repeated}");
}

#[tokio::test]
async fn a_reminder_that_failed_before_it_was_sent_leaves_its_key_free() {
    let rig = Rig::new().await;
    rig.fault(Fault::new(Vendor::DocuSign, FaultKind::status(503)).on("list_envelopes").times(4));
    let error = remind(&rig, "CLM-CTR-002", "k").await.unwrap_err();
    assert!(error.not_sent && error.error_type == ErrorType::ServerError, "{error}");
    assert_eq!((remind(&rig, "CLM-CTR-002", "k").await.unwrap().reminded, sent(&rig)), (1, 1));
}
