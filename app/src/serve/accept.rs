//! A run that a page asks for: committed, put in the line, and waited for as long as somebody likes.

use super::intake::Refusal;
use super::known::Sought;
use super::{Problem, Service};
use gangway_coordinator::new_run;
use gangway_durable::Submitted;
use gangway_protocol::run::{RunRequest, RunState};
use gangway_protocol::{Actor, RunId, RunRecord, TraceParent};
use jiff::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// A page on which a run is asked for, for the record of what is refused.
pub struct OnPage<'a> {
    /// What kind of page.
    pub what: &'static str,
    /// Which of them.
    pub page: &'a str,
    /// Who asks.
    pub who: Actor,
}

impl Service {
    /// Commits the run and puts it in the line; or gives the one that stands in its way. Without a trace to join it begins one.
    pub async fn accept(
        &self,
        request: RunRequest,
        trace: Option<TraceParent>,
    ) -> Result<Submitted, Problem> {
        if self.stop.is_cancelled() {
            return Err(Refusal::Stopping.problem());
        }
        let place = self.queue.reserve().ok_or_else(|| Refusal::QueueFull.problem())?;
        let record = new_run(request, Timestamp::now(), Uuid::now_v7(), self.engine.versions()).within(trace);
        let submitted = self.engine.durable().submit(record).await?;
        if submitted.record.state.is_live() {
            self.queue.push(submitted.record.run_id.clone(), Some(place));
        }
        Ok(submitted)
    }

    /// The same for an account that a page names: one that Salesforce has not is turned away, and that is put on record.
    /// A correlation id that led to a run before is no news, and nobody is asked.
    pub async fn accept_known(
        &self,
        request: RunRequest,
        trace: Option<TraceParent>,
        page: OnPage<'_>,
    ) -> Result<Submitted, Problem> {
        // What is asked before there is a run is in the run's trace.
        let trace = trace.unwrap_or_else(|| TraceParent::beginning(Uuid::new_v4().as_u128()));
        if !self.installation.store().runs().knows_correlation(&request.correlation_id).await? {
            let sought = Sought { account_id: &request.account_id, trace: Some(&trace) };
            if self.is_unknown(sought).await {
                return Err(self.turn_unknown_away(&request.account_id, page).await.problem());
            }
        }
        self.accept(request, Some(trace)).await
    }

    /// The run at rest, if it comes to rest in time and before the service stops: once it does, who waits is told what is
    /// certain, that the run is accepted.
    pub async fn at_rest(&self, run_id: &RunId, longest: Duration) -> Option<RunRecord> {
        let rest = self.queue.rest_of(run_id);
        let found = self.installation.store().runs().get(run_id).await.ok().flatten();
        let rests = |record: &RunRecord| !matches!(record.state, RunState::Assessing | RunState::Fulfilling);
        if let Some(record) = found.filter(rests) {
            return Some(record);
        }
        let in_time = tokio::time::timeout(longest, rest);
        self.stop.run_until_cancelled(in_time).await?.ok()?.ok()
    }
}
