//! One stretch of a run's journal: replays what is recorded, then does and records what is not.
//!
//! A step's entry is queued as soon as its body is done and is committed before the next body starts. Where a run
//! stands, and when it is parked, is the engine's business.

use crate::engine::Desk;
use crate::workflow::{Activity, Durable, Interrupted, StepError, Workflow};
use futures::FutureExt as _;
use gangway_protocol::{IdempotencyKey, RunId, RunState};
use gangway_store::{JournalEntry, Pending};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Starts the label of the entry that ends a stretch.
const END: &str = "@saved:";

/// Label of the entry that ends a stretch with the record in `state`.
pub(crate) fn end_label(state: RunState) -> String {
    format!("{END}{}", state.name())
}

/// The state the record was saved in when the last stretch ended: that of a new run when none has. None when the mark
/// names no state that this program knows.
pub(crate) fn saved_state(journal: &[JournalEntry]) -> Option<RunState> {
    match journal.iter().rev().find_map(|entry| entry.label.strip_prefix(END)) {
        None => Some(RunState::Assessing),
        Some(name) => RunState::named(name),
    }
}

pub(crate) struct Journaled<'a, W: Workflow> {
    desk: &'a Desk<W>,
    run_id: RunId,
    cursor: Mutex<Cursor>,
}

struct Cursor {
    next: u32,
    recorded: VecDeque<JournalEntry>,
    labels: HashSet<&'static str>,
    /// The step whose body is running, or was dropped while it ran.
    running: Option<&'static str>,
    unconfirmed: Option<Unconfirmed>,
    /// An entry was added or replayed.
    has_entries: bool,
    /// Said once, holds for good: a workflow that swallows it gets no further.
    interrupted: Option<Interrupted>,
}

/// An entry that is queued and not yet known to be committed.
struct Unconfirmed {
    label: &'static str,
    commit: Pending<()>,
}

enum Turn {
    /// Done before; this is what it gave.
    Replay(String),
    /// To be done, and recorded at this position.
    Run(u32),
}

/// A stretch whose workflow has returned.
pub(crate) struct Finished {
    /// Position of the next entry.
    pub(crate) next: u32,
    /// Whether the stretch has entries. Replayed ones count: without an end mark they would be replayed for ever.
    pub(crate) has_entries: bool,
    unconfirmed: Option<Unconfirmed>,
}

impl<'a, W: Workflow> Journaled<'a, W> {
    /// The stretch after the last end mark of `journal`.
    pub(crate) fn resume(desk: &'a Desk<W>, run_id: RunId, mut journal: Vec<JournalEntry>) -> Self {
        let last_end = journal.iter().rposition(|entry| entry.label.starts_with(END));
        let recorded = journal.split_off(last_end.map_or(0, |at| at.saturating_add(1)));
        let next = journal.last().map_or(0, |end| end.seq.saturating_add(1));
        Self::new(desk, run_id, next, recorded.into())
    }

    /// A new stretch that starts at position `next`.
    pub(crate) fn start(desk: &'a Desk<W>, run_id: RunId, next: u32) -> Self {
        Self::new(desk, run_id, next, VecDeque::new())
    }

    fn new(desk: &'a Desk<W>, run_id: RunId, next: u32, recorded: VecDeque<JournalEntry>) -> Self {
        let cursor = Cursor {
            next,
            recorded,
            labels: HashSet::new(),
            running: None,
            unconfirmed: None,
            has_entries: false,
            interrupted: None,
        };
        Self { desk, run_id, cursor: Mutex::new(cursor) }
    }

    /// Ends the stretch. An interruption that the workflow swallowed counts, and so do recorded steps that it did not
    /// ask for: both mean that what it returned cannot be trusted.
    pub(crate) fn finish(self) -> Result<Finished, Interrupted> {
        let cursor = self.cursor.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(interrupted) = cursor.interrupted {
            return Err(interrupted);
        }
        if let Some(entry) = cursor.recorded.front() {
            return Err(Interrupted::parked(format!(
                "step {} is recorded as {:?}, but the workflow ended without asking for it",
                entry.seq, entry.label
            )));
        }
        if let Some(label) = cursor.running {
            return Err(Interrupted::parked(format!("the workflow ended while step {label:?} was running")));
        }
        Ok(Finished { next: cursor.next, has_entries: cursor.has_entries, unconfirmed: cursor.unconfirmed })
    }

