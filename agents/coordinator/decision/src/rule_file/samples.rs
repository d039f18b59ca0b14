//! Sample facts every added rule is tried on when it is read: complete ones, on which it must be judgeable, and ones
//! with gaps and great length, on which it may not be.
//!
//! The samples are scenarios of this room.

use crate::Case;
use crate::Thresholds;
use crate::expression::{Budget, Expression};
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

/// What the added rules cost on a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Steps {
    /// The sample.
    pub sample: String,
    /// The steps they take together there, of [`crate::MAX_STEPS_TOGETHER`].
    pub steps: u32,
}

#[derive(Deserialize)]
struct Scenario {
    facts: Facts,
}

/// The samples, and what the rules tried so far took of the steps a decision has on each.
pub(super) struct Trial<'a> {
    tried: Vec<(&'a str, Case<'a>, Budget)>,
}

impl<'a> Trial<'a> {
    pub(super) fn on(samples: &'a [(String, Facts)], thresholds: &'a Thresholds) -> Self {
        let tried = samples.iter().map(|(name, facts)| {
            (name.as_str(), Case::new(facts, AS_OF, thresholds), Budget::of_a_decision())
        });
        Self { tried: tried.collect() }
    }

    /// Tries the next rule on every sample.
    pub(super) fn of(&mut self, rule: &str, when: &Expression) -> Result<Vec<Remark>, String> {
        let mut remarks = Vec::new();
        for (index, (name, case, budget)) in self.tried.iter_mut().enumerate() {
            if when.is_blind(case) {
                continue;
            }
            match when.holds(case, budget) {
                Ok(_) => {}
                Err(fault) if index == 0 => return Err(format!("cannot be judged even on {name}: {fault}")),
                Err(fault) => remarks.push(Remark {
                    rule: rule.to_owned(),
                    sample: (*name).to_owned(),
                    reason: fault.to_string(),
                }),
            }
        }
        Ok(remarks)
    }

    /// The steps that the rules tried so far take together on each sample.
    pub(super) fn steps(&self) -> Vec<Steps> {
        let steps = self
            .tried
            .iter()
            .map(|(sample, _, budget)| Steps { sample: (*sample).to_owned(), steps: budget.taken() });
        steps.collect()
    }
}

/// Names of the samples and their facts.
pub(super) fn samples() -> Vec<(String, Facts)> {
    // A scenario that is no longer facts fails the scenario tests of this room; here it would only be tried less.
    let read = |text: &str| serde_json::from_str::<Scenario>(text).ok().map(|scenario| scenario.facts);
    let named = SAMPLES.into_iter().filter_map(move |(name, text)| Some((name.to_owned(), read(text)?)));
    let long = SAMPLES.first().and_then(|(_, text)| read(text)).map(|mut facts| {
        if let Some(invoice) = facts.invoices.first().cloned() {
            facts.invoices = iter::repeat_n(invoice, MANY_INVOICES).collect();
        }
        (format!("an account with {MANY_INVOICES} invoices"), facts)
    });
    named.chain(long).collect()
}
