//! From findings and API errors to an outcome and a risk level.
//!
//! It knows no rule: it asks every rule of the set and counts. It never fails: what cannot be read was reported as
//! missing or as an API error, and both fail closed.

use crate::expression::Budget;
use crate::in_order::in_order;
use crate::{Case, RuleSet, Thresholds};
use gangway_protocol::canonical;
use gangway_protocol::{Decision, Facts, Finding, Outcome, RiskLevel, Severity};
use jiff::civil::Date;

/// Decides one account as of one day (UTC).
///
/// Pure: the same facts, rules and day give the same decision, whatever the order of the lists in the facts.
/// Findings come in the order of the rules in the set, then of their evidence; API errors by system, then operation.
#[must_use]
pub fn decide(facts: &Facts, rules: &RuleSet, as_of: Date) -> Decision {
    let facts = in_order(facts);
    let facts_digest = digest(&facts);
    let case = Case::new(&facts, as_of, rules.thresholds());
    let mut budget = Budget::of_a_decision();
    let (violations, warnings): (Vec<Finding>, Vec<Finding>) = rules
        .rules()
        .iter()
        .flat_map(|rule| rule.judge(&case, &mut budget))
        .partition(|finding| finding.severity == Severity::Violation);
    let counts =
        Counts { api_errors: facts.api_errors.len(), violations: violations.len(), warnings: warnings.len() };
    Decision {
        outcome: counts.outcome(),
        violations,
        warnings,
        risk_level: counts.risk_level(rules.thresholds()),
        api_errors: facts.api_errors,
        rule_set: rules.reference(),
        facts_digest,
        as_of,
    }
}

/// Digest of the facts, the same for every order of their lists.
#[must_use]
pub fn facts_digest(facts: &Facts) -> String {
    digest(&in_order(facts))
}

fn digest(facts: &Facts) -> String {
    // Facts hold only texts, whole numbers, marks and lists, which JSON can always express.
    canonical::digest(facts).unwrap_or_default()
}

struct Counts {
    api_errors: usize,
    violations: usize,
    warnings: usize,
}

impl Counts {
    fn outcome(&self) -> Outcome {
        if self.api_errors > 0 || self.violations > 0 {
            Outcome::Block
        } else if self.warnings > 0 {
            Outcome::Escalate
        } else {
            Outcome::Proceed
        }
    }

    fn risk_level(&self, thresholds: &Thresholds) -> RiskLevel {
        if self.api_errors > 0 || self.violations > thresholds.high_risk_violations {
            RiskLevel::Critical
        } else if self.violations > 0 {
            RiskLevel::High
        } else if self.warnings > thresholds.low_risk_warnings {
            RiskLevel::Medium
        } else {
            RiskLevel::Low
        }
    }
}
