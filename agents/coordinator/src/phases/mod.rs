//! The phases of a run, one file each. A phase reads the record, does its steps, and gives the record as it stands then.

mod approval;
mod assess;
mod fulfil;

pub(crate) use approval::settle;
pub(crate) use assess::assess;
pub(crate) use fulfil::fulfil;

use crate::activities::{Occasion, ReportOrder, RequestApproval, Tell, TellOrder, WordAdvice, WriteReports};
use crate::env::Env;
use crate::run::RULES_ONLY;
use gangway_durable::{Durable, Interrupted};
use gangway_protocol::run::{Effect, EffectStatus};
use gangway_protocol::{RunRecord, RunState};

/// The labels of the two steps that end a phase.
struct Labels {
    tell: &'static str,
    report: &'static str,
}

/// Of a phase that ends with a decision being told.
const DECIDED: Labels = Labels { tell: "tell", report: "report" };

/// Asks a person, and says so.
async fn escalate<D: Durable<Env = Env>>(
    durable: &D,
    mut record: RunRecord,
) -> Result<RunRecord, Interrupted> {
    let asked = durable.step::<RequestApproval>("request_approval", record.clone()).await?;
    record.approval_id = Some(asked.approval_id);
    record.approval_expires_at = Some(asked.expires_at);
    record.state = RunState::AwaitingApproval;
    tell_and_report(durable, record, Occasion::Decided { round: asked.round }, DECIDED).await
}

/// Tells people and writes the reports; the record must already be in the state that is told.
async fn tell_and_report<D: Durable<Env = Env>>(
    durable: &D,
    mut record: RunRecord,
    occasion: Occasion,
    labels: Labels,
) -> Result<RunRecord, Interrupted> {
    let order = TellOrder { record: record.clone(), occasion };
    let told = durable.step::<Tell>(labels.tell, order).await?;
    record.effects.extend(told.effects);
    let mut record = word_advice(durable, record).await?;
    let order = ReportOrder { record: record.clone(), mails: told.mails };
    let reported = durable.step::<WriteReports>(labels.report, order).await?;
    record.effects.extend(reported.failed);
    for report in reported.reports {
        if !record.reports.contains(&report) {
            record.reports.push(report);
        }
    }
    Ok(record)
}

/// Has a model word the advice, once a decision and after everybody was told: no message waits for a model or carries its words.
/// Whether there is a step is written on the run when it is accepted, so that a replay takes the same way.
async fn word_advice<D: Durable<Env = Env>>(
    durable: &D,
    mut record: RunRecord,
) -> Result<RunRecord, Interrupted> {
    if record.versions.adviser == RULES_ONLY || record.worded_advice.is_some() {
        return Ok(record);
    }
    let worded = durable.step::<WordAdvice>("word_advice", record.clone()).await?;
    record.versions.prompt = worded.prompt;
    record.worded_advice = Some(worded.advice);
    Ok(record)
}

/// An effect that a step of its own brought about.
fn done(label: &str, tool: &str, reference: Option<String>) -> Effect {
    Effect {
        label: label.to_owned(),
        tool: tool.to_owned(),
        status: EffectStatus::Done,
        reference,
        error: None,
        message_id: None,
    }
}
