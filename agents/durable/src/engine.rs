//! The engine as the outside sees it: accepts runs, drives each to its next rest, goes on after a crash.
//!
//! One drive per run at a time, in a task of its own, so that a caller who goes away does not stop a run half-way.

mod drive;
mod retry;

use crate::EngineError;
use crate::lock::EngineLock;
use crate::options::EngineOptions;
use crate::workflow::Workflow;
use futures::StreamExt as _;
use gangway_protocol::{RunId, RunRecord, RunState};
use gangway_store::{Accepted, InboundEvent, Received, Store};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::{RwLock, watch};

/// Runs driven at once when resuming: enough to keep two cores and the group commit busy.
const RESUMED_AT_ONCE: usize = 16;

type Answer = Result<RunRecord, EngineError>;

/// How a request for a run was met.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitted {
    /// The new run, or the one that stands in its way: the account's live one, or the correlation id's.
    pub record: RunRecord,
    /// Whether it is new.
    pub started: bool,
}

/// Runs one workflow on the store's journal. Clones share it.
pub struct Engine<W: Workflow>(Arc<Shared<W>>);

/// An engine that may be gone: it keeps no data folder locked.
pub struct WeakEngine<W: Workflow>(Weak<Shared<W>>);

/// What a drive needs.
pub(crate) struct Desk<W: Workflow> {
    pub(crate) store: Store,
    pub(crate) env: Arc<W::Env>,
    pub(crate) options: EngineOptions,
    /// Shared by those who accept runs, exclusive for who makes a parked one live again: an account has one live run.
    coming_alive: RwLock<()>,
}

struct Shared<W: Workflow> {
    /// First, so that it is dropped first: nothing is under way then, and the rest may take its time.
    _lock: EngineLock,
    desk: Desk<W>,
    drives: Mutex<HashMap<RunId, Underway>>,
}

/// A drive that is going on.
struct Underway {
    answer: watch::Receiver<Option<Answer>>,
    /// Somebody asked again meanwhile; what they know of (an approval, say) may have come too late for this drive.
    asked_again: bool,
}

impl<W: Workflow> Engine<W> {
    /// Takes the data folder's `engine.lock` until the last clone is dropped and no run is under way.
    ///
    /// # Errors
    /// [`EngineError::Taken`] when another engine has it.
    pub fn open(store: Store, env: Arc<W::Env>, options: EngineOptions) -> Result<Self, EngineError> {
        let lock = EngineLock::acquire(&options.data_dir)?;
        let desk = Desk { store, env, options, coming_alive: RwLock::default() };
        Ok(Self(Arc::new(Shared { _lock: lock, desk, drives: Mutex::default() })))
    }

    /// Commits a new run, or finds the one that is already there. Does not drive it.
    ///
    /// # Errors
    /// [`gangway_store::StoreError::CorrelationTaken`] when the correlation id belongs to another account's request.
    pub async fn submit(&self, mut record: RunRecord) -> Result<Submitted, EngineError> {
        let desk = &self.0.desk;
        W::VERSION.clone_into(&mut record.versions.workflow);
        let _shared = desk.coming_alive.read().await;
        match desk.store.runs().accept(&record).await? {
            Accepted::New => {
                desk.options.crash.reach("run.accepted", record.state.name());
                Ok(Submitted { record, started: true })
            }
            Accepted::Live(found) | Accepted::SameCorrelation(found) => {
                Ok(Submitted { record: *found, started: false })
            }
        }
    }

    /// The same for a run an inbound event asks for: event and run are remembered in one commit.
    ///
    /// # Errors
    /// As [`Engine::submit`]; then the event is not remembered either.
    pub async fn submit_event(
        &self,
        mut record: RunRecord,
        event: InboundEvent,
    ) -> Result<Received, EngineError> {
        let desk = &self.0.desk;
        W::VERSION.clone_into(&mut record.versions.workflow);
        let _shared = desk.coming_alive.read().await;
        let received = desk.store.intake().accept(&record, event).await?;
        desk.options.crash.reach("intake.committed", record.state.name());
        Ok(received)
    }

    /// Drives a run to its next rest (completed, blocked, parked or awaiting approval) and gives it as it stands then.
    ///
    /// Who asks while it is under way gets the same answer, or that of one more round if the run then awaits approval.
    /// Dropping the future does not stop the drive. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// The store failed, or there is no such run; the run itself is as it was.
    pub async fn drive(&self, run_id: &RunId) -> Result<RunRecord, EngineError> {
        let mut answer = self.join_or_start(run_id);
        match answer.wait_for(Option::is_some).await {
            Ok(found) => found.clone().unwrap_or_else(|| Err(EngineError::Interrupted(run_id.clone()))),
            Err(_) => Err(EngineError::Interrupted(run_id.clone())),
        }
    }

