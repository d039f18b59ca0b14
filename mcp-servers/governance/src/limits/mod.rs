//! Limits: how much of a vendor is used, how often a caller may ask, and when a vendor is left alone.
//!
//! The decisions are pure state machines, one per file: [`breaker`], [`bulkhead`], [`quota`], and governor's token
//! buckets ([`rate`]). [`gate`] puts them in front of a vendor, [`Limits`] holds one gate per vendor of the process and what
//! limits the callers of our tools; processes on one data folder share the [`slots`] of a vendor that counts by account. [`alarms`] says what a person should be paged for.

pub mod alarms;
pub mod breaker;
pub mod bulkhead;
pub mod day;
pub mod deadlines;
mod fault;
pub mod gate;
pub mod quota;
mod rate;
pub(crate) mod refusal;
pub mod settings;
mod slots;
pub mod view;

pub use day::DayUse;
pub use gate::Gate;
pub use quota::Allowance;
pub use settings::{LimitSettings, Vendor};
pub use view::{BreakerChange, VendorView};

use crate::call::Call;
use crate::vendor::Outbound;
use bulkhead::{Bulkhead, Entry};
use deadlines::Deadlines;
use gangway_protocol::{ApiError, System};
use rate::CallerRates;
use settings::CoalesceSettings;
use slots::Slots;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// Changes kept for a subscriber that is slow.
const CHANGES_KEPT: usize = 64;

/// What a vendor's answer says about what it still allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The calls left of a clock hour: no more are made than those.
    Hour(Allowance),
    /// The calls used of a day: a person is told in time.
    Day(DayUse),
}

/// All limits of a process. Clones share them.
#[derive(Clone)]
pub struct Limits {
    inner: Arc<Inner>,
}

struct Inner {
    gates: [Gate; Vendor::ALL.len()],
    rates: RwLock<Arc<CallerRates>>,
    deadlines: RwLock<Deadlines>,
    servers: Mutex<Servers>,
    coalesce: watch::Sender<CoalesceSettings>,
    changes: broadcast::Sender<BreakerChange>,
}

/// The bulkhead of every server of the process.
struct Servers {
    in_flight: usize,
    bulkheads: HashMap<System, Bulkhead>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(&LimitSettings::default())
    }
}

impl Limits {
    /// Limits with these settings, everything closed and empty. They hold in this process.
    #[must_use]
    pub fn new(settings: &LimitSettings) -> Self {
        Self::over(settings, |_| None)
    }

    /// The same, where every process on a data folder shares the concurrency of vendors that count it by account.
    #[must_use]
    pub fn shared(settings: &LimitSettings, data_folder: &Path) -> Self {
        let is_shared = |vendor: &Vendor| vendor.counts_by_account();
        Self::over(settings, |vendor| {
            Some(vendor).filter(is_shared).map(|vendor| Slots::of(vendor.name(), data_folder))
        })
    }

    fn over(settings: &LimitSettings, slots: impl Fn(Vendor) -> Option<Slots>) -> Self {
        let (changes, _) = broadcast::channel(CHANGES_KEPT);
        let gate = |vendor| Gate::new(vendor, settings.toward(vendor), changes.clone(), slots(vendor));
        let inner = Inner {
            gates: Vendor::ALL.map(gate),
            rates: RwLock::new(Arc::new(CallerRates::new(&settings.callers))),
            deadlines: RwLock::new(settings.tool_deadlines_ms.clone()),
            servers: Mutex::new(Servers {
                in_flight: settings.callers.in_flight(),
                bulkheads: HashMap::new(),
            }),
            coalesce: watch::Sender::new(settings.coalesce),
            changes,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Other settings from now on, for every client and caller. Breakers stay where they stand, calls under way go on.
    pub fn replace(&self, settings: &LimitSettings) {
        for (gate, vendor) in self.inner.gates.iter().zip(Vendor::ALL) {
            gate.replace(settings.toward(vendor));
        }
        let rates = Arc::new(CallerRates::new(&settings.callers));
        *self.inner.rates.write().unwrap_or_else(PoisonError::into_inner) = rates;
        *self.inner.deadlines.write().unwrap_or_else(PoisonError::into_inner) =
            settings.tool_deadlines_ms.clone();
        let mut servers = self.servers();
        servers.in_flight = settings.callers.in_flight();
        let in_flight = servers.in_flight;
        for bulkhead in servers.bulkheads.values_mut() {
            // Nobody waits in these lines, so nobody is to be called.
            let _ = bulkhead.resize(in_flight, 0);
        }
        drop(servers);
        self.inner.coalesce.send_replace(settings.coalesce);
    }

    /// The gate of a vendor: the same one for everybody who asks.
    #[must_use]
    pub fn gate(&self, vendor: Vendor) -> Gate {
        let [salesforce, clm, netsuite, slack, pager] = &self.inner.gates;
        match vendor {
            Vendor::Salesforce => salesforce,
            Vendor::Clm => clm,
            Vendor::Netsuite => netsuite,
            Vendor::Slack => slack,
            Vendor::Pager => pager,
        }
        .clone()
    }

    /// Where every vendor's gate stands.
    #[must_use]
    pub fn view(&self) -> Vec<VendorView> {
        self.inner.gates.iter().map(Gate::view).collect()
    }

    /// Every change of a breaker from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<BreakerChange> {
        self.inner.changes.subscribe()
    }

    /// The way out to a vendor. `http` should come from [`crate::vendor::http_client`].
    #[must_use]
    pub fn outbound(&self, vendor: Vendor, http: reqwest::Client) -> Outbound {
        Outbound { http, gate: self.gate(vendor), coalesce: self.inner.coalesce.subscribe() }
    }

    /// Takes a token from the caller's bucket for a tool.
    pub(crate) fn take(&self, tool: &'static str, call: &Call) -> Result<(), ApiError> {
        let rates = Arc::clone(&self.inner.rates.read().unwrap_or_else(PoisonError::into_inner));
        rates.take(&call.principal, tool).map_err(|wait| refusal::caller_rate(call, wait))
    }

    /// How long a call of a tool may take, of the time every call has.
    pub(crate) fn deadline(&self, tool: &str, every_call: Duration) -> Duration {
        self.inner.deadlines.read().unwrap_or_else(PoisonError::into_inner).within(tool, every_call)
    }

    /// A place among the calls of a server that run.
    pub(crate) fn enter(&self, call: &Call) -> Result<Occupied, ApiError> {
        let system = call.system;
        let mut servers = self.servers();
        let in_flight = servers.in_flight;
        let bulkhead = servers.bulkheads.entry(system).or_insert_with(|| Bulkhead::new(in_flight, 0));
        match bulkhead.enter() {
            Entry::Run => Ok(Occupied { limits: self.clone(), system }),
            Entry::Wait(_) | Entry::Full => Err(refusal::server_full(call)),
        }
    }

    fn servers(&self) -> MutexGuard<'_, Servers> {
        self.inner.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the calls of a server that run; given back when dropped.
pub(crate) struct Occupied {
    limits: Limits,
    system: System,
}

impl Drop for Occupied {
    fn drop(&mut self) {
        if let Some(bulkhead) = self.limits.servers().bulkheads.get_mut(&self.system) {
            // Nobody waits in this line.
            let _ = bulkhead.leave();
        }
    }
}
