//! Writing the reports: the run as it stands, the mails as they were sent, every tool call made so far.

use super::store_failed;
use crate::env::Env;
use crate::messages::{Case, LetterKind};
use crate::report::{Kept, Report, render_all};
use gangway_durable::{Activity, StepError};
use gangway_protocol::run::{Effect, EffectStatus, ReportRef};
use gangway_protocol::{ApiError, ErrorType, IdempotencyKey, RunRecord, System};
use serde::{Deserialize, Serialize};

/// What to report on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReportOrder {
    pub(crate) record: RunRecord,
    /// Mails that were sent since the last report.
    pub(crate) mails: Vec<LetterKind>,
}

/// What became of the reports.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reported {
    /// Those written.
    pub(crate) reports: Vec<ReportRef>,
    /// Why others were not. A full disk does not undo a run: it ends, and shows this.
    pub(crate) failed: Option<Effect>,
}

pub(crate) struct WriteReports;

impl Activity<Env> for WriteReports {
    const NAME: &'static str = "write_reports";
    type In = ReportOrder;
    type Out = Reported;

    async fn run(env: &Env, _key: IdempotencyKey, order: &ReportOrder) -> Result<Reported, StepError> {
        let record = &order.record;
        let calls = env.store.audit().of_run(&record.run_id).await.map_err(|error| store_failed(&error))?;
        let approval = match &record.approval_id {
            Some(id) => env.store.approvals().get(id).await.map_err(|error| store_failed(&error))?,
            None => None,
        };
        let case = Case { record, settings: &env.settings };
        let kept = Kept { calls: &calls, approval: approval.as_ref() };
        let rendered = render_all(&case, &order.mails, kept)
            .map_err(|error| StepError::Fatal(format!("the reports could not be rendered: {error}")))?;
        let (references, files): (Vec<ReportRef>, Vec<(String, String)>) = rendered
            .into_iter()
            .map(|Report { reference, content }| (reference.clone(), (reference.file, content)))
            .unzip();
        let mut outcome = Reported { reports: Vec::new(), failed: None };
        for (reference, written) in references.into_iter().zip(env.reports.write(files).await) {
            match written {
                Ok(()) => outcome.reports.push(reference),
                Err(error) => outcome.failed = Some(not_written(&format!("{}: {error}", reference.file))),
            }
        }
        Ok(outcome)
    }
}

fn not_written(why: &str) -> Effect {
    let mut error =
        ApiError::new(System::Onboarding, ErrorType::ServerError, "write_report", "REPORT_NOT_WRITTEN", why);
    "Check the reports folder: that it exists, is writable and has room".clone_into(&mut error.resolution);
    Effect {
        label: "report".to_owned(),
        tool: "reports".to_owned(),
        status: EffectStatus::Failed,
        reference: None,
        error: Some(error),
        message_id: None,
    }
}
