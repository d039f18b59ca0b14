//! What all servers of a process share: the store for audit and claims, the limits, the deadline, the calls in flight.

use crate::confirmation::Questions;
use crate::limits::Limits;
use crate::pipeline::turn::Turns;
use gangway_protocol::crash_point::CrashPoints;
use gangway_store::Store;
use std::time::Duration;

/// How long a call may take when nothing else is said: a vendor call with all its repeats fits in.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(60);

/// The shared ground of governed servers. One per process, behind an `Arc`.
pub struct Governance {
    pub(crate) store: Store,
    pub(crate) limits: Limits,
    pub(crate) deadline: Duration,
    pub(crate) crash: CrashPoints,
    pub(crate) turns: Turns,
    pub(crate) questions: Questions,
}

impl Governance {
    /// Governance over a store, with the usual limits and deadline.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            limits: Limits::default(),
            deadline: DEFAULT_DEADLINE,
            crash: CrashPoints::default(),
            turns: Turns::default(),
            questions: Questions::default(),
        }
    }

    /// The same with limits shared with others: the vendors' clients of this process.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same with another deadline for every call.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same, telling the places `tool.claimed:NAME` and `tool.effect:NAME` as they are reached.
    #[must_use]
    pub fn with_crash_points(mut self, crash: CrashPoints) -> Self {
        self.crash = crash;
        self
    }
}