    /// Drives every live run to its next rest, oldest first, a bounded number at a time. Call it at the start.
    ///
    /// # Errors
    /// The list of runs cannot be read; failures of single runs stand in the list.
    pub async fn resume_all(&self) -> Result<Vec<(RunId, Result<RunRecord, EngineError>)>, EngineError> {
        let unfinished = self.0.desk.store.runs().unfinished().await?;
        let drives = unfinished.into_iter().map(|run_id| async move {
            let answer = self.drive(&run_id).await;
            (run_id, answer)
        });
        Ok(futures::stream::iter(drives).buffered(RESUMED_AT_ONCE).collect().await)
    }

    /// The run as it was saved last; none when there is no such run.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn query(&self, run_id: &RunId) -> Result<Option<RunRecord>, EngineError> {
        Ok(self.0.desk.store.runs().get(run_id).await?)
    }

    /// Puts a parked run back to where it stood before it was parked, and drives it to its next rest. Steps that are
    /// recorded are not repeated; the one that failed is tried again.
    ///
    /// # Errors
    /// [`EngineError::NotRetriable`] when it is not parked, or its account has another live run; else as [`Engine::drive`].
    pub async fn retry(&self, run_id: &RunId) -> Result<RunRecord, EngineError> {
        self.0.desk.unpark(run_id).await?;
        self.drive(run_id).await
    }

    /// The engine without holding it. It can be had again as long as a clone or a drive holds it.
    #[must_use]
    pub fn downgrade(&self) -> WeakEngine<W> {
        WeakEngine(Arc::downgrade(&self.0))
    }

    fn join_or_start(&self, run_id: &RunId) -> watch::Receiver<Option<Answer>> {
        let mut drives = self.0.drives();
        if let Some(underway) = drives.get_mut(run_id) {
            underway.asked_again = true;
            return underway.answer.clone();
        }
        let (tell, answer) = watch::channel(None);
        drives.insert(run_id.clone(), Underway { answer: answer.clone(), asked_again: false });
        let place = Place { shared: Arc::clone(&self.0), run_id: run_id.clone(), is_taken: true };
        tokio::spawn(place.work(tell));
        answer
    }
}

impl<W: Workflow> Shared<W> {
    fn drives(&self) -> MutexGuard<'_, HashMap<RunId, Underway>> {
        self.drives.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run's place in the list of drives; given up when the drive ends, however it ends.
struct Place<W: Workflow> {
    shared: Arc<Shared<W>>,
    run_id: RunId,
    is_taken: bool,
}

impl<W: Workflow> Place<W> {
    async fn work(mut self, tell: watch::Sender<Option<Answer>>) {
        loop {
            let answer = self.shared.desk.drive(&self.run_id).await;
            if !self.goes_round_again(&answer) {
                tell.send_replace(Some(answer));
                return;
            }
        }
    }

    /// Decides under the lock, so that nobody joins a drive that has already decided to end.
    fn goes_round_again(&mut self, answer: &Answer) -> bool {
        let mut drives = self.shared.drives();
        // Somebody's approval, or somebody's wish to try again, may have come between the look and this lock.
        let waits = matches!(
            answer,
            Ok(record) if matches!(record.state, RunState::AwaitingApproval | RunState::Parked)
        );
        if let Some(underway) = drives.get_mut(&self.run_id)
            && waits
            && std::mem::take(&mut underway.asked_again)
        {
            return true;
        }
        drives.remove(&self.run_id);
        self.is_taken = false;
        false
    }
}

impl<W: Workflow> Drop for Place<W> {
    fn drop(&mut self) {
        if self.is_taken {
            self.shared.drives().remove(&self.run_id);
        }
    }
}

impl<W: Workflow> WeakEngine<W> {
    /// The engine, if anything still holds it.
    #[must_use]
    pub fn upgrade(&self) -> Option<Engine<W>> {
        self.0.upgrade().map(Engine)
    }
}

impl<W: Workflow> Clone for Engine<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Workflow> fmt::Debug for Engine<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("options", &self.0.desk.options).finish_non_exhaustive()
    }
}
