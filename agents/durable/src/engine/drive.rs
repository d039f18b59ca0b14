//! One drive: phase after phase until the run rests, the record saved at the end of each, parked when it cannot go on.

use super::{Answer, Desk};
use crate::EngineError;
use crate::journaled::{Finished, Journaled, end_label};
use crate::workflow::{Interrupted, Why, Workflow};
use gangway_protocol::{RunId, RunRecord, RunState};

/// How one phase ended.
enum Phase {
    /// The record is saved; the next entry goes to this position.
    Saved(Box<RunRecord>, u32),
    /// The run cannot go on by itself.
    Stuck(String),
}

impl<W: Workflow> Desk<W> {
    pub(super) async fn drive(&self, run_id: &RunId) -> Answer {
        let Some(record) = self.store.runs().get(run_id).await? else {
            return Err(EngineError::UnknownRun(run_id.clone()));
        };
        if !record.state.is_live() {
            return Ok(record);
        }
        let journal = self.store.journal().load(run_id).await?;
        let mut record = Box::new(record);
        if record.versions.workflow != W::VERSION {
            if !journal.is_empty() {
                let reason = format!(
                    "its journal was written by workflow version {:?}, this Gangway has {:?}",
                    record.versions.workflow,
                    W::VERSION
                );
                return self.park(run_id, &reason).await;
            }
            // Nothing has been done yet, so nothing can disagree.
            W::VERSION.clone_into(&mut record.versions.workflow);
        }
        let mut stretch = Journaled::resume(self, run_id.clone(), journal);
        loop {
            let began_as = record.state;
            match self.phase(stretch, record).await? {
                Phase::Stuck(reason) => return self.park(run_id, &reason).await,
                Phase::Saved(saved, _) if rests(saved.state) => return Ok(*saved),
                Phase::Saved(saved, _) if saved.state == began_as => {
                    let reason = format!("the workflow left it {began_as} without getting any further");
                    return self.park(run_id, &reason).await;
                }
                Phase::Saved(saved, next) => {
                    record = saved;
                    stretch = Journaled::start(self, run_id.clone(), next);
                }
            }
        }
    }

    async fn phase(&self, stretch: Journaled<'_, W>, record: Box<RunRecord>) -> Result<Phase, EngineError> {
        let before = (record.state == RunState::AwaitingApproval).then(|| record.clone());
        let returned = W::drive(&stretch, *record).await;
        let (end, finished) = match (returned, stretch.finish()) {
            (Ok(end), Ok(finished)) => (Box::new(end), finished),
            // What the stretch says comes first: the workflow can only have passed it on.
            (_, Err(interrupted)) | (Err(interrupted), Ok(_)) => return stuck(interrupted),
        };
        // Looking whether an approval has come is no reason to write.
        if !finished.has_entries && before.is_some_and(|before| before == end) {
            return Ok(Phase::Saved(end, finished.next));
        }
        self.save(end, finished).await
    }

    /// Saves the record and ends the stretch, in the same commit as the last step's entry where that is still queued.
    async fn save(&self, mut record: Box<RunRecord>, finished: Finished) -> Result<Phase, EngineError> {
        record.updated_at = (self.options.clock)();
        let seq = finished.next;
        let label = end_label(record.state);
        let runs = self.store.runs();
        let (saved, confirmed) =
            futures::join!(runs.save_with_entry(&record, seq, &label), finished.confirm(self));
        if let Err(interrupted) = confirmed {
            return stuck(interrupted);
        }
        saved?;
        self.options.crash.reach("run.saved", record.state.name());
        Ok(Phase::Saved(record, seq.saturating_add(1)))
    }

    /// Parks the run as it was saved last, with the reason in its record.
    async fn park(&self, run_id: &RunId, reason: &str) -> Answer {
        let Some(record) = self.store.runs().get(run_id).await? else {
            return Err(EngineError::UnknownRun(run_id.clone()));
        };
        // Told before it is saved: a crash in between parks it again, and the teller's keys keep it told once.
        let mut parked = W::parking(&self.env, record.parked(reason)).await;
        parked.updated_at = (self.options.clock)();
        self.store.runs().save(&parked).await?;
        self.options.crash.reach("run.saved", parked.state.name());
        // The reason may quote a vendor or a person; it stands in the record, not in the log.
        tracing::warn!(%run_id, "run is parked");
        Ok(parked)
    }
}

fn stuck(interrupted: Interrupted) -> Result<Phase, EngineError> {
    match interrupted.0 {
        Why::Park(reason) => Ok(Phase::Stuck(reason)),
        Why::Store(error) => Err(error.into()),
    }
}

fn rests(state: RunState) -> bool {
    match state {
        RunState::Completed | RunState::Blocked | RunState::Parked | RunState::AwaitingApproval => true,
        RunState::Assessing | RunState::Fulfilling => false,
    }
}
