//! Assessing: facts, decision, advice; then on to fulfilment, to a person, or to a stop.

use super::{DECIDED, escalate, tell_and_report};
use crate::activities::{Assess, Occasion};
use crate::env::Env;
use gangway_durable::{Durable, Interrupted};
use gangway_protocol::{Outcome, RunRecord, RunState};

pub(crate) async fn assess<D: Durable<Env = Env>>(
    durable: &D,
    mut record: RunRecord,
) -> Result<RunRecord, Interrupted> {
    let assessed = durable.step::<Assess>("assess", record.clone()).await?;
    let outcome = assessed.decision.outcome;
    assessed.enter(&mut record);
    match outcome {
        Outcome::Proceed => {
            record.state = RunState::Fulfilling;
            Ok(record)
        }
        Outcome::Escalate => escalate(durable, record).await,
        Outcome::Block => {
            record.state = RunState::Blocked;
            tell_and_report(durable, record, Occasion::Decided { round: 1 }, DECIDED).await
        }
    }
}
