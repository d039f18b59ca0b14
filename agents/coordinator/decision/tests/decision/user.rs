//! USR rules.

use crate::support::{SetText, account, check, fired, owner, sighting, spoiled, text};
use gangway_protocol::redact::Personal;

#[test]
fn an_owner_id_must_lead_to_an_active_owner() {
    check(&[
        ("owner not found", |f| f.owner = None, &["USR-001"]),
        ("inactive", |f| owner(f).is_active = Some(false), &["USR-002"]),
        ("active is null", |f| owner(f).is_active = None, &["USR-002"]),
    ]);
    let found = sighting(&spoiled(|f| f.owner = None), "USR-001");
    assert_eq!((found.0.as_str(), found.1.as_deref()), ("account.owner_id", Some("0058Z000001OWNERAA")));
    assert_eq!(sighting(&spoiled(|f| owner(f).is_active = Some(false)), "USR-002").1, text("false"));
    assert_eq!(sighting(&spoiled(|f| owner(f).is_active = None), "USR-002").1, None);
}

#[test]
fn without_an_owner_id_only_that_is_said() {
    check(&[
        (
            "no owner either",
            |f| {
                account(f).owner_id = None;
                f.owner = None;
            },
            &["ACC-103"],
        ),
        (
            "a blank id, and a bad owner",
            |f| {
                account(f).owner_id = text("  ");
                f.owner = Some(gangway_protocol::facts::Owner::default());
            },
            &["ACC-103"],
        ),
    ]);
}

#[test]
fn a_missing_field_of_the_owner_is_null_or_blank() {
    let fields: [(&str, SetText); 6] = [
        ("USR-003", |f, v| owner(f).id = v),
        ("USR-004", |f, v| owner(f).email = v.map(Personal)),
        ("USR-005", |f, v| owner(f).profile_id = v),
        ("USR-101", |f, v| owner(f).title = v),
        ("USR-102", |f, v| owner(f).department = v),
        ("USR-103", |f, v| owner(f).manager_id = v),
    ];
    for (rule, set) in fields {
        for missing in [None, text(""), text("   ")] {
            assert_eq!(fired(&spoiled(|f| set(f, missing.clone()))), [rule], "{missing:?}");
        }
        assert!(fired(&spoiled(|f| set(f, text("x")))).is_empty(), "{rule}");
    }
}

#[test]
fn an_account_that_is_not_found_has_no_owner_to_judge() {
    let facts = spoiled(|f| {
        f.account = None;
        f.owner = Some(gangway_protocol::facts::Owner::default());
    });
    assert_eq!(fired(&facts), ["ACC-001"]);
}
