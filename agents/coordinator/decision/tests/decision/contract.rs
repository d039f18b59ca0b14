//! CON rules.

use crate::support::{check, contract, fired, sighting, spoiled, text};
use gangway_protocol::facts::Signatory;
use jiff::civil::date;

#[test]
fn an_account_without_contract_blocks_and_nothing_else_is_said() {
    check(&[("none", |f| f.contract = None, &["CON-001"])]);
}

#[test]
fn the_status_must_be_executed_or_signed_after_trimming_and_upper_casing() {
    for good in ["EXECUTED", "SIGNED", "executed", "  Signed\n"] {
        assert!(fired(&spoiled(|f| contract(f).status = text(good))).is_empty(), "{good:?}");
    }
    for bad in
        ["SENT", "PENDING_SIGNATURE", "VOIDED", "DRAFT", "EXECUTED!", "FULLY EXECUTED", "", " ", "ſigned"]
    {
        assert_eq!(fired(&spoiled(|f| contract(f).status = text(bad))), ["CON-002"], "{bad:?}");
    }
    assert_eq!(fired(&spoiled(|f| contract(f).status = None)), ["CON-002"]);
    let (field, value, message) = sighting(&spoiled(|f| contract(f).status = text(" Sent ")), "CON-002");
    assert_eq!((field.as_str(), value.as_deref()), ("contract.status", Some("Sent")));
    assert_eq!(message, "The contract's status is \"Sent\": it is neither executed nor signed.");
    let (_, value, message) = sighting(&spoiled(|f| contract(f).status = text(" ")), "CON-002");
    assert_eq!(value, None);
    assert_eq!(message, "The contract has no status, so it is neither executed nor signed.");
}

#[test]
fn the_contract_needs_an_id() {
    for missing in [None, text(" ")] {
        assert_eq!(fired(&spoiled(|f| contract(f).id = missing.clone())), ["CON-003"]);
    }
}

#[test]
fn the_day_of_expiry_is_still_valid() {
    check(&[
        ("day before", |f| contract(f).expiry_date = Some(date(2026, 1, 14)), &["CON-004"]),
        ("the day", |f| contract(f).expiry_date = Some(date(2026, 1, 15)), &[]),
        ("day after", |f| contract(f).expiry_date = Some(date(2026, 1, 16)), &[]),
        ("no expiry", |f| contract(f).expiry_date = None, &["CON-102"]),
    ]);
}

#[test]
fn the_effective_day_is_in_force() {
    check(&[
        ("day before", |f| contract(f).effective_date = Some(date(2026, 1, 14)), &[]),
        ("the day", |f| contract(f).effective_date = Some(date(2026, 1, 15)), &[]),
        ("day after", |f| contract(f).effective_date = Some(date(2026, 1, 16)), &["CON-104"]),
        ("no effective date", |f| contract(f).effective_date = None, &["CON-101"]),
    ]);
}

#[test]
fn every_signatory_must_have_signed() {
    check(&[
        ("null", |f| contract(f).signatories = None, &["CON-103"]),
        ("nobody has to sign", |f| contract(f).signatories = Some(Vec::new()), &[]),
        ("one unsigned", |f| contract(f).signatories.as_mut().unwrap()[1].signed = Some(false), &["CON-103"]),
        ("one unknown", |f| contract(f).signatories.as_mut().unwrap()[0].signed = None, &["CON-103"]),
        ("all unsigned", |f| contract(f).signatories = Some(vec![Signatory::default(); 3]), &["CON-103"]),
    ]);
    let one = spoiled(|f| contract(f).signatories.as_mut().unwrap()[1].signed = Some(false));
    let (field, value, message) = sighting(&one, "CON-103");
    assert_eq!((field.as_str(), value.as_deref()), ("contract.signatories", Some("1 of 2 unsigned")));
    assert_eq!(message, "1 of 2 signatories have not signed the contract.");
}

#[test]
fn the_tier_must_be_one_of_three_exactly() {
    for good in ["Enterprise", "Growth", "Starter"] {
        assert!(fired(&spoiled(|f| contract(f).tier = text(good))).is_empty(), "{good}");
    }
    for bad in ["enterprise", "Enterprise ", "GROWTH", "Premium", "", " "] {
        assert_eq!(fired(&spoiled(|f| contract(f).tier = text(bad))), ["CON-105"], "{bad:?}");
    }
    assert_eq!(fired(&spoiled(|f| contract(f).tier = None)), ["CON-105"]);
    let (_, value, message) = sighting(&spoiled(|f| contract(f).tier = text("Premium")), "CON-105");
    assert_eq!(value.as_deref(), Some("Premium"));
    assert_eq!(message, "The contract's tier \"Premium\" is not Enterprise, Growth or Starter.");
    let (_, value, message) = sighting(&spoiled(|f| contract(f).tier = text(" ")), "CON-105");
    assert_eq!((value, message.as_str()), (None, "The contract names no tier."));
}
