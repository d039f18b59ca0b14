//! Sample facts every added rule is tried on when it is read: complete ones, on which it must be judgeable, and ones
//! with gaps and great length, on which it may not be.
//!
//! The samples are scenarios of this room.

use crate::Case;
use crate::RuleSet;
use crate::expression::Expression;
use gangway_protocol::Facts;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use std::iter;

/// Names of what is tried, the complete account first.
const SAMPLES: [(&str, &str); 8] = [
    ("a complete account", include_str!("../../scenarios/healthy.json")),
    ("an account of which nothing is known", include_str!("../../scenarios/everything-missing.json")),
    ("an account that is not found", include_str!("../../scenarios/account-not-found.json")),
    ("an account without an owner", include_str!("../../scenarios/account-without-owner.json")),
    ("an account without an opportunity", include_str!("../../scenarios/opportunity-missing.json")),
    ("an account with an unsigned contract", include_str!("../../scenarios/contract-unsigned.json")),
    ("an account with an overdue invoice", include_str!("../../scenarios/invoice-overdue.json")),
    ("an account whose systems all failed", include_str!("../../scenarios/every-system-down.json")),
];
/// Invoices of the longest sample.
const MANY_INVOICES: usize = 200;
const AS_OF: Date = date(2026, 1, 15);

/// A sample on which a rule cannot be judged; on such an account it would be a violation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The rule.
    pub rule: String,
    /// The sample.
    pub sample: String,
    /// Why it cannot be judged there.
    pub reason: String,
}

#[derive(Deserialize)]
struct Scenario {
    facts: Facts,
}

/// Tries an expression on every sample.
pub(super) fn try_on(rule: &str, when: &Expression) -> Result<Vec<Remark>, String> {
    let builtin = RuleSet::builtin();
    let mut remarks = Vec::new();
    for (index, (name, facts)) in samples().enumerate() {
        let case = Case::new(&facts, AS_OF, builtin.thresholds());
        if when.is_blind(&case) {
            continue;
        }
        match when.holds(&case) {
            Ok(_) => {}
            Err(fault) if index == 0 => return Err(format!("cannot be judged even on {name}: {fault}")),
            Err(fault) => {
                remarks.push(Remark { rule: rule.to_owned(), sample: name, reason: fault.to_string() });
            }
        }
    }
    Ok(remarks)
}

fn samples() -> impl Iterator<Item = (String, Facts)> {
    // A scenario that is no longer facts fails the scenario tests of this room; here it would only be tried less.
    let read = |text: &str| serde_json::from_str::<Scenario>(text).ok().map(|scenario| scenario.facts);
    let named = SAMPLES.into_iter().filter_map(move |(name, text)| Some((name.to_owned(), read(text)?)));
    let long = SAMPLES.first().and_then(|(_, text)| read(text)).map(|mut facts| {
        if let Some(invoice) = facts.invoices.first().cloned() {
            facts.invoices = iter::repeat_n(invoice, MANY_INVOICES).collect();
        }
        (format!("an account with {MANY_INVOICES} invoices"), facts)
    });
    named.chain(long)
}
