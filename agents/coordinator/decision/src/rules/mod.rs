//! The rules that come with Gangway, one file per domain: its table first, then a function for each check that is
//! more than a missing field.

mod account;
mod chain;
mod contract;
mod finance;
mod invoice;
mod opportunity;
mod user;

use crate::Rule;
use crate::rule::Row;
use gangway_protocol::Domain;

/// Who mends what: the teams as the findings name them.
mod team {
    pub(super) const CS: &str = "CS";
    pub(super) const DATA_ADMIN: &str = "Data Admin";
    pub(super) const FINANCE: &str = "Finance";
    pub(super) const IT: &str = "IT/DevOps";
    pub(super) const LEGAL: &str = "Legal";
    pub(super) const SALES_OPS: &str = "Sales Ops";
}

/// Every built-in rule, in the order in which findings are told.
pub(crate) fn builtin() -> Vec<Rule> {
    let domains: [(Domain, &[Row]); 7] = [
        (Domain::Account, account::RULES),
        (Domain::User, user::RULES),
        (Domain::Opportunity, opportunity::RULES),
        (Domain::Contract, contract::RULES),
        (Domain::Invoice, invoice::RULES),
        (Domain::Finance, finance::RULES),
        (Domain::Chain, chain::RULES),
    ];
    domains.iter().flat_map(|(domain, rows)| rows.iter().map(|row| row.rule(*domain))).collect()
}
