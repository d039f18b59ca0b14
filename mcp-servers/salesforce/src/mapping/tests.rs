//! Salesforce's rows as facts: exact amounts, both spellings of an instant, and an error for what cannot be read.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
use super::{changed_at, contract, opportunity};
use crate::settings::{Schema, Settings};
use crate::wire::{ContractRow, OpportunityRow};
use serde_json::json;

fn schema() -> Schema {
    Settings::client_credentials("http://x", "ck", "cs".to_owned().into()).schema().unwrap()
}

fn row(fields: &str) -> OpportunityRow {
    serde_json::from_str(&format!("{{\"Id\":\"006A\",{fields}}}")).unwrap()
}

#[test]
fn amounts_are_read_exactly_from_the_number_as_sent() {
    for (fields, minor) in [
        (r#""Amount":150000.0"#, Some(15_000_000)),
        (r#""Amount":1.5E+5"#, Some(15_000_000)),
        (r#""Amount":0.07"#, Some(7)),
        (r#""Amount":null"#, None),
        (r#""StageName":"Closed Won""#, None),
    ] {
        let amount = opportunity(&row(fields), &schema()).unwrap().amount;
        assert_eq!(
            amount.map(|money| (money.minor, money.currency.code().to_owned())),
            minor.map(|m| (m, "USD".to_owned())),
            "{fields}"
        );
    }
}

#[test]
fn what_cannot_be_read_names_its_record_and_field() {
    for (fields, code, says) in [
        (r#""Amount":"150000""#, "UNREADABLE_AMOUNT", "Opportunity 006A: Amount"),
        (r#""Amount":1.005"#, "UNREADABLE_AMOUNT", "more fraction digits than USD"),
        (r#""CloseDate":"31.01.2026""#, "UNREADABLE_DATE", "Opportunity 006A: CloseDate"),
    ] {
        let error = opportunity(&row(fields), &schema()).unwrap_err();
        assert_eq!(error.code, code);
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn the_records_currency_counts_only_in_a_multi_currency_org() {
    let row = row(r#""Amount":10,"CurrencyIsoCode":"CAD""#);
    let mut schema = schema();
    assert_eq!(opportunity(&row, &schema).unwrap().amount.unwrap().currency.code(), "USD");
    schema.multi_currency = true;
    assert_eq!(opportunity(&row, &schema).unwrap().amount.unwrap().currency.code(), "CAD");
}

#[test]
fn reads_both_spellings_of_an_instant() {
    let same = ["2026-01-31T10:00:00.000+0000", "2026-01-31T10:00:00Z"]
        .map(|text| changed_at(&row(&format!(r#""SystemModstamp":"{text}""#))).unwrap());
    assert_eq!(same.first(), same.last());
    assert!(changed_at(&row(r#""SystemModstamp":null"#)).is_err());
}

#[test]
fn a_blank_date_is_missing() {
    let row: ContractRow =
        serde_json::from_value(json!({"Id": "800A", "StartDate": " ", "EndDate": null})).unwrap();
    let contract = contract(&row).unwrap();
    assert_eq!((contract.start_date, contract.end_date), (None, None));
}
