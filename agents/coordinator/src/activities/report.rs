//! Writing the reports: the run as it stands, the mails as they were sent, every tool call made so far.

use super::store_failed;
use crate::env::Env;
use crate::messages::{Case, LetterKind};
use crate::report::render_all;
use gangway_durable::{Activity, StepError};
use gangway_protocol::run::ReportRef;
use gangway_protocol::{IdempotencyKey, RunRecord};
use serde::{Deserialize, Serialize};

/// What to report on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReportOrder {
    pub(crate) record: RunRecord,
    /// Mails that were sent since the last report.
    pub(crate) mails: Vec<LetterKind>,
}

pub(crate) struct WriteReports;

impl Activity<Env> for WriteReports {
    const NAME: &'static str = "write_reports";
    type In = ReportOrder;
    type Out = Vec<ReportRef>;

    async fn run(env: &Env, _key: IdempotencyKey, order: &ReportOrder) -> Result<Vec<ReportRef>, StepError> {
        let record = &order.record;
        let calls = env.store.audit().of_run(&record.run_id).await.map_err(|error| store_failed(&error))?;
        let case = Case { record, settings: &env.settings };
        let reports = render_all(&case, &order.mails, &calls)
            .map_err(|error| StepError::Fatal(format!("the reports could not be rendered: {error}")))?;
        let (references, files): (Vec<_>, Vec<_>) =
            reports.into_iter().map(|report| (report.reference, report.content)).unzip();
        let writes = references.iter().zip(files).map(|(reference, content)| async move {
            let written = env.reports.write(&reference.file, content).await;
            written.map_err(|error| {
                StepError::Retry(format!("the report {} could not be written: {error}", reference.file))
            })
        });
        futures::future::try_join_all(writes).await?;
        Ok(references)
    }
}
