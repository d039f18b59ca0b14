//! Approvals as this program works with them: listed, decided, reminded of, expired, acted on.
//!
//! Command line, HTTP, MCP and Slack all come here; who may decide is the coordinator's rule. A decision is first kept in
//! the store and then acted on by whichever process has the engine.

mod decide;
mod duties;
mod postponed;

pub use decide::{Decided, Order, decide};
pub use duties::{Reminded, expire_due, remind_due, settled};
pub use postponed::Postponed;

use crate::config::section;
use crate::installation::Installation;
use anyhow::Result;
use gangway_coordinator::Settings;
use gangway_coordinator::approving::Policy;
use gangway_protocol::RunRecord;
use gangway_protocol::tools::approvals::{ApprovalSummary, ApprovalVote};
use gangway_store::{Approval, ApprovalPage, ApprovalState, Store};

/// A page of approvals, each with its place.
pub async fn list(store: &Store, policy: Policy, page: ApprovalPage) -> Result<Vec<(i64, ApprovalSummary)>> {
    let mut summaries = Vec::new();
    for (place, approval) in store.approvals().page(page).await? {
        let run = store.runs().get(&approval.run_id).await?;
        summaries.push((place, summary(&approval, run.as_ref(), policy)));
    }
    Ok(summaries)
}

/// One approval; none when there is no such approval.
pub async fn show(store: &Store, policy: Policy, approval_id: &str) -> Result<Option<ApprovalSummary>> {
    let Some(approval) = store.approvals().get(approval_id).await? else { return Ok(None) };
    let run = store.runs().get(&approval.run_id).await?;
    Ok(Some(summary(&approval, run.as_ref(), policy)))
}

/// What is configured about approvals.
pub fn settings(installation: &Installation) -> Result<&Settings> {
    section(installation.config().onboarding.as_ref(), "onboarding")
}

/// An approval as people read it. Findings are those of the run's decision as it stands; a void approval's own are gone.
pub fn summary(approval: &Approval, run: Option<&RunRecord>, policy: Policy) -> ApprovalSummary {
    let facts = run.and_then(|run| run.facts.as_ref());
    let named = facts.and_then(|facts| facts.account.as_ref()?.name.clone());
    let votes: Vec<ApprovalVote> = approval
        .votes
        .iter()
        .map(|vote| ApprovalVote { by: vote.by.clone(), at: vote.at, reason: vote.reason.clone() })
        .collect();
    let asked = if policy.needs_two(approval.amount) { 2 } else { 1 };
    let votes_needed = match approval.state {
        ApprovalState::Pending => asked - u32::try_from(votes.len()).unwrap_or(asked).min(asked),
        ApprovalState::Approved | ApprovalState::Rejected | ApprovalState::Expired | ApprovalState::Void => 0,
    };
    let decision = run.and_then(|run| run.decision.as_ref());
    ApprovalSummary {
        approval_id: approval.approval_id.clone(),
        run_id: approval.run_id.clone(),
        account_id: approval.account_id.clone(),
        customer: named.unwrap_or_else(|| approval.account_id.to_string()),
        state: approval.state.name().to_owned(),
        requested_by: approval.requested_by.clone(),
        amount: approval.amount,
        because: decision.map_or_else(Vec::new, |decision| decision.warnings.clone()),
        domains: approval.domains.iter().copied().collect(),
        tier: approval.tier,
        requested_at: approval.requested_at,
        expires_at: approval.expires_at,
        votes,
        votes_needed,
        decided_by: approval.decided_by.clone(),
        decided_at: approval.decided_at,
        reason: approval.reason.clone(),
    }
}
