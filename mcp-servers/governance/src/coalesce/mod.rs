//! Single reads that come within a few milliseconds share one vendor call.
//!
//! Only reads of one caller with the same rights meet: what a principal may see is never fetched with another's question. When reads meet is
//! decided by the pure [`lane`]; how many are asked for at once, and what becomes of a batch that fails, is the
//! connector's knowledge ([`Lookup`]). A batch runs in a task of its own: a caller that goes away takes nobody's answer.

pub(crate) mod lane;
pub mod singly;

use crate::access::Principal;
use crate::limits::settings::CoalesceSettings;
use crate::trace;
use crate::vendor::Outbound;
use futures::future::BoxFuture;
use gangway_protocol::{ApiError, ErrorType, System, TraceParent};
use lane::{Arrival, Due, Lane};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::{oneshot, watch};

/// What is looked up, one by one or many at once.
pub trait Lookup: Send + Sync + 'static {
    /// What is asked for.
    type Key: Clone + Eq + Hash + Send + 'static;
    /// What is found.
    type Found: Clone + Send + 'static;

    /// The most keys one batch may hold.
    const MOST: usize;

    /// One alone.
    fn one(&self, key: Self::Key) -> BoxFuture<'_, Result<Self::Found, ApiError>>;

    /// Several different ones; the answers in their order, each its own success or failure.
    fn many(&self, keys: Vec<Self::Key>) -> BoxFuture<'_, Vec<Result<Self::Found, ApiError>>>;

    /// The system and operation, for the error of an answer that got lost on our side.
    fn subject(&self) -> (System, &'static str);
}

type Answer<L> = Result<<L as Lookup>::Found, ApiError>;

/// A read that waits for its batch.
struct Waiting<L: Lookup> {
    key: L::Key,
    answer: oneshot::Sender<Answer<L>>,
    trace: Option<TraceParent>,
}

/// Brings single reads together. Clones share it.
pub struct Coalescer<L: Lookup> {
    inner: Arc<Inner<L>>,
}

struct Inner<L: Lookup> {
    lookup: L,
    settings: watch::Receiver<CoalesceSettings>,
    /// By principal; a lane that is empty is not kept.
    lanes: Mutex<HashMap<Principal, Lane<Waiting<L>>>>,
}

impl<L: Lookup> Clone for Coalescer<L> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<L: Lookup> Coalescer<L> {
    /// A coalescer over a lookup, with the windows of the process.
    #[must_use]
    pub fn new(outbound: &Outbound, lookup: L) -> Self {
        Self::under(outbound.coalesce.clone(), lookup)
    }

    /// A coalescer with windows of its own.
    #[must_use]
    pub fn within(settings: CoalesceSettings, lookup: L) -> Self {
        Self::under(watch::channel(settings).1, lookup)
    }

    fn under(settings: watch::Receiver<CoalesceSettings>, lookup: L) -> Self {
        Self { inner: Arc::new(Inner { lookup, settings, lanes: Mutex::default() }) }
    }

    /// Looks one key up, alone or together with others of the same principal.
    ///
    /// # Errors
    /// What the lookup gave for this key.
    pub async fn get(&self, principal: &Principal, key: L::Key) -> Answer<L> {
        let (answer, answered) = oneshot::channel();
        let present = Present { coalescer: self.clone(), principal: principal.clone() };
        match self.inner.arrive(principal, Waiting { key, answer, trace: trace::current() }) {
            Arrival::Alone(alone) => return self.inner.lookup.one(alone.key).await,
            Arrival::Opened(number) => {
                let (coalescer, principal) = (self.clone(), principal.clone());
                tokio::spawn(async move { coalescer.look_after(&principal, number).await });
            }
            Arrival::Joined => {}
            Arrival::Full(batch) => {
                let coalescer = self.clone();
                tokio::spawn(async move { coalescer.answer(batch).await });
            }
        }
        let answer = answered.await.unwrap_or_else(|_| Err(self.lost()));
        drop(present);
        answer
    }

    async fn look_after(&self, principal: &Principal, number: u64) {
        loop {
            match self.inner.due(principal, number) {
                Due::At(at) => tokio::time::sleep_until(at.into()).await,
                Due::Now(batch) => return self.answer(batch).await,
                Due::Gone => return,
            }
        }
    }

    /// Answers a batch; a key that several ask for is looked up once.
    async fn answer(&self, batch: Vec<Waiting<L>>) {
        let mut keys: Vec<L::Key> = Vec::new();
        let mut askers: HashMap<L::Key, Vec<oneshot::Sender<Answer<L>>>> = HashMap::new();
        let mut trace = None;
        // Whoever went away needs no answer.
        for waiting in batch.into_iter().filter(|waiting| !waiting.answer.is_closed()) {
            let same = askers.entry(waiting.key.clone()).or_default();
            if same.is_empty() {
                keys.push(waiting.key);
            }
            same.push(waiting.answer);
            // One request cannot belong to several traces: it belongs to the first's.
            trace = trace.or(waiting.trace);
        }
        let lookup = &self.inner.lookup;
        let answers = match keys.as_slice() {
            [] => return,
            [alone] => vec![trace::within(trace, lookup.one(alone.clone())).await],
            _ => trace::within(trace, lookup.many(keys.clone())).await,
        };
        for (key, answer) in keys.iter().zip(answers) {
            for asker in askers.remove(key).unwrap_or_default() {
                // Gone in the meantime.
                let _ = asker.send(answer.clone());
            }
        }
    }

    fn lost(&self) -> ApiError {
        let (system, operation) = self.inner.lookup.subject();
        let text = "the batch this read was part of ended without an answer for it";
        ApiError::new(system, ErrorType::ServerError, operation, "BATCH_LOST", text)
    }
}

impl<L: Lookup> Inner<L> {
    fn arrive(&self, principal: &Principal, waiting: Waiting<L>) -> Arrival<Waiting<L>> {
        let settings = *self.settings.borrow();
        let mut lanes = self.lanes();
        let lane = lanes.entry(principal.clone()).or_insert_with(|| Lane::new(L::MOST));
        lane.arrive(waiting, settings, now())
    }

    fn due(&self, principal: &Principal, number: u64) -> Due<Waiting<L>> {
        let settings = *self.settings.borrow();
        let mut lanes = self.lanes();
        let Some(lane) = lanes.get_mut(principal) else { return Due::Gone };
        let due = lane.due(number, settings, now());
        // Everybody in the batch may have gone away by now, and nobody else would forget the lane.
        if lane.is_empty() {
            lanes.remove(principal);
        }
        due
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<Principal, Lane<Waiting<L>>>> {
        // Lanes are whole values between calls; a poisoned lock still guards them.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A read that came and is not answered yet; however it ends, it leaves its lane.
struct Present<L: Lookup> {
    coalescer: Coalescer<L>,
    principal: Principal,
}

impl<L: Lookup> Drop for Present<L> {
    fn drop(&mut self) {
        let mut lanes = self.coalescer.inner.lanes();
        if let Some(lane) = lanes.get_mut(&self.principal) {
            lane.leave();
            if lane.is_empty() {
                lanes.remove(&self.principal);
            }
        }
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests;
