//! What the tools make of a NetSuite that refuses, fails, lies or is silent.

use crate::rig::{Rig, account, currency, settings};
use gangway_protocol::tools::netsuite::{GetExchangeRate, GetInvoices, InvoicesArgs, RateArgs};
use gangway_protocol::{ErrorType, RecordKind};
use gangway_simulator::{Fault, FaultKind, Options, Refusal, Vendor};
use jiff::civil::date;
use serde_json::json;

fn fault(kind: FaultKind) -> Fault {
    Fault::new(Vendor::NetSuite, kind)
}

#[tokio::test]
async fn each_error_account_fails_with_its_type_code_and_owner() {
    let table = [
        ("AUTH-ERROR", ErrorType::Authentication, "INVALID_LOGIN", 401, "IT/DevOps"),
        ("PERM-ERROR", ErrorType::Authorization, "INSUFFICIENT_PERMISSION", 403, "System Admin"),
        ("VALIDATION-ERROR", ErrorType::Validation, "INVALID_PARAMETER", 400, "Data Admin"),
        ("RATE-ERROR", ErrorType::RateLimit, "CONCURRENCY_LIMIT_EXCEEDED", 429, "Integration Admin"),
        ("SERVER-ERROR", ErrorType::ServerError, "UNEXPECTED_ERROR", 500, "Support Team"),
    ];
    let rig = Rig::new().await;
    for (id, error_type, code, status, owner) in table {
        let error = rig.invoices(&[id]).await.unwrap_err();
        assert_eq!((error.error_type, error.error_code.as_str()), (error_type, code), "{id}");
        assert_eq!((error.http_status, error.owner.as_str()), (Some(status), owner), "{id}");
        assert_eq!(error.hides, [RecordKind::Invoices], "{id}");
        assert_eq!(error.operation, "get_invoices", "{id}");
    }
    assert_eq!(rig.invoices(&["ACME-001"]).await.unwrap().len(), 1, "faults of others touch nobody else");
}

#[tokio::test]
async fn what_may_pass_is_tried_three_times_more_and_what_may_not_once() {
    for (id, calls) in [("SERVER-ERROR", 4), ("RATE-ERROR", 4), ("VALIDATION-ERROR", 1), ("AUTH-ERROR", 2)] {
        let rig = Rig::new().await;
        rig.invoices(&[id]).await.unwrap_err();
        assert_eq!(rig.calls(), calls, "{id}");
    }
}

#[tokio::test]
async fn an_outage_that_passes_is_not_noticed() {
    for kind in [FaultKind::status(503), FaultKind::status(429), FaultKind::Reset, FaultKind::TruncatedJson] {
        let rig = Rig::new().await;
        rig.fault(fault(kind.clone()).times(2));
        assert_eq!(rig.invoices(&["ACME-001"]).await.unwrap().len(), 1, "{kind:?}");
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
        let impatient = |simulator: &_| {
            let mut settings = settings(simulator);
            settings.attempt_deadline_ms = 400;
            settings
        };
        let rig = Rig::with(Options::default(), impatient).await;
        rig.fault(fault(kind.clone()).on("suiteql"));
        assert_eq!(rig.invoices(&["ACME-001"]).await.unwrap_err().error_type, error_type, "{kind:?}");
    }
}

#[tokio::test]
async fn a_failed_rate_hides_exchange_rates() {
    let rig = Rig::new().await;
    rig.fault(fault(FaultKind::status(403)));
    let asked = RateArgs { from: currency("CAD"), to: currency("USD"), date: date(2026, 1, 1) };
    let error = rig.call::<GetExchangeRate>(asked).await.unwrap_err();
    assert_eq!(
        (error.error_type, error.hides.as_slice()),
        (ErrorType::Authorization, &[RecordKind::ExchangeRates][..])
    );
}

