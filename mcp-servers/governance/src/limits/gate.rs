//! The gate in front of one vendor: breaker, then rate, then bulkhead, then a slot shared with other processes, then the
//! hour's quota, shared by every client of that vendor in the process.
//!
//! It carries out what the pure machines decide: it reads the clock, holds the lock, puts callers to sleep and wakes
//! them. A pass that is dropped gives back its place, and the probe if it was the probe.

use super::breaker::{Admission, Breaker, Outcome, Phase, Subject, Ticket};
use super::bulkhead::{Bulkhead, Entry, Place};
use super::day::Day;
use super::quota::Quota;
use super::rate::VendorRate;
use super::refusal;
use super::settings::{GateSettings, Vendor};
use super::slots::{Held, Slots};
use super::view::{AuthenticationTrouble, BreakerChange, VendorView};
use gangway_protocol::{ApiError, ErrorType, System};
pub(crate) use pass::Pass;
use pass::{Seat, Waiter};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{broadcast, oneshot};

/// A call at the gate, for the words of a refusal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) system: System,
    pub(crate) operation: &'a str,
    pub(crate) subject: Subject,
}

/// The gate of one vendor. Clones share it.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    vendor: Vendor,
    machines: Mutex<Machines>,
    rate: RwLock<Arc<VendorRate>>,
    /// Held by whoever waits for the next token: those behind get theirs in the order they came.
    turn: tokio::sync::Mutex<()>,
    changes: broadcast::Sender<BreakerChange>,
    /// Shared with other processes, where the vendor counts by account and there is a data folder.
    slots: Option<Slots>,
}

struct Machines {
    settings: GateSettings,
    breaker: Breaker,
    bulkhead: Bulkhead,
    quota: Option<Quota>,
    day: Day,
    /// Who waits in the bulkhead's line, to be woken.
    line: HashMap<Place, oneshot::Sender<()>>,
    authentication: Option<Refusals>,
    last_failure: Option<String>,
    refused: u64,
}

struct Refusals {
    since: Instant,
    count: u64,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("vendor", &self.inner.vendor).finish_non_exhaustive()
    }
}

impl Gate {
    pub(super) fn new(
        vendor: Vendor,
        settings: GateSettings,
        changes: broadcast::Sender<BreakerChange>,
        slots: Option<Slots>,
    ) -> Self {
        let machines = Machines {
            settings,
            breaker: Breaker::new(settings.breaker),
            bulkhead: Bulkhead::new(settings.concurrency.into(), settings.queue.into()),
            quota: settings.per_hour.map(Quota::new),
            day: Day::default(),
            line: HashMap::new(),
            authentication: None,
            last_failure: None,
            refused: 0,
        };
        let rate = RwLock::new(Arc::new(VendorRate::new(settings.rate)));
        let turn = tokio::sync::Mutex::default();
        Self { inner: Arc::new(Inner { vendor, machines: Mutex::new(machines), rate, turn, changes, slots }) }
    }

    /// Other limits from now on. Calls under way end as they began; who waits is let in if there is room now.
    pub(super) fn replace(&self, settings: GateSettings) {
        let mut machines = self.machines();
        if machines.settings == settings {
            return;
        }
        if machines.settings.rate != settings.rate {
            // A new bucket is full: reloading gives one burst away, which beats remembering half a state.
            *self.inner.rate.write().unwrap_or_else(PoisonError::into_inner) =
                Arc::new(VendorRate::new(settings.rate));
        }
        machines.settings = settings;
        match (&mut machines.quota, settings.per_hour) {
            (Some(quota), Some(limit)) => quota.replace(limit),
            (quota, limit) => *quota = limit.map(Quota::new),
        }
        machines.breaker.replace(settings.breaker);
        for place in machines.bulkhead.resize(settings.concurrency.into(), settings.queue.into()) {
            machines.wake(place);
        }
    }

