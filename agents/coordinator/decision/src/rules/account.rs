//! Rules of the Salesforce account. They judge the record itself, not who owns it or what was sold to it.

use super::team;
use crate::Case;
use crate::rule::{Row, Sightings, absent, lacks, seen};
use gangway_protocol::RecordKind;
use gangway_protocol::Severity::{Violation, Warning};

pub(super) const RULES: &[Row] = &[
    Row {
        id: "ACC-001",
        severity: Violation,
        fires_when: "the account is not found",
        owner: team::SALES_OPS,
        resolution: "Create the account in Salesforce, or correct the account id of the request",
        check: not_found,
    },
    Row {
        id: "ACC-002",
        severity: Violation,
        fires_when: "the account has no Id",
        owner: team::DATA_ADMIN,
        resolution: "Check why Salesforce gives the account without its Id",
        check: |case| {
            lacks(case.account(), "account.id", |a| a.id.as_deref(), "The Salesforce account has no id.")
        },
    },
    Row {
        id: "ACC-003",
        severity: Violation,
        fires_when: "the account has no Name",
        owner: team::DATA_ADMIN,
        resolution: "Fill in the account's name in Salesforce",
        check: |case| {
            lacks(
                case.account(),
                "account.name",
                |a| a.name.as_deref(),
                "The Salesforce account has no name.",
            )
        },
    },
    Row {
        id: "ACC-004",
        severity: Violation,
        fires_when: "IsDeleted is true, or null",
        owner: team::SALES_OPS,
        resolution: "Restore the account from the Salesforce recycle bin, or use the account that replaced it",
        check: deleted,
    },
    Row {
        id: "ACC-101",
        severity: Warning,
        fires_when: "the account has no BillingCountry",
        owner: team::CS,
        resolution: "Fill in the billing country in Salesforce",
        check: |case| {
            lacks(
                case.account(),
                "account.billing_country",
                |a| a.billing_country.as_deref(),
                "The Salesforce account has no billing country.",
            )
        },
    },
    Row {
        id: "ACC-102",
        severity: Warning,
        fires_when: "the account has no Industry",
        owner: team::CS,
        resolution: "Fill in the industry in Salesforce",
        check: |case| {
            lacks(
                case.account(),
                "account.industry",
                |a| a.industry.as_deref(),
                "The Salesforce account has no industry.",
            )
        },
    },
    Row {
        id: "ACC-103",
        severity: Warning,
        fires_when: "the account has no OwnerId",
        owner: team::SALES_OPS,
        resolution: "Assign an owner to the account in Salesforce",
        check: |case| {
            lacks(
                case.account(),
                "account.owner_id",
                |a| a.owner_id.as_deref(),
                "The Salesforce account has no owner.",
            )
        },
    },
];

fn not_found(case: &Case<'_>) -> Sightings {
    if case.account().is_some() || case.hides(RecordKind::Account) {
        return Vec::new();
    }
    let id = &case.facts().account_id;
    vec![absent("account", format!("There is no account {id} in Salesforce."))]
}

fn deleted(case: &Case<'_>) -> Sightings {
    match case.account().map(|account| account.is_deleted) {
        None | Some(Some(false)) => Vec::new(),
        Some(Some(true)) => {
            vec![seen("account.is_deleted", true, "The account is deleted in Salesforce.".to_owned())]
        }
        Some(None) => {
            vec![absent("account.is_deleted", "Salesforce does not say whether the account is deleted.")]
        }
    }
}
