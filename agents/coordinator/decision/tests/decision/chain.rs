//! CHN rules.

use crate::support::{account, check, contract, fired, invoice, opportunity, sighting, spoiled, text};

#[test]
fn contract_and_invoices_must_name_this_account() {
    check(&[
        ("contract, salesforce id", |f| contract(f).account_id = text("0018Z00003ACMEQAA2"), &[]),
        ("contract, another", |f| contract(f).account_id = text("BETA-002"), &["CHN-001"]),
        ("contract, none", |f| contract(f).account_id = None, &["CHN-001"]),
        ("contract, blank", |f| contract(f).account_id = text(" "), &["CHN-001"]),
        ("invoice, salesforce id", |f| invoice(f).account_id = text("0018Z00003ACMEQAA2"), &[]),
        ("invoice, another", |f| invoice(f).account_id = text("BETA-002"), &["CHN-001"]),
        ("invoice, none", |f| invoice(f).account_id = None, &["CHN-001"]),
        (
            "both",
            |f| {
                contract(f).account_id = None;
                invoice(f).account_id = None;
            },
            &["CHN-001", "CHN-001"],
        ),
        (
            "an account without its own id is known by the id asked for only",
            |f| {
                account(f).id = text("");
                opportunity(f).account_id = text("ACME-001");
                contract(f).account_id = text("");
            },
            &["ACC-002", "CHN-001"],
        ),
    ]);
    let (field, value, message) =
        sighting(&spoiled(|f| contract(f).account_id = text("BETA-002")), "CHN-001");
    assert_eq!((field.as_str(), value.as_deref()), ("contract.account_id", Some("BETA-002")));
    assert_eq!(message, "The contract names another account.");
    let (field, value, message) = sighting(&spoiled(|f| invoice(f).account_id = None), "CHN-001");
    assert_eq!((field.as_str(), value), ("invoices[INV-2026-001].account_id", None));
    assert_eq!(message, "Invoice INV-2026-001 names no account.");
}

#[test]
fn a_missing_account_does_not_silence_the_chain() {
    check(&[
        ("named by the id asked for", |f| f.account = None, &["ACC-001"]),
        (
            "named by a Salesforce id that now nobody can confirm",
            |f| {
                f.account = None;
                contract(f).account_id = text("0018Z00003ACMEQAA2");
            },
            &["ACC-001", "CHN-001"],
        ),
    ]);
}

#[test]
fn the_contract_sold_is_the_contract_signed_where_both_ids_are_there() {
    check(&[
        ("another", |f| opportunity(f).contract_id = text("8008Z000000OTHERAA"), &["CHN-101"]),
        ("not linked", |f| opportunity(f).contract_id = None, &["OPP-103"]),
        ("blank", |f| opportunity(f).contract_id = text(" "), &["OPP-103"]),
        ("the CLM does not say", |f| contract(f).salesforce_contract_id = None, &[]),
        ("the CLM says blank", |f| contract(f).salesforce_contract_id = text(" "), &[]),
        ("no contract", |f| f.contract = None, &["CON-001"]),
    ]);
    let facts = spoiled(|f| opportunity(f).contract_id = text("8008Z000000OTHERAA"));
    let (field, value, _) = sighting(&facts, "CHN-101");
    assert_eq!((field.as_str(), value.as_deref()), ("opportunity.contract_id", Some("8008Z000000OTHERAA")));
}

#[test]
fn an_invoice_names_this_contract_where_both_ids_are_there() {
    check(&[
        ("another", |f| invoice(f).contract_id = text("CLM-CTR-999"), &["CHN-102"]),
        ("none", |f| invoice(f).contract_id = None, &[]),
        ("blank", |f| invoice(f).contract_id = text(" "), &[]),
        ("the contract has no id", |f| contract(f).id = None, &["CON-003"]),
        (
            "a voided one",
            |f| {
                invoice(f).contract_id = text("CLM-CTR-999");
                invoice(f).status = text("VOIDED");
            },
            &["INV-002"],
        ),
    ]);
    let facts = spoiled(|f| invoice(f).contract_id = text("CLM-CTR-999"));
    let (field, value, _) = sighting(&facts, "CHN-102");
    assert_eq!(
        (field.as_str(), value.as_deref()),
        ("invoices[INV-2026-001].contract_id", Some("CLM-CTR-999"))
    );
    assert!(fired(&facts).contains(&"CHN-102".to_owned()));
}
