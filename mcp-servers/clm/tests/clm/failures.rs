//! What the tools make of a DocuSign that refuses, fails, lies or is silent.

use crate::rig::{Rig, account, envelope};
use gangway_protocol::tools::clm::{ContractsArgs, GetContracts, ListPendingSignatures, PendingArgs};
use gangway_protocol::{ErrorType, RecordKind};
use gangway_simulator::{Fault, FaultKind, Options, Refusal, Vendor};

fn fault(kind: FaultKind) -> Fault {
    Fault::new(Vendor::DocuSign, kind)
}

#[tokio::test]
async fn each_error_account_fails_with_its_type_code_and_owner() {
    let table = [
        ("AUTH-ERROR", ErrorType::Authentication, "USER_AUTHENTICATION_FAILED", 401, "IT/DevOps"),
        ("PERM-ERROR", ErrorType::Authorization, "ACCOUNT_LACKS_PERMISSIONS", 403, "System Admin"),
        ("RATE-ERROR", ErrorType::RateLimit, "HOURLY_APIINVOCATION_LIMIT_EXCEEDED", 429, "Integration Admin"),
        ("SERVER-ERROR", ErrorType::ServerError, "UNSPECIFIED_ERROR", 500, "Support Team"),
    ];
    let rig = Rig::new().await;
    for (id, error_type, code, status, owner) in table {
        let error = rig.contract_of(id).await.unwrap_err();
        assert_eq!((error.error_type, error.error_code.as_str()), (error_type, code), "{id}");
        assert_eq!((error.http_status, error.owner.as_str()), (Some(status), owner), "{id}");
        assert_eq!(error.hides, [RecordKind::Contract], "{id}");
        assert!(error.request_id.is_some(), "{id}: the trace token support asks for");
    }
    assert!(rig.contract_of("VALIDATION-ERROR").await.unwrap().is_some(), "only its NetSuite fails");
    assert!(rig.contract_of("ACME-001").await.unwrap().is_some(), "faults of others touch nobody else");
}

#[tokio::test]
async fn what_may_pass_is_tried_three_times_more_and_what_may_not_once() {
    for (id, calls) in [("SERVER-ERROR", 4), ("RATE-ERROR", 4), ("PERM-ERROR", 1), ("AUTH-ERROR", 2)] {
        let rig = Rig::new().await;
        rig.contract_of(id).await.unwrap_err();
        assert_eq!(rig.calls(), calls, "{id}");
    }
}

#[tokio::test]
async fn an_outage_that_passes_is_not_noticed() {
    for kind in [FaultKind::status(503), FaultKind::status(429), FaultKind::Reset, FaultKind::TruncatedJson] {
        let rig = Rig::new().await;
        rig.fault(fault(kind.clone()).times(2));
        assert!(rig.contract_of("ACME-001").await.unwrap().is_some(), "{kind:?}");
        assert_eq!(rig.calls(), 3, "{kind:?}");
    }
}

#[tokio::test]
async fn an_outage_that_stays_has_the_type_of_its_cause() {
    let table = [
        (FaultKind::Reset, ErrorType::Network),
        (FaultKind::TruncatedJson, ErrorType::ServerError),
        (FaultKind::Latency { ms: 600_000 }, ErrorType::Timeout),
    ];
    for (kind, error_type) in table {
        let rig = Rig::with(Options::default(), |settings| settings.attempt_deadline_ms = 400).await;
        rig.fault(fault(kind.clone()).on("list_envelopes"));
        assert_eq!(rig.contract_of("ACME-001").await.unwrap_err().error_type, error_type, "{kind:?}");
    }
}

