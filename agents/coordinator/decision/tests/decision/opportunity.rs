//! OPP rules.

use crate::support::{SetText, check, fired, opportunity, sighting, spoiled, text};
use gangway_protocol::facts::Opportunity;

#[test]
fn the_stage_must_be_closed_won_exactly() {
    for stage in
        ["Negotiation", "closed won", "Closed Won ", "CLOSED WON", "ClosedWon", "Closed Lost", "", "  "]
    {
        assert_eq!(fired(&spoiled(|f| opportunity(f).stage = text(stage))), ["OPP-002"], "{stage:?}");
    }
    assert_eq!(fired(&spoiled(|f| opportunity(f).stage = None)), ["OPP-002"]);
    let (field, value, message) =
        sighting(&spoiled(|f| opportunity(f).stage = text("Negotiation")), "OPP-002");
    assert_eq!((field.as_str(), value.as_deref()), ("opportunity.stage", Some("Negotiation")));
    assert_eq!(message, "The opportunity's stage is \"Negotiation\", not Closed Won.");
    for blank in [None, text(" ")] {
        let (_, value, message) = sighting(&spoiled(|f| opportunity(f).stage = blank.clone()), "OPP-002");
        assert_eq!(
            (value, message.as_str()),
            (None, "The opportunity has no stage, so it is not Closed Won.")
        );
    }
}

#[test]
fn an_account_without_opportunity_blocks() {
    check(&[("none", |f| f.opportunity = None, &["OPP-001"])]);
}

#[test]
fn a_missing_field_of_the_opportunity_is_null_or_blank() {
    let fields: [(&str, SetText); 3] = [
        ("OPP-003", |f, v| opportunity(f).id = v),
        ("OPP-004", |f, v| opportunity(f).account_id = v),
        ("OPP-103", |f, v| opportunity(f).contract_id = v),
    ];
    for (rule, set) in fields {
        for missing in [None, text(""), text(" ")] {
            assert_eq!(fired(&spoiled(|f| set(f, missing.clone()))), [rule], "{missing:?}");
        }
    }
    check(&[
        ("no amount", |f| opportunity(f).amount = None, &["OPP-101"]),
        ("no close date", |f| opportunity(f).close_date = None, &["OPP-102"]),
    ]);
}

#[test]
fn the_opportunity_must_name_this_account_by_either_id() {
    check(&[
        ("salesforce id", |f| opportunity(f).account_id = text("0018Z00003ACMEQAA2"), &[]),
        ("business id", |f| opportunity(f).account_id = text("ACME-001"), &[]),
        ("another", |f| opportunity(f).account_id = text("0018Z00003OTHERAA2"), &["OPP-005"]),
        ("ids are compared exactly", |f| opportunity(f).account_id = text("acme-001"), &["OPP-005"]),
        ("untrimmed", |f| opportunity(f).account_id = text("ACME-001 "), &["OPP-005"]),
    ]);
}

#[test]
fn an_account_that_is_not_found_has_no_opportunity_to_judge() {
    let facts = spoiled(|f| {
        f.account = None;
        f.opportunity = Some(Opportunity::default());
    });
    assert_eq!(fired(&facts), ["ACC-001"]);
}
