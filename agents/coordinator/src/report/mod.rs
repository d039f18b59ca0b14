//! The reports of a run, rendered by pure code: the same record and calls give the same bytes.
//!
//! File names carry the run id, so that no report overwrites another run's. Nothing here writes a file.

mod audit;
pub mod markdown;
mod run_report;
#[cfg(test)]
mod tests;

use crate::messages::{self, Case, LetterKind};
use gangway_protocol::audit::AuditEntry;
use gangway_protocol::run::ReportRef;
use gangway_store::Approval;

/// A rendered report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Kind and file name.
    pub reference: ReportRef,
    /// What the file holds.
    pub content: String,
}

/// What the store keeps of a run beside its record.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kept<'a> {
    /// Every tool call made so far.
    pub calls: &'a [AuditEntry],
    /// Its newest approval.
    pub approval: Option<&'a Approval>,
}

/// Why a report could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A mail's template failed.
    #[error("rendering the mail {kind} failed")]
    Mail {
        /// Which mail.
        kind: &'static str,
        /// Why.
        #[source]
        cause: askama::Error,
    },
    /// The record is no JSON.
    #[error("rendering the audit report failed")]
    Audit(#[source] serde_json::Error),
}

/// Every report of a run as it stands: the run report, the given mails as they were sent, the audit.
///
/// # Errors
/// [`ReportError`], naming the report.
pub fn render_all(case: &Case<'_>, mails: &[LetterKind], kept: Kept<'_>) -> Result<Vec<Report>, ReportError> {
    let run_id = &case.record.run_id;
    let mut reports =
        vec![report("run_report", format!("run_report.{run_id}.md"), run_report::render(case, kept))];
    for mail in mails {
        let kind = mail.report_kind();
        let rendered = messages::mail(*mail, case).map_err(|cause| ReportError::Mail { kind, cause })?;
        reports.push(report(kind, format!("{kind}.{run_id}.html"), rendered.html));
    }
    let audit = audit::render(case.record, kept.calls).map_err(ReportError::Audit)?;
    reports.push(report("audit", format!("audit_{run_id}.json"), audit));
    Ok(reports)
}

fn report(kind: &str, file: String, content: String) -> Report {
    Report { reference: ReportRef { kind: kind.to_owned(), file }, content }
}