#[tokio::test]
async fn a_limit_that_lasts_longer_than_we_wait_is_reported_with_its_wish() {
    let rig = Rig::new().await;
    let refusal = Refusal { status: 429, retry_after_s: Some(3_600), ..Refusal::default() };
    rig.fault(fault(FaultKind::Status(refusal)));
    let error = rig.invoices(&["ACME-001"]).await.unwrap_err();
    assert_eq!((error.error_type, error.retry_after_ms), (ErrorType::RateLimit, Some(3_600_000)));
    assert_eq!(rig.calls(), 1);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once() {
    let rig = Rig::new().await;
    rig.invoices(&["ACME-001"]).await.unwrap();
    rig.simulator.expire_tokens();
    rig.invoices(&["ACME-001"]).await.unwrap();
    assert_eq!((rig.calls(), rig.simulator.calls().tokens(Vendor::NetSuite)), (3, 2));
}

#[tokio::test]
async fn many_calls_at_once_stay_within_our_share_of_the_account() {
    let options = Options { latency: std::time::Duration::from_millis(5), ..Options::default() };
    let rig = Rig::with(options, settings).await;
    let asked = (1..=28).map(|day| {
        rig.call::<GetExchangeRate>(RateArgs {
            from: currency("CAD"),
            to: currency("USD"),
            date: date(2026, 1, day),
        })
    });
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(rig.calls(), 28, "nothing was refused and repeated");
    let most = rig.simulator.calls().max_concurrency(Vendor::NetSuite);
    assert!(most <= 5, "{most} calls at once");
}

#[tokio::test]
async fn a_value_nobody_can_read_is_an_error_that_names_it() {
    let rig = Rig::new().await;
    let customer = json!([{"id": "70002", "entityId": "ODD-1", "externalId": "ODD-1"}]);
    let odd = |field: &str, value: &str| {
        let mut row = json!({
            "id": "600001", "tranId": "INV-ODD-1", "tranDate": "2026-01-01", "status": {"id": "Open", "refName": "Open"},
            "entity": {"id": "70002"}, "currency": {"id": "1", "refName": "US Dollar"}, "total": "10"
        });
        row[field] = json!(value);
        json!({"customer": customer, "invoice": [row]})
    };
    for (field, value, code) in [
        ("total", "10.001", "UNREADABLE_AMOUNT"),
        ("amountRemaining", "ten", "UNREADABLE_AMOUNT"),
        ("dueDate", "1/31/2026", "UNREADABLE_DATE"),
        ("currency", "99", "UNREADABLE_CURRENCY"),
    ] {
        rig.put_account("ODD-1", &odd(field, value)).await;
        let error = rig.invoices(&["ODD-1"]).await.unwrap_err();
        assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::Validation, code), "{field}");
        assert!(error.message.contains("Invoice INV-ODD-1"), "{error}");
        assert_eq!(error.hides, [RecordKind::Invoices]);
    }
}

#[tokio::test]
async fn one_unreadable_invoice_hides_nobody_elses() {
    let rig = Rig::new().await;
    let odd = json!({
        "id": "600001", "tranId": "INV-ODD-1", "tranDate": "2026-01-01", "status": {"id": "Open", "refName": "Open"},
        "entity": {"id": "70002"}, "currency": {"id": "1", "refName": "US Dollar"}, "total": "10.001"
    });
    let customer = json!([{"id": "70002", "entityId": "ODD-1", "externalId": "ODD-1"}]);
    rig.put_account("ODD-1", &json!({"customer": customer, "invoice": [odd]})).await;
    let account_ids = ["ACME-001", "ODD-1", "BETA-002"].map(account).to_vec();
    let found = rig.call::<GetInvoices>(InvoicesArgs { account_ids }).await.unwrap();
    let named: Vec<_> = found.invoices.iter().filter_map(|invoice| invoice.account_id.as_deref()).collect();
    assert_eq!(named, ["ACME-001", "BETA-002"]);
    let error = found.errors.first().unwrap();
    assert_eq!((found.errors.len(), error.error_code.as_str()), (1, "UNREADABLE_AMOUNT"));
    assert!(error.message.contains("Account ODD-1: Invoice INV-ODD-1"), "{error}");
    assert_eq!(error.hides, [RecordKind::Invoices]);
}
