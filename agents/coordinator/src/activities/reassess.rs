//! Gathering and deciding again, once an approval is given: what was approved days ago may not be so any more.

use super::approval::awaited;
use super::assess::{Assessed, assess};
use super::judged;
use crate::approving::{difference, effects_digest};
use crate::env::Env;
use gangway_durable::{Activity, StepError};
use gangway_protocol::{IdempotencyKey, RunRecord};
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
        let assessed = assess(env, &now).await?;
        let effects = effects_digest(&assessed.facts, &env.settings)
            .map_err(|error| StepError::Fatal(format!("the planned effects have no digest: {error}")))?;
        let difference = difference(&approval, before, &assessed.decision, &effects);
        Ok(Reassessed { assessed, difference })
    }
}