    /// The refusal a call would meet now, without asking for leave: what no wait would change needs no token to say so.
    pub(crate) fn refusal(&self, asking: Asking<'_>) -> Option<ApiError> {
        let (mut machines, vendor) = (self.machines(), self.inner.vendor);
        if let Some(wait) = machines.breaker.refusal(asking.subject, now()) {
            return Some(machines.refuse_open(vendor, asking, wait));
        }
        let wait = machines.quota.as_mut()?.refusal(time_of_day())?;
        machines.refused += 1;
        Some(refusal::quota(vendor, asking, wait))
    }

    /// Waits for leave to make one call.
    pub(crate) async fn enter(&self, asking: Asking<'_>) -> Result<Pass, ApiError> {
        let longest_wait = self.machines().settings.longest_wait;
        let give_up_at = tokio::time::Instant::now() + longest_wait;
        let first = self.admit(asking)?;
        self.wait_for_rate(asking, give_up_at).await?;
        let mut seat = self.wait_for_room(asking, give_up_at).await?;
        seat.slot = self.wait_for_slot(asking, give_up_at).await?;
        // While it waited the vendor may have died: those who wait must not all find that out themselves.
        let still_holds = first.ticket.as_ref().is_some_and(|ticket| self.machines().breaker.honours(ticket));
        let mut pass = if still_holds { first } else { self.admit(asking)? };
        pass.seat = Some(seat);
        self.spend(asking)?;
        Ok(pass)
    }

    /// What people and alarms see of it.
    #[must_use]
    pub fn view(&self) -> VendorView {
        let machines = self.machines();
        let now = now();
        VendorView {
            vendor: self.inner.vendor,
            phase: machines.breaker.phase(),
            open_for: machines.breaker.tripped_at().map(|at| now.saturating_duration_since(at)),
            running: machines.bulkhead.running(),
            waiting: machines.bulkhead.waiting(),
            refused: machines.refused,
            last_failure: machines.last_failure.clone(),
            day: machines.day.standing(now),
            is_day_short: machines.is_day_short(now),
            authentication: machines.authentication.as_ref().map(|refusals| AuthenticationTrouble {
                refusals: refusals.count,
                lasts: now.saturating_duration_since(refusals.since),
            }),
        }
    }

    /// Takes note that no token could be had; only refused credentials matter.
    pub(crate) fn token_failed(&self, error: &ApiError) {
        if error.error_type == ErrorType::Authentication {
            self.machines().note_authentication(Some(error));
        }
    }

    fn admit(&self, asking: Asking<'_>) -> Result<Pass, ApiError> {
        let (mut machines, vendor) = (self.machines(), self.inner.vendor);
        let before = machines.breaker.phase();
        let admission = machines.breaker.admit(asking.subject, now());
        self.tell(before, machines.breaker.phase());
        match admission {
            Admission::Pass(ticket) => {
                Ok(Pass { gate: self.clone(), ticket: Some(ticket), seat: None, subject: asking.subject })
            }
            Admission::Refused(wait) => Err(machines.refuse_open(vendor, asking, wait)),
        }
    }

    /// Takes one of the hour's calls, last of all: a call that is not made costs none.
    fn spend(&self, asking: Asking<'_>) -> Result<(), ApiError> {
        let mut machines = self.machines();
        let Some(Err(wait)) = machines.quota.as_mut().map(|quota| quota.take(time_of_day())) else {
            return Ok(());
        };
        machines.refused += 1;
        Err(refusal::quota(self.inner.vendor, asking, wait))
    }

