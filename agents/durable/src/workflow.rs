//! What a workflow is written against: named steps, a journaled clock, and nothing else. Knows no engine.

use gangway_protocol::{IdempotencyKey, RunId, RunRecord};
use gangway_store::StoreError;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::time::Duration;

/// A named step: the only place where a workflow touches the outside.
///
/// A name and serialisable input and output, not a closure, so that an engine may run it in another process.
/// `E` is what the step needs from the outside (tool belts, clocks, signing keys).
pub trait Activity<E>: Send + Sync + 'static {
    /// Its name in logs.
    const NAME: &'static str;
    /// What it needs. Never a secret: an engine may store it.
    type In: Serialize + DeserializeOwned + Send + Sync;
    /// What it gives. Stored in the journal, so it must survive a newer program, and hold no secret.
    type Out: Serialize + DeserializeOwned + Send + Sync;

    /// Does it. May run again after a crash, with the same key and input: receivers recognise the key.
    ///
    /// # Errors
    /// [`StepError`] when it could not; a failure that is part of the story belongs into `Out`.
    fn run(
        env: &E,
        key: IdempotencyKey,
        input: &Self::In,
    ) -> impl Future<Output = Result<Self::Out, StepError>> + Send;
}

/// Why a step could not be done. The text is shown to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Trying again may help. After a bounded number of attempts the run is parked.
    #[error("{0}")]
    Retry(String),
    /// Trying again may help, but not before this time has passed.
    #[error("{reason}")]
    RetryAfter {
        /// Why it could not be done.
        reason: String,
        /// How long to wait at least; a wait beyond the policy's longest is cut to that.
        wait: Duration,
    },
    /// Trying again will not help: the run is parked.
    #[error("{0}")]
    Fatal(String),
}

/// The engine's order to stop here. A workflow passes it on with `?` and does nothing more.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct Interrupted(pub(crate) Why);

#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Why {
    /// The run cannot go on by itself.
    #[error("{0}")]
    Park(String),
    /// The journal cannot be written now; the run goes on another time.
    #[error("the step could not be recorded")]
    Store(#[source] StoreError),
}

impl Interrupted {
    /// The run is parked with a reason people can act on. Made by engines, and by test doubles of one.
    #[must_use]
    pub fn parked(reason: impl Into<String>) -> Self {
        Self(Why::Park(reason.into()))
    }
}

impl From<StoreError> for Interrupted {
    fn from(error: StoreError) -> Self {
        Self(Why::Store(error))
    }
}

/// What workflow code sees. Between its calls a workflow reads no clock, randomness, environment or hash order, and it
/// makes one call at a time: a step that is to do several things at once does so inside.
pub trait Durable: Send + Sync {
    /// What the steps may use.
    type Env: Send + Sync;

    /// The run.
    fn run_id(&self) -> &RunId;

    /// The time of the first execution; the same on every replay.
    ///
    /// # Errors
    /// [`Interrupted`], to be passed on.
    fn now(&self, label: &'static str) -> impl Future<Output = Result<Timestamp, Interrupted>> + Send;

    /// Does a step, or gives what it gave when it was done before.
    ///
    /// `label` is unique within the phase, and within the run where the step has an effect: the idempotency key is
    /// `run_id/label`. Labels that start with `@` belong to the engine.
    ///
    /// # Errors
    /// [`Interrupted`], to be passed on.
    fn step<A: Activity<Self::Env>>(
        &self,
        label: &'static str,
        input: A::In,
    ) -> impl Future<Output = Result<A::Out, Interrupted>> + Send;

    /// Looks whether something is there yet. What is found is recorded, as by [`Durable::step`]; a look that finds
    /// nothing leaves no trace, so that looking again and again costs no journal. It must have no effect of its own.
    ///
    /// # Errors
    /// [`Interrupted`], to be passed on.
    fn look<A, T>(
        &self,
        label: &'static str,
        input: A::In,
    ) -> impl Future<Output = Result<Option<T>, Interrupted>> + Send
    where
        A: Activity<Self::Env, Out = Option<T>>,
        T: Serialize + DeserializeOwned + Send + Sync;
}

/// A workflow over run records.
pub trait Workflow: Send + Sync + 'static {
    /// What its steps may use.
    type Env: Send + Sync + 'static;

    /// Version of the step sequence. A journal written by another version is parked, never replayed.
    const VERSION: &'static str;

    /// Runs the one phase that the record's state asks for; gives the record as it stands then. The engine saves it and
    /// calls again until the run rests (completed, blocked, parked or awaiting approval). Each call starts a new stretch of the journal,
    /// so a later phase never replays an earlier one: what it needs stands in the record.
    ///
    /// # Errors
    /// [`Interrupted`], passed on from a step.
    fn drive<D: Durable<Env = Self::Env>>(
        durable: &D,
        record: RunRecord,
    ) -> impl Future<Output = Result<RunRecord, Interrupted>> + Send;

    /// Called before a run is saved as parked, so that somebody hears of it; gives the record with what was done. After
    /// a crash it may be called again: what it does needs keys. By itself it does nothing.
    fn parking(env: &Self::Env, record: RunRecord) -> impl Future<Output = RunRecord> + Send {
        let _ = env;
        async { record }
    }
}
