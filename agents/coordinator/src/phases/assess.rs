//! Assessing: facts, decision, advice; then on to fulfilment, to a person, or to a stop.

use super::{Labels, tell_and_report};
use crate::activities::{Assess, Occasion, RequestApproval};
use crate::env::Env;
use gangway_durable::{Durable, Interrupted};
use gangway_protocol::{Outcome, RunRecord, RunState};

pub(crate) async fn assess<D: Durable<Env = Env>>(
    durable: &D,
    mut record: RunRecord,
) -> Result<RunRecord, Interrupted> {
    let assessed = durable.step::<Assess>("assess", record.clone()).await?;
    let outcome = assessed.decision.outcome;
    record.versions.rule_set = Some(assessed.decision.rule_set.clone());
    record.facts = Some(assessed.facts);
    record.decision = Some(assessed.decision);
    record.advice = Some(assessed.advice);
    match outcome {
        Outcome::Proceed => {
            record.state = RunState::Fulfilling;
            return Ok(record);
        }
        Outcome::Escalate => {
            record.approval_id =
                Some(durable.step::<RequestApproval>("request_approval", record.clone()).await?);
            record.state = RunState::AwaitingApproval;
        }
        Outcome::Block => record.state = RunState::Blocked,
    }
    tell_and_report(durable, record, Occasion::Decided, Labels { tell: "tell", report: "report" }).await
}
