//! Rules of the opportunity. An account that was not found silences this file: there is nothing to look it up by.

use super::team;
use crate::Case;
use crate::case::Naming;
use crate::rule::{Row, Sightings, absent, is_missing, lacks, shown, text_seen};
use gangway_protocol::RecordKind;
use gangway_protocol::Severity::{Violation, Warning};

/// The stage that allows an onboarding; Salesforce's own label, compared exactly.
const CLOSED_WON: &str = "Closed Won";

pub(super) const RULES: &[Row] = &[
    Row {
        id: "OPP-001",
        severity: Violation,
        fires_when: "the account has no opportunity",
        owner: team::SALES_OPS,
        resolution: "Create the opportunity in Salesforce, or link it to the account",
        check: not_found,
    },
    Row {
        id: "OPP-002",
        severity: Violation,
        fires_when: "the stage is not exactly Closed Won",
        owner: team::SALES_OPS,
        resolution: "Close the opportunity as won in Salesforce before onboarding",
        check: not_won,
    },
    Row {
        id: "OPP-003",
        severity: Violation,
        fires_when: "the opportunity has no Id",
        owner: team::DATA_ADMIN,
        resolution: "Check why Salesforce gives the opportunity without its Id",
        check: |case| {
            lacks(case.opportunity(), "opportunity.id", |o| o.id.as_deref(), "The opportunity has no id.")
        },
    },
    Row {
        id: "OPP-004",
        severity: Violation,
        fires_when: "the opportunity has no AccountId",
        owner: team::SALES_OPS,
        resolution: "Link the opportunity to its account in Salesforce",
        check: |case| {
            lacks(
                case.opportunity(),
                "opportunity.account_id",
                |o| o.account_id.as_deref(),
                "The opportunity is linked to no account.",
            )
        },
    },
    Row {
        id: "OPP-005",
        severity: Violation,
        fires_when: "the AccountId is another account's",
        owner: team::SALES_OPS,
        resolution: "Link the opportunity to the right account, or request the onboarding with the right opportunity",
        check: of_another_account,
    },
    Row {
        id: "OPP-101",
        severity: Warning,
        fires_when: "the opportunity has no Amount",
        owner: team::SALES_OPS,
        resolution: "Fill in the opportunity's amount in Salesforce",
        check: |case| {
            let without = case.opportunity().filter(|o| o.amount.is_none());
            without
                .map(|_| absent("opportunity.amount", "The opportunity has no amount."))
                .into_iter()
                .collect()
        },
    },
    Row {
        id: "OPP-102",
        severity: Warning,
        fires_when: "the opportunity has no CloseDate",
        owner: team::SALES_OPS,
        resolution: "Fill in the opportunity's close date in Salesforce",
        check: |case| {
            let without = case.opportunity().filter(|o| o.close_date.is_none());
            let sighting = |_| absent("opportunity.close_date", "The opportunity has no close date.");
            without.map(sighting).into_iter().collect()
        },
    },
    Row {
        id: "OPP-103",
        severity: Warning,
        fires_when: "the opportunity has no ContractId",
        owner: team::SALES_OPS,
        resolution: "Link the opportunity to its contract in Salesforce",
        check: |case| {
            lacks(
                case.opportunity(),
                "opportunity.contract_id",
                |o| o.contract_id.as_deref(),
                "The opportunity is linked to no contract.",
            )
        },
    },
];

fn not_found(case: &Case<'_>) -> Sightings {
    let looked_up = case.account().is_some() && !case.hides(RecordKind::Opportunity);
    if case.facts().opportunity.is_some() || !looked_up {
        return Vec::new();
    }
    vec![absent("opportunity", "The account has no opportunity in Salesforce.")]
}

fn not_won(case: &Case<'_>) -> Sightings {
    let Some(stage) = case.opportunity().map(|opportunity| opportunity.stage.as_deref()) else {
        return Vec::new();
    };
    if stage == Some(CLOSED_WON) {
        return Vec::new();
    }
    let message = match stage.filter(|stage| !is_missing(Some(stage))) {
        Some(stage) => format!("The opportunity's stage is \"{}\", not {CLOSED_WON}.", shown(stage)),
        None => format!("The opportunity has no stage, so it is not {CLOSED_WON}."),
    };
    vec![text_seen("opportunity.stage", stage, message)]
}

fn of_another_account(case: &Case<'_>) -> Sightings {
    let account_id = case.opportunity().and_then(|opportunity| opportunity.account_id.as_deref());
    match case.naming(account_id) {
        Naming::This | Naming::Nobody | Naming::Hidden => Vec::new(),
        Naming::Another => {
            let message = "The opportunity belongs to another account.".to_owned();
            vec![text_seen("opportunity.account_id", account_id, message)]
        }
    }
}