#[tokio::test]
async fn a_limit_that_lasts_longer_than_we_wait_is_reported_with_its_wish() {
    let rig = Rig::new().await;
    let refusal = Refusal { status: 429, retry_after_s: Some(3_600), ..Refusal::default() };
    rig.fault(fault(FaultKind::Status(refusal)));
    let error = rig.contract_of("ACME-001").await.unwrap_err();
    assert_eq!((error.error_type, error.retry_after_ms), (ErrorType::RateLimit, Some(3_600_000)));
    assert_eq!(rig.calls(), 1);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once() {
    let rig = Rig::new().await;
    rig.contract_of("ACME-001").await.unwrap();
    rig.simulator.expire_tokens();
    rig.contract_of("ACME-001").await.unwrap();
    assert_eq!((rig.calls(), rig.simulator.calls().tokens(Vendor::DocuSign)), (3, 2));
}

#[tokio::test]
async fn a_failed_list_is_an_error_and_never_missing_contracts() {
    let rig = Rig::new().await;
    rig.fault(fault(FaultKind::status(403)));
    for ids in [vec!["ACME-001"], vec!["ACME-001", "BETA-002", "GAMMA-003", "FOREX-005"]] {
        let account_ids = ids.into_iter().map(account).collect();
        let error = rig.call::<GetContracts>(ContractsArgs { account_ids }).await.unwrap_err();
        assert_eq!(
            (error.error_type, error.hides.as_slice()),
            (ErrorType::Authorization, &[RecordKind::Contract][..])
        );
    }
}

#[tokio::test]
async fn a_list_that_breaks_off_searches_only_for_whom_its_pages_did_not_show() {
    let rig = Rig::with(Options { synthetic: 1_100, ..Options::default() }, |_| {}).await;
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let shown = ["NEW-1", "NEW-2", "NEW-3", "NEW-4"];
    for (number, id) in shown.into_iter().enumerate() {
        rig.put_envelopes(id, &[envelope((&number.to_string(), id, "completed"), &today, &[], &[])]).await;
    }
    rig.put_envelopes("OLD-1", &[envelope(("9", "OLD-1", "completed"), "2015-02-01", &[], &[])]).await;
    // By this seed the first request passes and the second, the second page, does not.
    rig.fault(fault(FaultKind::status(503)).with_probability(0.5).with_seed(0).times(1));
    let account_ids = shown.into_iter().chain(["OLD-1"]).map(account).collect();
    let found = rig.call::<GetContracts>(ContractsArgs { account_ids }).await.unwrap().contracts;
    assert!(found.iter().all(|lookup| lookup.contract.is_some()), "{found:?}");
    assert_eq!(rig.calls(), 3, "two pages, and the one account that stands on neither");
}

#[tokio::test]
async fn the_hours_calls_are_kept_to_others_included() {
    let rig = Rig::new().await;
    // Far fewer than our own count begins with: DocuSign's answers say so.
    rig.limit(&serde_json::json!({"hourly": 3})).await;
    for _ in 0..3 {
        rig.contract_of("ACME-001").await.unwrap();
    }
    let error = rig.contract_of("ACME-001").await.unwrap_err();
    assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::RateLimit, "QUOTA_USED_UP"));
    assert!(error.not_sent && error.retry_after_ms.is_some_and(|ms| (1..=3_600_000).contains(&ms)));
    assert_eq!(rig.calls(), 3, "DocuSign did not have to refuse anything");
}

#[tokio::test]
async fn many_at_once_use_the_hour_up_and_never_more() {
    let rig = Rig::with(Options { synthetic: 40, ..Options::default() }, |_| {}).await;
    rig.limit(&serde_json::json!({"hourly": 20})).await;
    let ids: Vec<String> = (1..=40).map(|number| format!("SYN-{number:06}")).collect();
    let mut answered = 0;
    for id in &ids {
        answered += usize::from(rig.contract_of(id).await.is_ok());
    }
    assert_eq!((answered, rig.calls()), (20, 20));
}

#[tokio::test]
async fn a_date_nobody_can_read_is_an_error_that_names_it() {
    let rig = Rig::new().await;
    let odd = envelope(("1", "ODD-1", "completed"), "2026-01-01", &[], &[("ExpiryDate", "12/31/2026")]);
    rig.put_envelopes("ODD-1", &[odd]).await;
    let error = rig.contract_of("ODD-1").await.unwrap_err();
    assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::Validation, "UNREADABLE_DATE"));
    assert!(error.message.contains("ExpiryDate") && error.owner == "Data Admin", "{error}");
    assert_eq!(error.hides, [RecordKind::Contract]);
}

#[tokio::test]
async fn one_unreadable_contract_fails_its_own_entry_only() {
    let rig = Rig::new().await;
    let odd = envelope(("1", "ODD-1", "completed"), "2026-01-01", &[], &[("ExpiryDate", "12/31/2026")]);
    rig.put_envelopes("ODD-1", &[odd]).await;
    for ids in [vec!["ODD-1", "ACME-001"], vec!["ACME-001", "BETA-002", "ODD-1", "GAMMA-003", "FOREX-005"]] {
        let account_ids = ids.iter().map(|id| account(id)).collect();
        let found = rig.call::<GetContracts>(ContractsArgs { account_ids }).await.unwrap().contracts;
        assert_eq!(found.len(), ids.len());
        for lookup in found {
            let code = lookup.error.as_ref().map(|error| error.error_code.as_str());
            let is_odd = lookup.account_id.as_str() == "ODD-1";
            assert_eq!((code, lookup.contract.is_none()), (is_odd.then_some("UNREADABLE_DATE"), is_odd));
            assert!(lookup.error.is_none_or(|error| error.hides == [RecordKind::Contract]));
        }
    }
}

#[tokio::test]
async fn a_waiting_contract_nobody_can_date_is_an_error_beside_the_others() {
    let rig = Rig::new().await;
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let mut odd =
        envelope(("1", "ODD-1", "sent"), &today, &[("customer", "sent")], &[("ContractId", "ODD-1")]);
    odd["sentDateTime"] = serde_json::json!("yesterday");
    rig.put_envelopes("ODD-1", &[odd]).await;
    let listed = rig.call::<ListPendingSignatures>(PendingArgs { older_than_days: None }).await.unwrap();
    let ids: Vec<&str> = listed.contracts.iter().map(|contract| contract.contract_id.as_str()).collect();
    assert_eq!((ids, listed.errors.len()), (vec!["CLM-CTR-002"], 1));
}
