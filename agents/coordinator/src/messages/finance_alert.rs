//! An invoice is overdue: told to finance whatever the decision was.

use super::case::{Case, finding_bullet};
use super::post::Post;
use super::wording::{Mrkdwn, count};
use gangway_protocol::{Decision, Finding};

/// The rule that fires on an overdue invoice.
const OVERDUE_RULE: &str = "INV-101";

/// Whether finance must be told.
pub(crate) fn has_overdue_invoice(decision: &Decision) -> bool {
    overdue(decision).next().is_some()
}

fn overdue(decision: &Decision) -> impl Iterator<Item = &Finding> {
    decision.warnings.iter().chain(&decision.violations).filter(|finding| finding.rule.0 == OVERDUE_RULE)
}

pub(super) fn post(case: &Case<'_>) -> Post {
    let findings: Vec<&Finding> = case.decision().into_iter().flat_map(overdue).collect();
    let overdue = count(findings.len(), "overdue invoice");
    Post {
        headline: format!("💰 {overdue}: {}", case.customer()),
        opening: vec![Mrkdwn::said(&format!("{} has {overdue}.", case.customer_and_id()))],
        fields: case.verdict().into_iter().map(|(label, value)| (label, Mrkdwn::said(&value))).collect(),
        items: findings.into_iter().map(finding_bullet).collect(),
        closing: Mrkdwn::ours(
            "Please follow up on the payment with the customer, and tell customer success when it is settled.",
        ),
        button_value: None,
    }
}
