//! Gathering and deciding again, once an approval is given: what was approved days ago may not be so any more.
//!
//! Only facts that changed undo an approval. A call that failed changed none: it is tried again, then the run is parked
//! and the approval stays given. The rules are those the run was decided by, whatever is in force by now; only if they
//! are not kept any more do today's rules judge, and by that the approval is void.

use super::approval::awaited;
use super::assess::{Assessed, judge, no_rules};
use super::gather::gather;
use super::judged;
use crate::approving::{difference, effects_digest};
use crate::env::Env;
use crate::rule_book::RuleBookError;
use gangway_durable::{Activity, StepError};
use gangway_protocol::{ApiError, Facts, IdempotencyKey, RunRecord};
use gangway_store::Approval;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The account as it is now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reassessed {
    pub(crate) assessed: Assessed,
    /// What is not as it was approved; none when the approval holds.
    pub(crate) difference: Option<String>,
}

pub(crate) struct Reassess;

impl Activity<Env> for Reassess {
    const NAME: &'static str = "reassess";
    type In = RunRecord;
    type Out = Reassessed;

    async fn run(env: &Env, _key: IdempotencyKey, record: &RunRecord) -> Result<Reassessed, StepError> {
        let (_, before) = judged(record)?;
        let approval = awaited(env, record).await?;
        let mut now = record.clone();
        // Judged by today, unless the request named the day: a contract may have run out while somebody thought.
        let today = (env.clock)().to_zoned(TimeZone::UTC).date();
        now.as_of = record.request.as_of.unwrap_or_else(|| record.as_of.max(today));
        let facts = gather(env, &now).await?;
        if let Some(error) = facts.api_errors.first() {
            return Err(not_looked_at(&approval, error));
        }
        let assessed = by_its_own_rules(env, now, facts).await.map_err(|error| no_rules(&error))?;
        assessed.put_on_record(env, record).await?;
        let effects = effects_digest(&assessed.facts, &env.settings)
            .map_err(|error| StepError::Fatal(format!("the planned effects have no digest: {error}")))?;
        let difference = difference(&approval, before, &assessed.decision, &effects);
        Ok(Reassessed { assessed, difference })
    }
}

/// Judged by the run's own rules; by those in force where its own cannot be had any more.
async fn by_its_own_rules(env: &Env, mut now: RunRecord, facts: Facts) -> Result<Assessed, RuleBookError> {
    match judge(env, &now, facts.clone()).await {
        Err(RuleBookError::NotKept(_) | RuleBookError::Unreadable { .. }) => {
            now.decision = None;
            judge(env, &now, facts).await
        }
        judged => judged,
    }
}

/// A failed call says nothing about the account.
fn not_looked_at(approval: &Approval, error: &ApiError) -> StepError {
    let what = format!(
        "the account could not be looked at again: {error}. Approval {} stays given. {}: {}",
        approval.approval_id, error.owner, error.resolution
    );
    if error.retryable { StepError::Retry(what) } else { StepError::Fatal(what) }
}
