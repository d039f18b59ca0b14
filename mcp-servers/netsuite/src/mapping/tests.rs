//! NetSuite's rows as facts: exact amounts, and an error for what cannot be read.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
use super::{exchange_rate, invoice, status};
use crate::wire::{InvoiceRow, RateRow};
use gangway_protocol::{Currency, Money};
use jiff::civil::date;
use serde_json::json;

fn row(fields: serde_json::Value) -> InvoiceRow {
    let mut all = json!({"tranid": "INV-1", "currency": "USD"});
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_str(&all.to_string()).unwrap()
}

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

#[test]
fn statuses_become_the_facts_words() {
    for (shown, word) in [
        ("Invoice : Paid In Full", "PAID"),
        ("Invoice : Open", "OPEN"),
        ("Invoice : Pending Approval", "PENDING_APPROVAL"),
        ("Invoice : Rejected", "VOIDED"),
        ("Invoice : Voided", "VOIDED"),
        ("Invoice : Cancelled", "CANCELLED"),
        ("Open", "OPEN"),
        ("Invoice : Under Review", "Under Review"),
        ("", ""),
    ] {
        assert_eq!(status(shown), word, "{shown}");
    }
}

#[test]
fn amounts_are_exact_in_the_rows_currency() {
    for (text, minor) in [("150000", 15_000_000), ("84750.5", 8_475_050), (".07", 7), ("-.5", -50), ("0", 0)]
    {
        let total = invoice(&row(json!({"foreigntotal": text}))).unwrap().total;
        assert_eq!(total, Some(Money { minor, currency: usd() }), "{text}");
    }
}

#[test]
fn missing_and_blank_values_are_missing() {
    let invoice =
        invoice(&row(json!({"foreigntotal": "", "due": " ", "foreignamountunpaid": null}))).unwrap();
    assert_eq!((invoice.total, invoice.amount_remaining, invoice.due_date), (None, None, None));
    assert_eq!(invoice.status, None);
}

#[test]
fn what_cannot_be_read_names_invoice_and_field() {
    for (fields, code, says) in [
        (json!({"foreigntotal": "1.005"}), "UNREADABLE_AMOUNT", "Invoice INV-1: foreigntotal"),
        (json!({"foreignamountunpaid": "abc"}), "UNREADABLE_AMOUNT", "Invoice INV-1: foreignamountunpaid"),
        (json!({"foreigntotal": "1", "currency": null}), "UNREADABLE_CURRENCY", "Invoice INV-1: currency"),
        (
            json!({"foreigntotal": "1", "currency": "Dollar"}),
            "UNREADABLE_CURRENCY",
            "Invoice INV-1: currency",
        ),
        (json!({"due": "1/31/2026"}), "UNREADABLE_DATE", "Invoice INV-1: duedate"),
    ] {
        let error = invoice(&row(fields)).unwrap_err();
        assert_eq!(error.code, code);
        assert!(error.to_string().starts_with(says), "{error}");
    }
}

#[test]
fn a_rate_is_the_exact_decimal_sent() {
    let cad = Currency::parse("CAD").unwrap();
    let read = |rate: &str| {
        let row = RateRow { exchangerate: Some(rate.to_owned()), effective: Some("2026-01-01".to_owned()) };
        exchange_rate(&row, cad, usd())
    };
    let rate = read(".7368").unwrap();
    assert_eq!((rate.rate.as_str(), rate.date), ("0.7368", date(2026, 1, 1)));
    assert_eq!(read("0").unwrap_err().code, "UNREADABLE_RATE");
    assert_eq!(exchange_rate(&RateRow::default(), cad, usd()).unwrap_err().code, "UNREADABLE_RATE");
}
