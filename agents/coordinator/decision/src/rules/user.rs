//! Rules of the account's owner. An account without an owner id is ACC-103 and silences this file.

use super::team;
use crate::Case;
use crate::rule::{Row, Sightings, absent, is_missing, lacks, seen, text_seen};
use gangway_protocol::RecordKind;
use gangway_protocol::Severity::{Violation, Warning};

pub(super) const RULES: &[Row] = &[
    Row {
        id: "USR-001",
        severity: Violation,
        fires_when: "the owner id is set but the owner is not found",
        owner: team::SALES_OPS,
        resolution: "Assign the account to an existing Salesforce user",
        check: not_found,
    },
    Row {
        id: "USR-002",
        severity: Violation,
        fires_when: "the owner is not active, or IsActive is null",
        owner: team::SALES_OPS,
        resolution: "Assign the account to an active Salesforce user, or reactivate this one",
        check: inactive,
    },
    Row {
        id: "USR-003",
        severity: Violation,
        fires_when: "the owner has no Id",
        owner: team::DATA_ADMIN,
        resolution: "Check why Salesforce gives the user without its Id",
        check: |case| lacks(case.owner(), "owner.id", |o| o.id.as_deref(), "The account's owner has no id."),
    },
    Row {
        id: "USR-004",
        severity: Violation,
        fires_when: "the owner has no Email",
        owner: team::IT,
        resolution: "Fill in the user's mail address in Salesforce",
        check: |case| {
            lacks(
                case.owner(),
                "owner.email",
                |o| o.email.as_ref().map(|email| email.0.as_str()),
                "The account's owner has no mail address.",
            )
        },
    },
    Row {
        id: "USR-005",
        severity: Violation,
        fires_when: "the owner has no ProfileId",
        owner: team::IT,
        resolution: "Assign a profile to the user in Salesforce",
        check: |case| {
            lacks(
                case.owner(),
                "owner.profile_id",
                |o| o.profile_id.as_deref(),
                "The account's owner has no Salesforce profile.",
            )
        },
    },
    Row {
        id: "USR-101",
        severity: Warning,
        fires_when: "the owner has no Title",
        owner: team::IT,
        resolution: "Fill in the user's title in Salesforce",
        check: |case| {
            lacks(case.owner(), "owner.title", |o| o.title.as_deref(), "The account's owner has no title.")
        },
    },
    Row {
        id: "USR-102",
        severity: Warning,
        fires_when: "the owner has no Department",
        owner: team::IT,
        resolution: "Fill in the user's department in Salesforce",
        check: |case| {
            lacks(
                case.owner(),
                "owner.department",
                |o| o.department.as_deref(),
                "The account's owner has no department.",
            )
        },
    },
    Row {
        id: "USR-103",
        severity: Warning,
        fires_when: "the owner has no ManagerId",
        owner: team::IT,
        resolution: "Fill in the user's manager in Salesforce",
        check: |case| {
            lacks(
                case.owner(),
                "owner.manager_id",
                |o| o.manager_id.as_deref(),
                "The account's owner has no manager.",
            )
        },
    },
];

fn not_found(case: &Case<'_>) -> Sightings {
    if case.facts().owner.is_some() || case.hides(RecordKind::Owner) {
        return Vec::new();
    }
    let owner_id = case.account().and_then(|account| account.owner_id.as_deref());
    if is_missing(owner_id) {
        return Vec::new();
    }
    let message = "The account's owner is no user in Salesforce.".to_owned();
    vec![text_seen("account.owner_id", owner_id, message)]
}

fn inactive(case: &Case<'_>) -> Sightings {
    match case.owner().map(|owner| owner.is_active) {
        None | Some(Some(true)) => Vec::new(),
        Some(Some(false)) => {
            vec![seen("owner.is_active", false, "The account's owner is not an active user.".to_owned())]
        }
        Some(None) => {
            vec![absent("owner.is_active", "Salesforce does not say whether the account's owner is active.")]
        }
    }
}
