//! What the tools make of NetSuite's records, and with how many calls.

use crate::rig::{Rig, account, currency, money, outbound, settings, signed_settings};
use gangway_protocol::facts::Invoice;
use gangway_protocol::tools::netsuite::{GetExchangeRate, GetInvoice, InvoiceArgs, RateArgs};
use gangway_simulator::{Fault, FaultKind, Options, Simulator, Vendor};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

const TODAY: Date = date(2026, 3, 31);

fn on_a_day() -> Options {
    Options { today: Some(TODAY), ..Options::default() }
}

#[tokio::test]
async fn an_invoice_is_complete_after_one_call() {
    let rig = Rig::with(on_a_day(), settings).await;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        rig.invoices(&["GAMMA-003"]).await.unwrap(),
        [Invoice {
            id: text("INV-2023-089"),
            account_id: text("GAMMA-003"),
            contract_id: text("CLM-CTR-003"),
            status: text("OPEN"),
            total: money(2_500_000, "USD"),
            amount_remaining: money(2_500_000, "USD"),
            invoice_date: Some(date(2026, 2, 4)),
            due_date: Some(date(2026, 3, 6)),
        }]
    );
    assert_eq!(rig.calls(), 1);
}

#[tokio::test]
async fn statuses_and_currencies_are_the_facts_own() {
    let rig = Rig::new().await;
    let invoices =
        rig.invoices(&["ACME-001", "BETA-002", "DELETED-004", "FOREX-005", "MISSING-999"]).await.unwrap();
    let read: Vec<_> = invoices
        .iter()
        .map(|invoice| {
            (invoice.account_id.as_deref().unwrap(), invoice.status.as_deref().unwrap(), invoice.total)
        })
        .collect();
    assert_eq!(
        read,
        [
            ("ACME-001", "PAID", money(15_000_000, "USD")),
            ("BETA-002", "OPEN", money(8_475_000, "CAD")),
            ("DELETED-004", "PENDING_APPROVAL", money(5_000_000, "USD")),
            ("FOREX-005", "PAID", money(14_500_000, "CAD")),
        ]
    );
    assert_eq!(rig.calls(), 1);
}

#[tokio::test]
async fn two_hundred_accounts_are_one_call_in_the_order_asked() {
    let rig = Rig::with(Options { synthetic: 200, ..Options::default() }, settings).await;
    let ids: Vec<String> = (1..=200).rev().map(|n| format!("SYN-{n:06}")).collect();
    let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
    let invoices = rig.invoices(&asked).await.unwrap();
    let accounts: Vec<&str> = invoices.iter().filter_map(|invoice| invoice.account_id.as_deref()).collect();
    assert_eq!(accounts, asked);
    assert_eq!(rig.calls(), 1);
}

fn invoice_row(number: u32, account: u32) -> Value {
    json!({
        "id": (500_000 + number).to_string(), "tranId": format!("INV-MANY-{number:04}"), "tranDate": "2026-01-01",
        "status": {"id": "Open", "refName": "Open"}, "entity": {"id": account.to_string()},
        "currency": {"id": "1", "refName": "US Dollar"}, "total": 0.07, "amountRemaining": 0.07
    })
}

#[tokio::test]
async fn an_account_with_more_invoices_than_a_page_gets_them_all() {
    let rig = Rig::new().await;
    let invoices: Vec<Value> = (0..1_200).map(|number| invoice_row(number, 70_001)).collect();
    let customer = json!([{"id": "70001", "entityId": "MANY-1", "externalId": "MANY-1"}]);
    rig.put_account("MANY-1", &json!({"customer": customer, "invoice": invoices})).await;
    let found = rig.invoices(&["MANY-1"]).await.unwrap();
    assert_eq!(found.len(), 1_200);
    assert!(found.iter().all(|invoice| invoice.total == money(7, "USD")));
    let mut ids: Vec<_> = found.iter().map(|invoice| invoice.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), rig.calls()), (1_200, 2));
}

#[tokio::test]
async fn a_query_that_breaks_off_asks_again_only_for_whom_its_pages_did_not_give_whole() {
    let rig = Rig::new().await;
    for (id, customer, numbers) in [("MANY-1", 70_001, 0..700), ("MANY-2", 70_002, 700..1_400)] {
        let invoices: Vec<Value> = numbers.map(|number| invoice_row(number, customer)).collect();
        let customer = json!([{"id": customer.to_string(), "entityId": id, "externalId": id}]);
        rig.put_account(id, &json!({"customer": customer, "invoice": invoices})).await;
    }
    // By this seed the first request passes and the second, the second page, does not.
    let cut =
        Fault::new(Vendor::NetSuite, FaultKind::status(503)).with_probability(0.5).with_seed(0).times(1);
    rig.fault(cut);
    let found = rig.invoices(&["ACME-001", "MANY-1", "MANY-2"]).await.unwrap();
    let of = |id| found.iter().filter(|invoice| invoice.account_id.as_deref() == Some(id)).count();
    assert_eq!((of("ACME-001"), of("MANY-1"), of("MANY-2")), (1, 700, 700));
    assert_eq!(rig.calls(), 3, "two pages, and the account the second page cut in two");
}

