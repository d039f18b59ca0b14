//! ACC rules.

use crate::support::{SetText, account, check, fired, sighting, spoiled, text};

#[test]
fn a_missing_account_blocks_and_silences_owner_and_opportunity() {
    check(&[
        ("not found", |f| f.account = None, &["ACC-001"]),
        (
            "not found, nor anything that hangs on it",
            |f| {
                f.account = None;
                f.owner = None;
                f.opportunity = None;
            },
            &["ACC-001"],
        ),
    ]);
}

#[test]
fn a_missing_field_of_the_account_is_null_or_blank() {
    let fields: [(&str, SetText); 5] = [
        ("ACC-002", |f, v| account(f).id = v),
        ("ACC-003", |f, v| account(f).name = v),
        ("ACC-101", |f, v| account(f).billing_country = v),
        ("ACC-102", |f, v| account(f).industry = v),
        ("ACC-103", |f, v| account(f).owner_id = v),
    ];
    for (rule, set) in fields {
        for missing in [None, text(""), text(" \t\n\u{a0}")] {
            let fired = fired(&spoiled(|f| set(f, missing.clone())));
            // Without its own id the account no longer recognises the opportunity that names it by that id.
            let expected: &[&str] = if rule == "ACC-002" { &["ACC-002", "OPP-005"] } else { &[rule] };
            assert_eq!(fired, expected, "{missing:?}");
        }
        assert!(!fired(&spoiled(|f| set(f, text(" x ")))).contains(&rule.to_owned()), "{rule}");
    }
}

#[test]
fn a_deleted_account_blocks_null_included() {
    check(&[
        ("deleted", |f| account(f).is_deleted = Some(true), &["ACC-004"]),
        ("null", |f| account(f).is_deleted = None, &["ACC-004"]),
        ("not deleted", |f| account(f).is_deleted = Some(false), &[]),
    ]);
    let deleted = sighting(&spoiled(|f| account(f).is_deleted = Some(true)), "ACC-004");
    assert_eq!(deleted.1, text("true"));
    assert_eq!(sighting(&spoiled(|f| account(f).is_deleted = None), "ACC-004").1, None);
}

#[test]
fn the_account_asked_for_is_named() {
    let (field, value, message) = sighting(&spoiled(|f| f.account = None), "ACC-001");
    assert_eq!((field.as_str(), value), ("account", None));
    assert_eq!(message, "There is no account ACME-001 in Salesforce.");
}
