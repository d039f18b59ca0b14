//! From being asked to end until ending: what still is answered, what is waited for, how long, and what is put on record.
//!
//! The service listens on while work comes to rest, and whoever asks for something new is told 503 with `Retry-After`:
//! a refusal by name, where a connection that breaks would leave a sender to guess.

use super::Service;
use super::intake::Refusal;
use crate::output;
use anyhow::{Context as _, Result};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gangway_protocol::audit::AuditRecord;
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// Lets through only what was asked before the service was asked to end. Webhooks refuse by themselves, for they leave a
/// trace of it.
pub async fn refuse_late(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    if service.stop.is_cancelled() {
        return Refusal::Stopping.problem().into_response();
    }
    next.run(request).await
}

/// Has the end wait for a request that came before it.
pub async fn waited_for(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    if service.stop.is_cancelled() {
        return next.run(request).await;
    }
    service.tasks.track_future(next.run(request)).await
}

/// What runs until the service stops.
pub struct UnderWay {
    /// They bring the runs they have begun to a rest.
    pub workers: JoinSet<()>,
    /// The scheduled jobs.
    pub scheduled: JoinHandle<Result<()>>,
    /// Tidying of what is in memory.
    pub tidy: JoinHandle<()>,
    /// The listener, until `close`.
    pub answering: JoinHandle<()>,
    /// Ends the listening.
    pub close: CancellationToken,
}

impl UnderWay {
    async fn rest(self, service: &Service) -> Result<()> {
        self.workers.join_all().await;
        self.scheduled.await.context("the schedule ended in a panic")??;
        self.tidy.await.context("tidying ended in a panic")?;
        service.tasks.close();
        service.tasks.wait().await;
        self.close.cancel();
        self.answering.await.context("answering ended in a panic")?;
        // What the last requests set off.
        service.tasks.wait().await;
        Ok(())
    }
}

/// Waits for what is under way, so long; gives the line for the audit, and what went wrong if that is an error of ours.
pub async fn end(service: &Service, under_way: UnderWay, longest: Duration) -> (AuditRecord, Result<()>) {
    let (why, ended) = match tokio::time::timeout(longest, under_way.rest(service)).await {
        Ok(Ok(())) => (None, Ok(())),
        Ok(Err(error)) => (Some(("FAILED", format!("{error:#}"))), Err(error)),
        Err(_) => {
            let says = "stopped with work under way; the next start goes on with it";
            let why = format!(
                "work under way did not come to rest within {longest:?}; the next start goes on with it"
            );
            (Some(("DRAIN_INCOMPLETE", why)), output::remark(says))
        }
    };
    service.refusals.settle(service.installation.store(), None).await;
    (stopped(why), ended)
}

fn stopped(why: Option<(&str, String)>) -> AuditRecord {
    let how = json!({ "well": why.is_none() });
    let mut record = AuditRecord::done("service.stop", &super::life::itself(), how, Timestamp::now());
    let Some((code, why)) = why else { return record };
    if let Some(end) = &mut record.end {
        (end.ok, end.error) = (false, Some(format!("stop/{code}")));
    }
    record.because(&why)
}
