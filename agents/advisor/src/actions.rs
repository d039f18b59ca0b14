//! Who should do what: the resolutions of findings and API errors, each said once, most urgent first.
//!
//! It takes owners and resolutions as they come from the rules and the taxonomy and adds only what CS does next.

use crate::error_reading::{code, owner, product, resolution};
use gangway_protocol::advice::Priority;
use gangway_protocol::redact::scrub;
use gangway_protocol::{AdvisedAction, ApiError, Decision, Finding, Outcome};

const CS: &str = "CS";

/// What to do, most urgent first; empty for PROCEED. A failed system comes before findings, because nothing else can be
/// trusted until it answers; violations before warnings.
pub(crate) fn actions(decision: &Decision) -> Vec<AdvisedAction> {
    let mut actions = Vec::new();
    for error in &decision.api_errors {
        add(&mut actions, of_error(error));
    }
    for finding in &decision.violations {
        add(&mut actions, of_finding(finding, Priority::High));
    }
    for finding in &decision.warnings {
        add(&mut actions, of_finding(finding, Priority::Normal));
    }
    if let Some(next) = next_step(decision) {
        add(&mut actions, next);
    }
    // Stable: within one priority the order of the findings is kept.
    actions.sort_by_key(|action| action.priority);
    actions
}

/// Adds an action, or its reason to the same action of the same owner. The first one has the higher priority.
fn add(actions: &mut Vec<AdvisedAction>, new: AdvisedAction) {
    let same = actions.iter_mut().find(|known| known.owner == new.owner && known.action == new.action);
    match same {
        None => actions.push(new),
        Some(known) if known.because.split(", ").any(|reason| reason == new.because) => {}
        Some(known) => {
            known.because.push_str(", ");
            known.because.push_str(&new.because);
        }
    }
}

fn of_error(error: &ApiError) -> AdvisedAction {
    AdvisedAction {
        priority: Priority::Urgent,
        owner: owner(error),
        action: format!("{}: {}.", product(error.system), resolution(error)),
        because: code(error),
    }
}

fn of_finding(finding: &Finding, priority: Priority) -> AdvisedAction {
    AdvisedAction {
        priority,
        owner: finding.owner.clone(),
        action: format!("{}.", scrub(&finding.resolution, 200)),
        because: finding.rule.to_string(),
    }
}

fn next_step(decision: &Decision) -> Option<AdvisedAction> {
    let (priority, action) = match decision.outcome {
        Outcome::Proceed => return None,
        Outcome::Escalate => (Priority::High, "Approve or reject the onboarding."),
        Outcome::Block => (Priority::Normal, "Start a new run once the above is mended."),
    };
    let because = decision.outcome.to_string();
    Some(AdvisedAction { priority, owner: CS.to_owned(), action: action.to_owned(), because })
}
