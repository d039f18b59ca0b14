//! Rules of the chain: whether the records of different systems belong to one deal. They look at ids only.

use super::invoice::{name, path};
use super::team;
use crate::Case;
use crate::case::Naming;
use crate::rule::{Row, Sighting, Sightings, is_missing, text_seen};
use gangway_protocol::Severity::{Violation, Warning};

pub(super) const RULES: &[Row] = &[
    Row {
        id: "CHN-001",
        severity: Violation,
        fires_when: "the contract or a live invoice names another account, or none",
        owner: team::DATA_ADMIN,
        resolution: "Correct the account the record names, in the system it comes from",
        check: foreign_records,
    },
    Row {
        id: "CHN-101",
        severity: Warning,
        fires_when: "the opportunity's ContractId is not the contract's Salesforce id; both are there",
        owner: team::SALES_OPS,
        resolution: "Link the opportunity to the contract that was signed",
        check: another_contract_sold,
    },
    Row {
        id: "CHN-102",
        severity: Warning,
        fires_when: "a live invoice names another contract; both ids are there",
        owner: team::FINANCE,
        resolution: "Correct the contract the invoice names in NetSuite",
        check: another_contract_invoiced,
    },
];

fn foreign_records(case: &Case<'_>) -> Sightings {
    let contract = case.contract().and_then(|contract| {
        foreign(case, "contract.account_id".to_owned(), "The contract", contract.account_id.as_deref())
    });
    let invoices = case.live_invoices().filter_map(|s| {
        let field = path(s.invoice, "account_id");
        foreign(case, field, &name(s.invoice), s.invoice.account_id.as_deref())
    });
    contract.into_iter().chain(invoices).collect()
}

fn foreign(case: &Case<'_>, field: String, record: &str, account_id: Option<&str>) -> Option<Sighting> {
    let message = match case.naming(account_id) {
        Naming::This | Naming::Hidden => return None,
        Naming::Another => format!("{record} names another account."),
        Naming::Nobody => format!("{record} names no account."),
    };
    Some(text_seen(field, account_id, message))
}

/// Both ids, where both are there and differ.
fn differing<'a>(one: Option<&'a str>, other: Option<&'a str>) -> Option<(&'a str, &'a str)> {
    let present = |id: Option<&'a str>| id.filter(|id| !is_missing(Some(id)));
    let (one, other) = (present(one)?, present(other)?);
    (one != other).then_some((one, other))
}

fn another_contract_sold(case: &Case<'_>) -> Sightings {
    let sold = case.facts().opportunity.as_ref().and_then(|o| o.contract_id.as_deref());
    let signed = case.contract().and_then(|c| c.salesforce_contract_id.as_deref());
    let message = || "The opportunity is linked to another contract than the one in the CLM.".to_owned();
    differing(sold, signed)
        .map(|(sold, _)| text_seen("opportunity.contract_id", Some(sold), message()))
        .into_iter()
        .collect()
}

fn another_contract_invoiced(case: &Case<'_>) -> Sightings {
    let contract = case.contract().and_then(|contract| contract.id.as_deref());
    case.live_invoices()
        .filter_map(|s| {
            let (named, _) = differing(s.invoice.contract_id.as_deref(), contract)?;
            let message = format!("{} names another contract than the one in the CLM.", name(s.invoice));
            Some(text_seen(path(s.invoice, "contract_id"), Some(named), message))
        })
        .collect()
}
