//! What the tools make of an org that refuses, fails, lies or is silent.

use crate::rig::{Rig, account};
use gangway_protocol::tools::salesforce::{
    AccountArgs, AccountsArgs, GetAccount, GetAccounts, GetUser, UserArgs,
};
use gangway_protocol::{ErrorType, RecordKind};
use gangway_simulator::{Fault, FaultKind, Options, Refusal, Vendor};
use serde_json::{Value, json};

const EVERYTHING: [RecordKind; 3] = [RecordKind::Account, RecordKind::Owner, RecordKind::Opportunity];

fn fault(kind: FaultKind) -> Fault {
    Fault::new(Vendor::Salesforce, kind)
}

#[tokio::test]
async fn each_error_account_fails_with_its_type_code_and_owner() {
    let table = [
        ("AUTH-ERROR", ErrorType::Authentication, "INVALID_SESSION_ID", 401, "IT/DevOps"),
        ("PERM-ERROR", ErrorType::Authorization, "INSUFFICIENT_ACCESS", 403, "System Admin"),
        ("RATE-ERROR", ErrorType::RateLimit, "REQUEST_LIMIT_EXCEEDED", 403, "Integration Admin"),
        ("SERVER-ERROR", ErrorType::ServerError, "UNKNOWN_EXCEPTION", 500, "Support Team"),
    ];
    let rig = Rig::new().await;
    for (id, error_type, code, status, owner) in table {
        let error = rig.bundle(id).await.unwrap_err();
        assert_eq!((error.error_type, error.error_code.as_str()), (error_type, code), "{id}");
        assert_eq!((error.http_status, error.owner.as_str()), (Some(status), owner), "{id}");
        assert_eq!(error.hides, EVERYTHING, "{id}");
        assert_eq!(error.operation, "get_onboarding_bundle", "{id}");
    }
    let healthy = rig.bundle("VALIDATION-ERROR").await.unwrap();
    assert!(healthy.account.is_some() && healthy.errors.is_empty(), "only its NetSuite fails");
    assert!(rig.bundle("ACME-001").await.unwrap().errors.is_empty(), "faults of others touch nobody else");
}

#[tokio::test]
async fn what_may_pass_is_tried_three_times_more_and_what_may_not_once() {
    for (id, calls) in [("SERVER-ERROR", 4), ("RATE-ERROR", 4), ("PERM-ERROR", 1), ("AUTH-ERROR", 2)] {
        let rig = Rig::new().await;
        rig.bundle(id).await.unwrap_err();
        assert_eq!(rig.calls(), calls, "{id}");
    }
}

#[tokio::test]
async fn an_outage_that_passes_is_not_noticed() {
    let passing = [
        FaultKind::status(503),
        FaultKind::status(429),
        FaultKind::Reset,
        FaultKind::LostResponse,
        FaultKind::TruncatedJson,
    ];
    for kind in passing {
        let rig = Rig::new().await;
        rig.fault(fault(kind.clone()).times(2));
        let bundle = rig.bundle("ACME-001").await.unwrap();
        assert!(bundle.account.is_some() && bundle.opportunity.is_some(), "{kind:?}");
        assert_eq!((bundle.errors.len(), rig.calls()), (0, 3), "{kind:?}");
    }
}

#[tokio::test]
async fn an_outage_that_stays_has_the_type_of_its_cause() {
    let table = [
        (FaultKind::Reset, ErrorType::Network, "CONNECTION_BROKEN"),
        (FaultKind::TruncatedJson, ErrorType::ServerError, "UNREADABLE_ANSWER"),
        (FaultKind::Latency { ms: 600_000 }, ErrorType::Timeout, "ATTEMPT_DEADLINE"),
        (FaultKind::status(400), ErrorType::Validation, "MALFORMED_QUERY"),
    ];
    for (kind, error_type, code) in table {
        let rig = Rig::with(Options::default(), |settings| settings.attempt_deadline_ms = 400).await;
        rig.fault(fault(kind.clone()).on("query_all"));
        let error =
            rig.call::<GetAccount>(AccountArgs { account_id: account("ACME-001") }).await.unwrap_err();
        assert_eq!(error.error_type, error_type, "{kind:?} {error}");
        if error_type != ErrorType::Validation {
            assert_eq!(error.error_code, code, "{kind:?}");
        }
        assert_eq!(error.hides, [RecordKind::Account], "{kind:?}");
    }
}