    async fn wait_for_rate(
        &self,
        asking: Asking<'_>,
        give_up_at: tokio::time::Instant,
    ) -> Result<(), ApiError> {
        let Ok(_turn) = tokio::time::timeout_at(give_up_at, self.inner.turn.lock()).await else {
            self.machines().refused += 1;
            return Err(refusal::vendor_rate(self.inner.vendor, asking, refusal::LINE_MOVES));
        };
        loop {
            let rate = Arc::clone(&self.inner.rate.read().unwrap_or_else(PoisonError::into_inner));
            let Err(wait) = rate.take() else { return Ok(()) };
            if tokio::time::Instant::now() + wait > give_up_at {
                self.machines().refused += 1;
                return Err(refusal::vendor_rate(self.inner.vendor, asking, wait));
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn wait_for_room(
        &self,
        asking: Asking<'_>,
        give_up_at: tokio::time::Instant,
    ) -> Result<Seat, ApiError> {
        let (waiter, called) = {
            let mut machines = self.machines();
            match machines.bulkhead.enter() {
                Entry::Run => return Ok(Seat { gate: self.clone(), slot: None }),
                Entry::Wait(place) => {
                    let (wake, called) = oneshot::channel();
                    machines.line.insert(place, wake);
                    (Waiter { gate: self.clone(), place: Some(place) }, called)
                }
                Entry::Full => {
                    machines.refused += 1;
                    return Err(refusal::bulkhead(self.inner.vendor, asking));
                }
            }
        };
        match tokio::time::timeout_at(give_up_at, called).await {
            Ok(Ok(())) => Ok(waiter.sit_down()),
            Ok(Err(_)) | Err(_) => {
                self.machines().refused += 1;
                Err(refusal::bulkhead(self.inner.vendor, asking))
            }
        }
    }

    /// A slot among the calls of all processes. Without usable lock files the limit holds in this process alone: the
    /// vendor refuses what is too much, and onboardings go on.
    async fn wait_for_slot(
        &self,
        asking: Asking<'_>,
        give_up_at: tokio::time::Instant,
    ) -> Result<Option<Held>, ApiError> {
        let Some(slots) = &self.inner.slots else { return Ok(None) };
        let limit = self.machines().settings.concurrency;
        match tokio::time::timeout_at(give_up_at, slots.take(limit)).await {
            Ok(Ok(held)) => Ok(Some(held)),
            Ok(Err(error)) => {
                tracing::warn!(vendor = self.inner.vendor.name(), %error, "other processes' calls are not counted");
                Ok(None)
            }
            Err(_) => {
                self.machines().refused += 1;
                Err(refusal::bulkhead(self.inner.vendor, asking))
            }
        }
    }

    fn settle(&self, ticket: Ticket, outcome: Outcome) {
        let mut machines = self.machines();
        let before = machines.breaker.phase();
        machines.breaker.settle(ticket, outcome, now());
        self.tell(before, machines.breaker.phase());
    }

    fn leave(&self) {
        let mut machines = self.machines();
        if let Some(place) = machines.bulkhead.leave() {
            machines.wake(place);
        }
    }

    /// Told while the machines are locked, so that changes come in their order.
    fn tell(&self, from: Phase, to: Phase) {
        if from == to {
            return;
        }
        let vendor = self.inner.vendor;
        tracing::warn!(vendor = vendor.name(), ?from, ?to, "a vendor's breaker changed");
        // Nobody may be listening.
        let _ = self.inner.changes.send(BreakerChange { vendor, from, to });
    }

    fn machines(&self) -> MutexGuard<'_, Machines> {
        // No code that can panic runs under the lock; a poisoned one still guards whole values.
        self.inner.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machines {
    /// Wakes the call at a place; one that went away in this very moment leaves by itself.
    fn wake(&mut self, place: Place) {
        if let Some(wake) = self.line.remove(&place) {
            let _ = wake.send(());
        }
    }

    fn refuse_open(&mut self, vendor: Vendor, asking: Asking<'_>, wait: Duration) -> ApiError {
        self.refused += 1;
        refusal::breaker(vendor, asking, wait, self.last_failure.as_deref())
    }

    /// Whether so much of the vendor's day is used that somebody should know.
    fn is_day_short(&self, now: Instant) -> bool {
        self.day.standing(now).is_some_and(|day| day.reaches(self.settings.day_alarm_percent))
    }

    fn note_authentication(&mut self, error: Option<&ApiError>) {
        match error {
            None => self.authentication = None,
            Some(error) => {
                let refusals = self.authentication.get_or_insert_with(|| Refusals { since: now(), count: 0 });
                refusals.count += 1;
                self.last_failure = Some(error.error_code.clone());
            }
        }
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// What the vendor's clock shows too, since the epoch: its hours begin by it.
fn time_of_day() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

mod pass;

#[cfg(test)]
mod tests;
