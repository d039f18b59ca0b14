//! One person's decision: ruled on, kept and recorded in one commit, then acted on if this process has the engine.

use super::{settings, summary};
use crate::installation::{Installation, OnboardingEngine};
use anyhow::Result;
use gangway_coordinator::approving::{Ballot, Choice, Refused, rule, token};
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::ids::MAX_ID_BYTES;
use gangway_protocol::redact::scrub;
use gangway_protocol::tools::approvals::ApprovalSummary;
use gangway_protocol::{CorrelationId, RunId, RunState};
use gangway_store::{Approval, ApprovalState, Docket, Store};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

/// The name ballots stand under in the audit, whichever way they came.
const AUDITED_AS: &str = "approvals.decide";

/// A decision somebody wants to make.
#[derive(Debug, Clone)]
pub struct Order {
    /// The approval.
    pub approval_id: String,
    /// Who says what, and why.
    pub ballot: Ballot,
    /// The one-time value it came with: from a button or a sealed state. None where the person was proved otherwise.
    pub token: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    /// The approval as it stands now: settled, or waiting for a second person.
    pub approval: ApprovalSummary,
    /// Where the run stands: acted on already, or left to the process that has the engine.
    pub run_state: RunState,
    /// Whether this process acted on it.
    pub acted: bool,
}

/// Decides. The outer error is ours (the store, say); the inner one is for the person.
pub async fn decide(
    installation: &Installation,
    engine: Option<&OnboardingEngine>,
    order: Order,
    now: Timestamp,
) -> Result<Result<Decided, Refused>> {
    let store = installation.store();
    let Some(found) = store.approvals().get(&order.approval_id).await? else {
        let refused = Refused::Absent(order.approval_id.clone());
        put_on_record(store, None, (&order, &refused), now).await?;
        return Ok(Err(refused));
    };
    let ruled = ruled(installation, &found, &order, now).await?;
    let run = store.runs().get(&found.run_id).await?;
    let correlation = run.as_ref().map(|run| run.request.correlation_id.clone());
    let approval = match ruled {
        Ok(approval) => {
            installation.crash_points().reach("approval.ruled", approval.state.name());
            approval
        }
        Err(refused) => {
            put_on_record(store, Some((&found.run_id, correlation)), (&order, &refused), now).await?;
            return Ok(Err(refused));
        }
    };
    let is_settled = approval.state != ApprovalState::Pending;
    let (run, acted) = match engine {
        Some(engine) if is_settled => (Some(engine.durable().drive(&approval.run_id).await?), true),
        _ => (run, false),
    };
    // Acting on it may have voided it.
    let approval = store.approvals().get(&approval.approval_id).await?.unwrap_or(approval);
    let policy = settings(installation)?.approval_policy();
    Ok(Ok(Decided {
        approval: summary(&approval, run.as_ref(), policy),
        run_state: run.map_or(RunState::AwaitingApproval, |run| run.state),
        acted,
    }))
}

async fn ruled(
    installation: &Installation,
    found: &Approval,
    order: &Order,
    now: Timestamp,
) -> Result<Result<Approval, Refused>> {
    if let Some(value) = &order.token
        && let Err(refused) = token::check(value, found, &installation.grant_key().verifying_key())
    {
        return Ok(Err(refused));
    }
    let spent = order.token.as_deref().map(|value| token::spent(value, &order.ballot.person.name));
    let (ballot, policy) = (order.ballot.clone(), settings(installation)?.approval_policy());
    let ruling = move |docket: &Docket| rule(docket, &ballot, policy, now);
    Ok(installation.store().approvals().decide(&found.approval_id, spent, ruling, now).await?)
}

/// A ballot that counted is recorded with the ruling, in one commit; this is for those that did not.
async fn put_on_record(
    store: &Store,
    of: Option<(&RunId, Option<CorrelationId>)>,
    (order, refused): (&Order, &Refused),
    now: Timestamp,
) -> Result<()> {
    let verdict = match order.ballot.choice {
        Choice::Approve => "approve",
        Choice::Reject => "reject",
    };
    let arguments = json!({ "approval_id": scrub(&order.approval_id, MAX_ID_BYTES), "verdict": verdict, "tier": order.ballot.tier });
    let record =
        AuditRecord::refused(AUDITED_AS, &order.ballot.person.actor(), arguments, now, refused.code());
    let record = match of {
        Some((run_id, correlation_id)) => record.of_run(run_id, correlation_id.as_ref()),
        None => record,
    };
    store.audit().append(record).await?;
    Ok(())
}