#[tokio::test]
async fn a_limit_that_lasts_longer_than_we_wait_is_reported_with_its_wish() {
    let rig = Rig::new().await;
    let refusal = Refusal { status: 429, retry_after_s: Some(3_600), ..Refusal::default() };
    rig.fault(fault(FaultKind::Status(refusal)));
    let error = rig.bundle("ACME-001").await.unwrap_err();
    assert_eq!((error.error_type, error.retry_after_ms), (ErrorType::RateLimit, Some(3_600_000)));
    assert_eq!(rig.calls(), 1);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once() {
    let rig = Rig::new().await;
    rig.bundle("ACME-001").await.unwrap();
    rig.simulator.expire_tokens();
    assert!(rig.bundle("ACME-001").await.unwrap().errors.is_empty());
    assert_eq!((rig.calls(), rig.simulator.calls().tokens(Vendor::Salesforce)), (3, 2));
}

#[tokio::test]
async fn a_refused_part_hides_its_own_records_and_the_rest_is_there() {
    let mut hidden = Vec::new();
    for seed in 0..8 {
        let rig = Rig::with(Options { seed, ..Options::default() }, |_| {}).await;
        let code = Some("INSUFFICIENT_ACCESS".to_owned());
        let refusal = Refusal { status: 403, code, ..Refusal::default() };
        rig.fault(fault(FaultKind::Partial(refusal)).on("composite"));
        // With account and won deals refused nothing usable is left: that is the call's failure.
        let Ok(bundle) = rig.bundle("BETA-002").await else {
            hidden.push(EVERYTHING.len());
            continue;
        };
        let error = bundle.errors.first().unwrap();
        assert_eq!((error.error_type, bundle.errors.len()), (ErrorType::Authorization, 1));
        let (account, owner) = (bundle.account.is_some(), bundle.owner.is_some());
        match error.hides.as_slice() {
            [RecordKind::Account, RecordKind::Owner] => assert_eq!((account, owner), (false, false)),
            [RecordKind::Opportunity] => assert_eq!((account, owner, bundle.opportunity), (true, true, None)),
            other => panic!("{other:?}"),
        }
        hidden.push(error.hides.len());
    }
    hidden.sort_unstable();
    hidden.dedup();
    assert_eq!(hidden, [1, 2, 3], "the seeds refuse one part, the other, and both");
}

#[tokio::test]
async fn a_part_that_may_pass_is_asked_again_alone() {
    let rig = Rig::new().await;
    let refusal = Refusal { status: 503, ..Refusal::default() };
    rig.fault(fault(FaultKind::Partial(refusal)).on("composite"));
    let bundle = rig.bundle("ACME-001").await.unwrap();
    assert!(bundle.errors.is_empty() && bundle.account.is_some() && bundle.opportunity.is_some());
    let singles = rig.calls() - rig.simulator.calls().count(Vendor::Salesforce, "composite");
    assert!((1..=2).contains(&singles), "{singles}");
}

#[tokio::test]
async fn a_batch_that_one_account_spoils_is_asked_singly() {
    let rig = Rig::new().await;
    rig.fault(fault(FaultKind::status(500)).times(4));
    let ids = ["ACME-001", "BETA-002", "MISSING-999"].map(account).to_vec();
    let found = rig.call::<GetAccounts>(AccountsArgs { account_ids: ids }).await.unwrap().accounts;
    assert_eq!(found.iter().map(|lookup| lookup.account.is_some()).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(rig.calls(), 7, "the batch once, then three single calls that met the other three failures");
}

#[tokio::test]
async fn one_accounts_4xx_in_a_batch_is_that_accounts_error_only() {
    for status in [400, 403, 404, 429] {
        let rig = Rig::new().await;
        rig.fault(fault(FaultKind::status(status)).for_account("BETA-002"));
        let ids = ["ACME-001", "BETA-002", "GAMMA-003"].map(account).to_vec();
        let found = rig.call::<GetAccounts>(AccountsArgs { account_ids: ids }).await.unwrap().accounts;
        let failed: Vec<bool> = found.iter().map(|lookup| lookup.error.is_some()).collect();
        assert_eq!(failed, [false, true, false], "{status}");
    }
}

#[tokio::test]
async fn a_batch_that_everybody_is_refused_fails_as_a_whole() {
    let rig = Rig::new().await;
    rig.fault(fault(FaultKind::status(400)));
    let ids = (1..=200).map(|number| account(&format!("A-{number}"))).collect();
    let error = rig.call::<GetAccounts>(AccountsArgs { account_ids: ids }).await.unwrap_err();
    assert_eq!(error.error_type, ErrorType::Validation);
    assert!(rig.calls() <= 16, "{} calls: the batch and the first single ones, not two hundred", rig.calls());
}

#[tokio::test]
async fn an_external_id_of_two_accounts_fails_its_own_entry_without_a_second_call() {
    let rig = Rig::new().await;
    let rows = [account_row("0018Z00003TWINAQA5", "TWIN-1"), account_row("0018Z00003TWINBQA5", "TWIN-1")];
    rig.put_account("TWIN-1", &json!({"Account": rows})).await;
    let ids = ["ACME-001", "TWIN-1", "BETA-002"].map(account).to_vec();
    let found = rig.call::<GetAccounts>(AccountsArgs { account_ids: ids }).await.unwrap().accounts;
    assert_eq!(found.iter().map(|lookup| lookup.account.is_some()).collect::<Vec<_>>(), [true, false, true]);
    let errors: Vec<_> = found.into_iter().filter_map(|lookup| lookup.error).collect();
    let error = errors.first().unwrap();
    assert_eq!((errors.len(), error.error_code.as_str()), (1, "DUPLICATE_EXTERNAL_ID"));
    assert_eq!((error.hides.as_slice(), rig.calls()), (&[RecordKind::Account][..], 1));
}

#[tokio::test]
async fn an_unreachable_account_in_a_batch_is_an_error_and_never_missing() {
    let rig = Rig::new().await;
    let ids = ["ACME-001", "SERVER-ERROR"].map(account).to_vec();
    let found = rig.call::<GetAccounts>(AccountsArgs { account_ids: ids }).await.unwrap().accounts;
    let [acme, unreachable] = found.as_slice() else { panic!("{found:?}") };
    assert!(acme.account.is_some() && acme.error.is_none());
    let error = unreachable.error.as_ref().unwrap();
    assert_eq!(
        (error.error_type, error.hides.as_slice()),
        (ErrorType::ServerError, &[RecordKind::Account][..])
    );
}

#[tokio::test]
async fn text_that_is_no_id_reaches_no_query() {
    let rig = Rig::new().await;
    for id in ["x' OR Name != '", "005/../../x", "005\n", "%"] {
        let error = rig.call::<GetUser>(UserArgs { user_id: id.to_owned() }).await.unwrap_err();
        assert_eq!(
            (error.error_type, error.error_code.as_str()),
            (ErrorType::Validation, "MALFORMED_ID"),
            "{id}"
        );
    }
    assert_eq!(rig.calls(), 0);
}

fn account_row(id: &str, external: &str) -> Value {
    json!({"Id": id, "IsDeleted": false, "Name": "Odd", "Account_External_Id__c": external})
}

#[tokio::test]
async fn an_amount_that_is_no_number_is_an_error_that_names_it() {
    let rig = Rig::new().await;
    let deal = json!({
        "Id": "0068Z00001ODDLYQA5", "AccountId": "0018Z00003ODDLYQA5", "StageName": "Closed Won", "Amount": "150000"
    });
    let records = json!({"Account": [account_row("0018Z00003ODDLYQA5", "ODD-1")], "Opportunity": [deal]});
    rig.put_account("ODD-1", &records).await;
    let bundle = rig.bundle("ODD-1").await.unwrap();
    let error = bundle.errors.first().unwrap();
    assert_eq!(error.error_code, "UNREADABLE_AMOUNT");
    assert!(error.message.contains("Opportunity 0068Z00001ODDLYQA5: Amount"), "{error}");
    assert_eq!((error.hides.as_slice(), bundle.account.is_some()), (&[RecordKind::Opportunity][..], true));
}

#[tokio::test]
async fn an_external_id_of_two_accounts_is_an_error() {
    let rig = Rig::new().await;
    let rows = [account_row("0018Z00003TWINAQA5", "TWIN-1"), account_row("0018Z00003TWINBQA5", "TWIN-1")];
    rig.put_account("TWIN-1", &json!({"Account": rows})).await;
    let bundle = rig.bundle("TWIN-1").await.unwrap();
    let error = bundle.errors.first().unwrap();
    assert_eq!(error.error_code, "DUPLICATE_EXTERNAL_ID");
    assert_eq!(
        (error.hides.as_slice(), bundle.account),
        (&[RecordKind::Account, RecordKind::Owner][..], None)
    );
}