#[tokio::test]
async fn one_invoice_is_found_by_number_or_as_the_newest() {
    let rig = Rig::new().await;
    let by = |number: Option<&str>, id: Option<&str>| InvoiceArgs {
        invoice_id: number.map(str::to_owned),
        account_id: id.map(account),
    };
    let found = rig.call::<GetInvoice>(by(Some("INV-2024-002"), None)).await.unwrap().invoice.unwrap();
    assert_eq!(found.account_id.as_deref(), Some("BETA-002"));
    let found = rig.call::<GetInvoice>(by(None, Some("ACME-001"))).await.unwrap().invoice.unwrap();
    assert_eq!(found.status.as_deref(), Some("PAID"));
    for number in ["INV-9999-999", "INV-2024-002' OR '1'='1", "\\'", "%", "a\nb"] {
        assert_eq!(rig.call::<GetInvoice>(by(Some(number), None)).await.unwrap().invoice, None, "{number}");
    }
    assert_eq!(rig.call::<GetInvoice>(by(None, Some("MISSING-999"))).await.unwrap().invoice, None);
    for both_or_none in [by(None, None), by(Some("INV-2024-002"), Some("ACME-001"))] {
        let error = rig.call::<GetInvoice>(both_or_none).await.unwrap_err();
        assert_eq!(error.error_code, "INVALID_ARGUMENTS");
    }
}

#[tokio::test]
async fn a_rate_is_the_newest_direct_one_on_or_before_the_day() {
    let rig = Rig::with(on_a_day(), settings).await;
    let ask = |from: &str, to: &str, date: Date| RateArgs { from: currency(from), to: currency(to), date };
    let day = |days: i64| TODAY.saturating_sub(jiff::ToSpan::days(days));
    for (from, to, asked, rate, of) in [
        ("CAD", "USD", day(20), "0.7368", day(60)),
        ("CAD", "USD", day(60), "0.7368", day(60)),
        ("CAD", "USD", day(61), "0.7352", day(120)),
        ("USD", "CAD", day(0), "1.3512", day(5)),
    ] {
        let found = rig.call::<GetExchangeRate>(ask(from, to, asked)).await.unwrap().rate.unwrap();
        assert_eq!((found.rate.as_str(), found.date), (rate, of), "{from} {to} {asked}");
    }
    for (from, to, asked) in [("CAD", "USD", day(121)), ("EUR", "CAD", day(0)), ("USD", "EUR", day(0))] {
        let found = rig.call::<GetExchangeRate>(ask(from, to, asked)).await.unwrap();
        assert_eq!(found.rate, None, "{from} {to} {asked}");
    }
    assert_eq!(rig.calls(), 7);
}

#[tokio::test]
async fn every_login_is_accepted_and_check_says_so() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let login = simulator.credentials().netsuite;
    let mut with_rsa_key = settings(&simulator);
    with_rsa_key.certificate_id = Some(login.rsa_certificate_id);
    with_rsa_key.private_key_pem = Some(login.rsa_private_key_pem.into());
    for settings in [settings(&simulator), with_rsa_key, signed_settings(&simulator)] {
        let said = gangway_netsuite::check(&settings, outbound()).await.unwrap();
        assert!(said.starts_with("credentials accepted"), "{said}");
    }
    assert_eq!(simulator.calls().tokens(Vendor::NetSuite), 2, "signed requests need no token");
    let mut wrong = signed_settings(&simulator);
    wrong.token_secret = Some("wrong-hush".to_owned().into());
    let error = gangway_netsuite::check(&wrong, outbound()).await.unwrap_err();
    assert_eq!((error.error_type.name(), error.error_code.as_str()), ("authentication", "INVALID_LOGIN"));
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[tokio::test]
async fn signed_requests_read_like_any_other() {
    let rig = Rig::with(Options::default(), signed_settings).await;
    assert_eq!(rig.invoices(&["ACME-001"]).await.unwrap().len(), 1);
    assert_eq!(rig.invoices(&["BETA-002"]).await.unwrap().len(), 1);
}
