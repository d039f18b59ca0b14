//! What is asked for, and that nothing in a literal becomes syntax.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
use super::{AccountKey, literal};
use crate::settings::{Schema, Settings};
use gangway_protocol::AccountId;

fn schema() -> Schema {
    Settings::client_credentials("http://x", "ck", "cs".to_owned().into()).schema().unwrap()
}

fn key(id: &str) -> AccountKey {
    AccountKey::of(&AccountId::parse(id).unwrap())
}

#[test]
fn nothing_in_a_literal_becomes_syntax() {
    for (text, quoted) in [
        ("ACME-001", r"'ACME-001'"),
        ("O'Brien", r"'O\'Brien'"),
        (r"\' OR Name != \'", r"'\\\' OR Name != \\\''"),
        ("a\nb\r\tc", r"'a\nb\r\tc'"),
        ("100%_", "'100%_'"),
        ("", "''"),
    ] {
        assert_eq!(literal(text), quoted);
    }
}

#[test]
fn a_business_id_is_looked_up_by_the_external_id_field() {
    assert!(schema().account(&key("ACME-001")).contains("WHERE Account_External_Id__c = 'ACME-001'"));
    assert!(
        schema().newest_won(&key("ACME-001")).contains(
            "WHERE Account.Account_External_Id__c = 'ACME-001' AND StageName = 'Closed Won' ORDER BY"
        )
    );
}

#[test]
fn a_salesforce_id_is_looked_up_as_itself() {
    assert!(schema().account(&key("001D000000IRFmaIAH")).contains("WHERE Id = '001D000000IRFmaIAH'"));
    assert!(
        schema().newest_opportunity(&key("001D000000IRFma")).contains("WHERE AccountId = '001D000000IRFma'")
    );
}

#[test]
fn many_accounts_are_one_query_of_both_kinds() {
    let soql = schema().accounts(&[key("A-1"), key("001D000000IRFma"), key("B-2")]);
    assert!(
        soql.ends_with("WHERE Id IN ('001D000000IRFma') OR Account_External_Id__c IN ('A-1','B-2')"),
        "{soql}"
    );
}

#[test]
fn the_currency_is_asked_for_only_where_it_exists() {
    let mut schema = schema();
    assert!(!schema.newest_won(&key("A-1")).contains("CurrencyIsoCode"));
    schema.multi_currency = true;
    assert!(schema.newest_won(&key("A-1")).contains("Amount, CurrencyIsoCode"));
}
