//! Asking for an approval, looking what became of it, and taking one back that no longer holds. Who may give one is
//! [`crate::approving`]'s business.

use super::{judged, store_failed};
use crate::approving::{self, approval_id};
use crate::env::Env;
use crate::messages::Case;
use gangway_durable::{Activity, StepError};
use gangway_protocol::{IdempotencyKey, RunRecord};
use gangway_store::{Approval, ApprovalFilter, ApprovalState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An approval that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) approval_id: String,
    pub(crate) expires_at: Timestamp,
    /// 1 for the run's first.
    pub(crate) round: u32,
}

pub(crate) struct RequestApproval;

impl Activity<Env> for RequestApproval {
    const NAME: &'static str = "request_approval";
    type In = RunRecord;
    type Out = Asked;

    async fn run(env: &Env, _key: IdempotencyKey, record: &RunRecord) -> Result<Asked, StepError> {
        let judged = judged(record)?;
        let approvals = env.store.approvals();
        // Voided ones only: a repeat after a crash finds the approval of its own round, whatever became of it.
        let void = ApprovalFilter {
            state: Some(ApprovalState::Void),
            run_id: Some(record.run_id.clone()),
            ..ApprovalFilter::default()
        };
        let voided = approvals.list(void).await.map_err(|error| store_failed(&error))?;
        let round = u32::try_from(voided.len()).unwrap_or(u32::MAX).saturating_add(1);
        let case = Case { record, settings: &env.settings };
        let wanted = approving::request(&case, judged, round, (env.clock)())
            .map_err(|error| StepError::Fatal(format!("the planned effects have no digest: {error}")))?;
        let asked = approvals.request(&wanted).await.map_err(|error| store_failed(&error))?;
        Ok(Asked { approval_id: asked.approval_id, expires_at: asked.expires_at, round: asked.round })
    }
}

/// What became of an approval that is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Given.
    Approved,
    /// Rejected, or nobody decided in time; the reason, for people.
    Refused(String),
    /// Nobody can decide on it any more: a restore took it back, for what happened after the backup is not known.
    Void,
}

pub(crate) struct CheckApproval;

impl Activity<Env> for CheckApproval {
    const NAME: &'static str = "check_approval";
    type In = RunRecord;
    /// None while it waits for a person.
    type Out = Option<Standing>;

    async fn run(env: &Env, _key: IdempotencyKey, record: &RunRecord) -> Result<Self::Out, StepError> {
        let approval = awaited(env, record).await?;
        let now = (env.clock)();
        if approval.state != ApprovalState::Pending || now < approval.expires_at {
            return Ok(standing(&approval));
        }
        let expire = move |docket: &gangway_store::Docket| approving::expire(docket, now);
        let expired = env.store.approvals().decide(&approval.approval_id, None, expire, (env.clock)()).await;
        let approval = expired.map_err(|error| store_failed(&error))?.unwrap_or_else(|settled| *settled);
        Ok(standing(&approval))
    }
}

/// The approval the run waits for, or was given.
pub(super) async fn awaited(env: &Env, record: &RunRecord) -> Result<Approval, StepError> {
    let id = record.approval_id.clone().unwrap_or_else(|| approval_id(&record.run_id, 1));
    let found = env.store.approvals().get(&id).await.map_err(|error| store_failed(&error))?;
    found.ok_or_else(|| {
        StepError::Fatal(format!("run {} waits for approval {id}, which is not there", record.run_id))
    })
}

fn standing(approval: &Approval) -> Option<Standing> {
    match approval.state {
        ApprovalState::Pending => None,
        ApprovalState::Approved => Some(Standing::Approved),
        ApprovalState::Rejected => Some(Standing::Refused(format!(
            "the approval was rejected by {}: {}",
            approval.decided_by.as_deref().unwrap_or("an unnamed person"),
            approval.reason.as_deref().unwrap_or("no reason was given")
        ))),
        ApprovalState::Expired => {
            let until = approval.expires_at.strftime("%Y-%m-%d %H:%M UTC");
            Some(Standing::Refused(format!("nobody decided on the approval by {until}")))
        }
        ApprovalState::Void => Some(Standing::Void),
    }
}

/// An approval to take back, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VoidOrder {
    pub(crate) approval_id: String,
    pub(crate) why: String,
}

pub(crate) struct VoidApproval;

impl Activity<Env> for VoidApproval {
    const NAME: &'static str = "void_approval";
    type In = VoidOrder;
    type Out = ();

    async fn run(env: &Env, _key: IdempotencyKey, order: &VoidOrder) -> Result<(), StepError> {
        let why = order.why.clone();
        let void = move |docket: &gangway_store::Docket| approving::void(docket, &why);
        let voided = env.store.approvals().decide(&order.approval_id, None, void, (env.clock)()).await;
        match voided.map_err(|error| store_failed(&error))? {
            Ok(_) => Ok(()),
            // A repeat after a crash.
            Err(approval) if approval.state == ApprovalState::Void => Ok(()),
            Err(approval) => Err(StepError::Fatal(format!(
                "approval {} is {} and cannot become void",
                approval.approval_id,
                approval.state.name()
            ))),
        }
    }
}
