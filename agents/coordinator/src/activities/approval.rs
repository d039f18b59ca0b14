//! Asking for an approval, and looking what became of it. Who may approve is checked where approvals are given.

use super::{judged, store_failed};
use crate::env::Env;
use crate::messages::Case;
use gangway_durable::{Activity, StepError};
use gangway_protocol::{IdempotencyKey, RunId, RunRecord, Tier};
use gangway_store::{Approval, ApprovalState, Settled, Verdict};
use serde::{Deserialize, Serialize};

pub(crate) struct RequestApproval;

impl Activity<Env> for RequestApproval {
    const NAME: &'static str = "request_approval";
    type In = RunRecord;
    /// The approval's id.
    type Out = String;

    async fn run(env: &Env, _key: IdempotencyKey, record: &RunRecord) -> Result<String, StepError> {
        let (facts, decision) = judged(record)?;
        let wanted = Approval {
            approval_id: approval_id(&record.run_id),
            run_id: record.run_id.clone(),
            account_id: record.request.account_id.clone(),
            facts_digest: decision.facts_digest.clone(),
            rule_set_digest: decision.rule_set.digest.clone(),
            state: ApprovalState::Pending,
            requested_at: (env.clock)(),
            expires_at: Case { record, settings: &env.settings }.approval_expires_at(),
            decided_by: None,
            decided_at: None,
            reason: None,
            tier: facts.contract.as_ref().and_then(|contract| Tier::named(contract.tier.as_deref()?)),
        };
        let asked = env.store.approvals().request(&wanted).await.map_err(|error| store_failed(&error))?;
        Ok(asked.approval_id)
    }
}

/// Derived from the run, so that a repeat asks for the same one.
fn approval_id(run_id: &RunId) -> String {
    let bare = run_id.as_str();
    format!("apr-{}", bare.strip_prefix("run-").unwrap_or(bare))
}

/// What became of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Nobody has decided.
    Pending,
    /// Given.
    Approved,
    /// Rejected, or nobody decided in time; the reason, for people.
    Refused(String),
}

pub(crate) struct CheckApproval;

impl Activity<Env> for CheckApproval {
    const NAME: &'static str = "check_approval";
    type In = RunRecord;
    type Out = Standing;

    async fn run(env: &Env, _key: IdempotencyKey, record: &RunRecord) -> Result<Standing, StepError> {
        let found =
            env.store.approvals().of_run(&record.run_id).await.map_err(|error| store_failed(&error))?;
        let Some(approval) = found else {
            return Err(StepError::Fatal(format!(
                "run {} waits for an approval that is not there",
                record.run_id
            )));
        };
        let is_late = approval.state == ApprovalState::Pending && (env.clock)() >= approval.expires_at;
        Ok(standing(&if is_late { expire(env, &approval).await? } else { approval }))
    }
}

async fn expire(env: &Env, approval: &Approval) -> Result<Approval, StepError> {
    let verdict = Verdict {
        state: ApprovalState::Expired,
        decided_by: "gangway".to_owned(),
        at: approval.expires_at,
        reason: None,
        tier: None,
    };
    let settled = env.store.approvals().settle(&approval.approval_id, verdict).await;
    match settled.map_err(|error| store_failed(&error))? {
        Settled::Now(approval) | Settled::Before(approval) => Ok(approval),
    }
}

fn standing(approval: &Approval) -> Standing {
    match approval.state {
        ApprovalState::Pending => Standing::Pending,
        ApprovalState::Approved => Standing::Approved,
        ApprovalState::Rejected => Standing::Refused(format!(
            "the approval was rejected by {}: {}",
            approval.decided_by.as_deref().unwrap_or("an unnamed person"),
            approval.reason.as_deref().unwrap_or("no reason was given")
        )),
        ApprovalState::Expired => {
            let until = approval.expires_at.strftime("%Y-%m-%d %H:%M UTC");
            Standing::Refused(format!("nobody decided on the approval by {until}"))
        }
    }
}
