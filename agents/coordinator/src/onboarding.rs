//! The workflow: which phase a run's state asks for. Between its steps it reads no clock, randomness or environment.

use crate::activities::tell_parked;
use crate::env::Env;
use crate::phases;
use crate::run::WORKFLOW_VERSION;
use gangway_durable::{Durable, Interrupted, Workflow};
use gangway_protocol::{RunRecord, RunState};

/// One account's onboarding.
#[derive(Debug, Clone, Copy)]
pub struct Onboarding;

impl Workflow for Onboarding {
    type Env = Env;
    const VERSION: &'static str = WORKFLOW_VERSION;

    async fn drive<D: Durable<Env = Env>>(durable: &D, record: RunRecord) -> Result<RunRecord, Interrupted> {
        match record.state {
            RunState::Assessing => phases::assess(durable, record).await,
            RunState::AwaitingApproval => phases::settle(durable, record).await,
            RunState::Fulfilling => phases::fulfil(durable, record).await,
            RunState::Completed | RunState::Blocked | RunState::Parked => Ok(record),
        }
    }

    async fn parking(env: &Env, record: RunRecord) -> RunRecord {
        tell_parked(env, record).await
    }
}
