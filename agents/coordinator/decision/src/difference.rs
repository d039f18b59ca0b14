//! What two decisions on the same facts do not have in common. It compares; which of the two is better is not its
//! business.

use gangway_protocol::{Decision, Outcome, RiskLevel, RuleId, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the second decision differs from the first. Which rule set each was made by is not a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The outcome of the first.
    pub outcome_before: Outcome,
    /// The outcome of the second.
    pub outcome_after: Outcome,
    /// The risk level of the first.
    pub risk_before: RiskLevel,
    /// The risk level of the second.
    pub risk_after: RiskLevel,
    /// Rules that fire in the second only; may be empty.
    pub fires_now: Vec<RuleId>,
    /// Rules that fire in the first only; may be empty.
    pub silent_now: Vec<RuleId>,
    /// Rules that fire in both, with another severity, another number of times or other words; may be empty.
    pub changed: Vec<RuleId>,
}

impl Difference {
    /// Whether something else would have happened.
    #[must_use]
    pub fn changes_outcome(&self) -> bool {
        self.outcome_before != self.outcome_after
    }
}

/// What differs; none when the decisions agree in outcome, risk level and every finding.
#[must_use]
pub fn difference(before: &Decision, after: &Decision) -> Option<Difference> {
    let (old, new) = (by_rule(before), by_rule(after));
    let only_in = |these: &BTreeMap<&RuleId, Said<'_>>, others: &BTreeMap<&RuleId, Said<'_>>| {
        these
            .keys()
            .filter(|rule| !others.contains_key(**rule))
            .map(|rule| (*rule).clone())
            .collect::<Vec<_>>()
    };
    let changed = new
        .iter()
        .filter(|(rule, said)| old.get(**rule).is_some_and(|earlier| earlier != *said))
        .map(|(rule, _)| (*rule).clone());
    let found = Difference {
        outcome_before: before.outcome,
        outcome_after: after.outcome,
        risk_before: before.risk_level,
        risk_after: after.risk_level,
        fires_now: only_in(&new, &old),
        silent_now: only_in(&old, &new),
        changed: changed.collect(),
    };
    let agrees = found.outcome_before == found.outcome_after
        && found.risk_before == found.risk_after
        && found.fires_now.is_empty()
        && found.silent_now.is_empty()
        && found.changed.is_empty();
    (!agrees).then_some(found)
}

/// Everything a rule said: severity, field, message.
type Said<'a> = Vec<(Severity, &'a str, &'a str)>;

fn by_rule(decision: &Decision) -> BTreeMap<&RuleId, Said<'_>> {
    let mut by_rule: BTreeMap<&RuleId, Said<'_>> = BTreeMap::new();
    for finding in decision.violations.iter().chain(&decision.warnings) {
        let said = (finding.severity, finding.evidence.field.as_str(), finding.message.as_str());
        by_rule.entry(&finding.rule).or_default().push(said);
    }
    by_rule
}
