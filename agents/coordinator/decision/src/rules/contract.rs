//! Rules of the contract as the CLM has it. Whether it belongs to this account is the chain's question.

use super::team;
use crate::Case;
use crate::rule::{Row, Sightings, absent, is_missing, lacks, seen, shown, text_seen};
use gangway_protocol::RecordKind;
use gangway_protocol::Severity::{Violation, Warning};
use gangway_protocol::Tier;

pub(super) const RULES: &[Row] = &[
    Row {
        id: "CON-001",
        severity: Violation,
        fires_when: "there is no contract",
        owner: team::LEGAL,
        resolution: "Create the contract in the CLM and send it for signature",
        check: not_found,
    },
    Row {
        id: "CON-002",
        severity: Violation,
        fires_when: "the status is not EXECUTED or SIGNED",
        owner: team::LEGAL,
        resolution: "Have the contract signed by everybody",
        check: not_executed,
    },
    Row {
        id: "CON-003",
        severity: Violation,
        fires_when: "the contract has no id",
        owner: team::DATA_ADMIN,
        resolution: "Check why the CLM gives the contract without its id",
        check: |case| lacks(case.contract(), "contract.id", |c| c.id.as_deref(), "The contract has no id."),
    },
    Row {
        id: "CON-004",
        severity: Violation,
        fires_when: "the expiry date is before the day judged by",
        owner: team::LEGAL,
        resolution: "Renew the contract",
        check: expired,
    },
    Row {
        id: "CON-101",
        severity: Warning,
        fires_when: "the contract has no effective date",
        owner: team::LEGAL,
        resolution: "Fill in the contract's effective date in the CLM",
        check: |case| {
            let without = case.contract().filter(|c| c.effective_date.is_none());
            let sighting = |_| absent("contract.effective_date", "The contract has no effective date.");
            without.map(sighting).into_iter().collect()
        },
    },
    Row {
        id: "CON-102",
        severity: Warning,
        fires_when: "the contract has no expiry date",
        owner: team::LEGAL,
        resolution: "Fill in the contract's expiry date in the CLM",
        check: |case| {
            let without = case.contract().filter(|c| c.expiry_date.is_none());
            let sighting = |_| absent("contract.expiry_date", "The contract has no expiry date.");
            without.map(sighting).into_iter().collect()
        },
    },
    Row {
        id: "CON-103",
        severity: Warning,
        fires_when: "a signatory has not signed, or the signatories are null",
        owner: team::LEGAL,
        resolution: "Remind the signatories who have not signed",
        check: unsigned,
    },
    Row {
        id: "CON-104",
        severity: Warning,
        fires_when: "the effective date is after the day judged by",
        owner: team::LEGAL,
        resolution: "Wait for the effective date, or agree on an earlier one",
        check: not_yet_effective,
    },
    Row {
        id: "CON-105",
        severity: Warning,
        fires_when: "the tier is not exactly Enterprise, Growth or Starter",
        owner: team::LEGAL,
        resolution: "Name the tier in the contract's key terms: Enterprise, Growth or Starter",
        check: tier_unknown,
    },
];

fn not_found(case: &Case<'_>) -> Sightings {
    if case.contract().is_some() || case.hides(RecordKind::Contract) {
        return Vec::new();
    }
    vec![absent("contract", "There is no contract for the account in the CLM.")]
}

fn not_executed(case: &Case<'_>) -> Sightings {
    let Some(contract) = case.contract().filter(|contract| !contract.is_executed()) else {
        return Vec::new();
    };
    let status = contract.status.as_deref();
    let word = status.unwrap_or_default().trim();
    let message = if word.is_empty() {
        "The contract has no status, so it is neither executed nor signed.".to_owned()
    } else {
        format!("The contract's status is \"{}\": it is neither executed nor signed.", shown(word))
    };
    vec![text_seen("contract.status", status, message)]
}

fn expired(case: &Case<'_>) -> Sightings {
    let expiry = case.contract().and_then(|contract| contract.expiry_date);
    let past = expiry.filter(|day| *day < case.as_of());
    past.map(|day| seen("contract.expiry_date", day, format!("The contract expired on {day}.")))
        .into_iter()
        .collect()
}

fn unsigned(case: &Case<'_>) -> Sightings {
    let Some(contract) = case.contract() else {
        return Vec::new();
    };
    let Some(signatories) = &contract.signatories else {
        return vec![absent("contract.signatories", "The CLM does not say who has to sign the contract.")];
    };
    let unsigned = signatories.iter().filter(|signatory| signatory.signed != Some(true)).count();
    if unsigned == 0 {
        return Vec::new();
    }
    let all = signatories.len();
    let message = format!("{unsigned} of {all} signatories have not signed the contract.");
    vec![seen("contract.signatories", format!("{unsigned} of {all} unsigned"), message)]
}

fn not_yet_effective(case: &Case<'_>) -> Sightings {
    let effective = case.contract().and_then(|contract| contract.effective_date);
    let future = effective.filter(|day| *day > case.as_of());
    future
        .map(|day| seen("contract.effective_date", day, format!("The contract takes effect only on {day}.")))
        .into_iter()
        .collect()
}

fn tier_unknown(case: &Case<'_>) -> Sightings {
    let Some(tier) = case.contract().map(|contract| contract.tier.as_deref()) else {
        return Vec::new();
    };
    if tier.and_then(Tier::named).is_some() {
        return Vec::new();
    }
    let message = match tier.filter(|tier| !is_missing(Some(tier))) {
        Some(tier) => {
            format!("The contract's tier \"{}\" is not Enterprise, Growth or Starter.", shown(tier))
        }
        None => "The contract names no tier.".to_owned(),
    };
    vec![text_seen("contract.tier", tier, message)]
}
