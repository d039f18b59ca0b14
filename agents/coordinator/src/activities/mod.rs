//! The steps: each does one thing to the outside, and may run again after a crash with the same key.
//!
//! What a step refuses to do, it says as [`gangway_durable::StepError`]; what fails at a vendor is part of its output.

mod approval;
mod assess;
mod checklist;
mod gather;
mod parking;
mod reassess;
mod report;
mod tell;
mod tenant;
mod word;

pub(crate) use approval::{CheckApproval, RequestApproval, Standing, VoidApproval, VoidOrder};
pub(crate) use assess::Assess;
pub(crate) use checklist::CreateChecklist;
pub(crate) use parking::tell_parked;
pub(crate) use reassess::Reassess;
pub(crate) use report::{ReportOrder, WriteReports};
pub(crate) use tell::{Occasion, Tell, TellOrder};
pub(crate) use tenant::CreateTenant;
pub(crate) use word::WordAdvice;

use gangway_durable::StepError;
use gangway_protocol::{ApiError, Decision, Facts, RunRecord};
use gangway_store::StoreError;
use std::time::Duration;

/// A failed call that the run cannot go on without: tried again where that may help, else the run is parked.
fn stopped(error: &ApiError) -> StepError {
    let what = format!("{error}. {}: {}", error.owner, error.resolution);
    match (error.retryable, error.retry_after_ms) {
        (true, Some(wait_ms)) => StepError::RetryAfter { reason: what, wait: Duration::from_millis(wait_ms) },
        (true, None) => StepError::Retry(what),
        (false, _) => StepError::Fatal(what),
    }
}

fn store_failed(error: &StoreError) -> StepError {
    StepError::Retry(format!("the store could not be used: {}", error.with_cause()))
}

/// What was gathered and decided. A run that comes this far has both; a record without them was tampered with.
fn judged(record: &RunRecord) -> Result<(&Facts, &Decision), StepError> {
    match (&record.facts, &record.decision) {
        (Some(facts), Some(decision)) => Ok((facts, decision)),
        _ => Err(StepError::Fatal(format!("run {} has no decision to act on", record.run_id))),
    }
}
