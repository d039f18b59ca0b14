//! Putting a parked run back to where it stood. Drives nothing.

use super::Desk;
use crate::EngineError;
use crate::journaled::saved_state;
use crate::workflow::Workflow;
use gangway_protocol::{RunId, RunState};
use gangway_store::RunFilter;

impl<W: Workflow> Desk<W> {
    /// Parking changes nothing but state and reason, so the journal's last end mark says where the run stood. What is
    /// recorded after it stays, and is replayed.
    pub(super) async fn unpark(&self, run_id: &RunId) -> Result<(), EngineError> {
        let _alone = self.coming_alive.write().await;
        let Some(mut record) = self.store.runs().get(run_id).await? else {
            return Err(EngineError::UnknownRun(run_id.clone()));
        };
        let refused = |reason: String| EngineError::NotRetriable { run_id: run_id.clone(), reason };
        if record.state != RunState::Parked {
            return Err(refused(format!("it is {}", record.state)));
        }
        let stood = saved_state(&self.store.journal().load(run_id).await?);
        let Some(state) = stood.filter(|state| state.is_live()) else {
            return Err(refused("its workflow parked it for good".to_owned()));
        };
        let of_account =
            RunFilter { account: Some(record.request.account_id.clone()), ..RunFilter::default() };
        let runs = self.store.runs().list(of_account).await?;
        if let Some(live) = runs.iter().find(|run| run.state.is_live()) {
            return Err(refused(format!("its account has the live run {}", live.run_id)));
        }
        record.state = state;
        record.parked_because = None;
        record.updated_at = (self.options.clock)();
        Ok(self.store.runs().save(&record).await?)
    }
}