    fn cursor(&self) -> MutexGuard<'_, Cursor> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, interrupted: Interrupted) -> Interrupted {
        self.cursor().interrupted.get_or_insert(interrupted).clone()
    }

    fn park(&self, reason: String) -> Interrupted {
        self.stop(Interrupted::parked(reason))
    }

    /// Takes the next position for `label`.
    fn take_turn(&self, label: &'static str) -> Result<Turn, Interrupted> {
        let turn = self.cursor().take_turn(label);
        turn.map_err(|interrupted| self.stop(interrupted))
    }

    /// A body may only start when everything before it is committed.
    async fn confirm(&self) -> Result<(), Interrupted> {
        let unconfirmed = self.cursor().unconfirmed.take();
        match unconfirmed {
            None => Ok(()),
            Some(entry) => entry.confirm(self.desk).await.map_err(|error| self.stop(error)),
        }
    }

    fn replayed<T: DeserializeOwned>(&self, label: &'static str, output: &str) -> Result<T, Interrupted> {
        serde_json::from_str(output).map_err(|error| {
            self.park(format!("the recorded output of step {label:?} cannot be read any more: {error}"))
        })
    }

    async fn record(
        &self,
        seq: u32,
        label: &'static str,
        output: &(impl Serialize + Sync),
    ) -> Result<(), Interrupted> {
        let json = serde_json::to_string(output)
            .map_err(|error| self.park(format!("the output of step {label:?} is no JSON: {error}")))?;
        let commit = self
            .desk
            .store
            .journal()
            .append_queued(&self.run_id, seq, label, json)
            .await
            .map_err(|error| self.stop(error.into()))?;
        let mut cursor = self.cursor();
        cursor.unconfirmed = Some(Unconfirmed { label, commit });
        cursor.running = None;
        Ok(())
    }

    async fn attempt<A: Activity<W::Env>>(
        &self,
        label: &'static str,
        input: &A::In,
    ) -> Result<A::Out, Interrupted> {
        let policy = self.desk.options.retry;
        let mut attempt = 1;
        loop {
            let key = IdempotencyKey::of_step(&self.run_id, label);
            // A panicking step would panic at every resume; parked, it can be seen.
            let end = AssertUnwindSafe(A::run(&self.desk.env, key, input)).catch_unwind().await;
            let (reason, asked) = match end {
                Ok(Ok(output)) => return Ok(output),
                Ok(Err(StepError::Retry(reason))) => (reason, Duration::ZERO),
                Ok(Err(StepError::RetryAfter { reason, wait })) => (reason, wait),
                Ok(Err(StepError::Fatal(reason))) => {
                    return Err(self.park(format!("step {label:?} failed: {reason}")));
                }
                Err(_) => return Err(self.park(format!("step {label:?} panicked"))),
            };
            if attempt >= policy.attempts {
                let reason = format!("step {label:?} still failed after {attempt} attempts: {reason}");
                return Err(self.park(reason));
            }
            tracing::warn!(run_id = %self.run_id, step = label, activity = A::NAME, attempt, "step will be retried");
            tokio::time::sleep(policy.wait_after(attempt).max(asked.min(policy.longest))).await;
            attempt += 1;
        }
    }
}

impl Cursor {
    fn take_turn(&mut self, label: &'static str) -> Result<Turn, Interrupted> {
        if let Some(interrupted) = &self.interrupted {
            return Err(interrupted.clone());
        }
        if let Some(other) = self.running {
            return Err(Interrupted::parked(format!(
                "step {label:?} was asked for before step {other:?} had ended; steps run one at a time"
            )));
        }
        if label.starts_with('@') || !self.labels.insert(label) {
            return Err(Interrupted::parked(format!(
                "label {label:?} is used twice, or belongs to the engine"
            )));
        }
        let seq = self.next;
        self.next = seq.saturating_add(1);
        self.has_entries = true;
        match self.recorded.pop_front() {
            None => {
                self.running = Some(label);
                Ok(Turn::Run(seq))
            }
            Some(entry) if entry.label == label && entry.seq == seq => Ok(Turn::Replay(entry.output)),
            Some(entry) => Err(Interrupted::parked(format!(
                "step {seq} is recorded as {:?} (position {}), but the workflow asks for {label:?}",
                entry.label, entry.seq
            ))),
        }
    }
}

impl Cursor {
    /// Undoes the turn of a look that found nothing: the next step gets its position.
    fn give_back(&mut self, seq: u32, label: &'static str, had_entries: bool) {
        self.next = seq;
        self.labels.remove(label);
        self.running = None;
        self.has_entries = had_entries;
    }
}

impl Unconfirmed {
    async fn confirm<W: Workflow>(self, desk: &Desk<W>) -> Result<(), Interrupted> {
        self.commit.await?;
        desk.options.crash.reach("step.recorded", self.label);
        Ok(())
    }
}

impl Finished {
    /// Waits until the stretch's last entry is committed.
    pub(crate) async fn confirm<W: Workflow>(self, desk: &Desk<W>) -> Result<(), Interrupted> {
        match self.unconfirmed {
            None => Ok(()),
            Some(entry) => entry.confirm(desk).await,
        }
    }
}

impl<W: Workflow> Durable for Journaled<'_, W> {
    type Env = W::Env;

    fn run_id(&self) -> &RunId {
        &self.run_id
    }

    async fn now(&self, label: &'static str) -> Result<Timestamp, Interrupted> {
        match self.take_turn(label)? {
            Turn::Replay(output) => self.replayed(label, &output),
            Turn::Run(seq) => {
                self.confirm().await?;
                let now = (self.desk.options.clock)();
                self.record(seq, label, &now).await?;
                Ok(now)
            }
        }
    }

    async fn step<A: Activity<W::Env>>(
        &self,
        label: &'static str,
        input: A::In,
    ) -> Result<A::Out, Interrupted> {
        match self.take_turn(label)? {
            Turn::Replay(output) => self.replayed(label, &output),
            Turn::Run(seq) => {
                self.confirm().await?;
                let crash = &self.desk.options.crash;
                crash.reach("step.begin", label);
                let output = self.attempt::<A>(label, &input).await?;
                crash.reach("step.effect", label);
                self.record(seq, label, &output).await?;
                Ok(output)
            }
        }
    }

    async fn look<A, T>(&self, label: &'static str, input: A::In) -> Result<Option<T>, Interrupted>
    where
        A: Activity<W::Env, Out = Option<T>>,
        T: Serialize + DeserializeOwned + Send + Sync,
    {
        let had_entries = self.cursor().has_entries;
        match self.take_turn(label)? {
            Turn::Replay(output) => self.replayed(label, &output),
            Turn::Run(seq) => {
                self.confirm().await?;
                let found = self.attempt::<A>(label, &input).await?;
                match found {
                    Some(_) => {
                        self.desk.options.crash.reach("step.effect", label);
                        self.record(seq, label, &found).await?;
                    }
                    None => self.cursor().give_back(seq, label, had_entries),
                }
                Ok(found)
            }
        }
    }
}
