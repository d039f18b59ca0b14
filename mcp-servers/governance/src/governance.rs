//! What all servers of a process share: the store for audit and claims, the policy, the limits, the deadline, the calls in flight.

use crate::access::Policy;
use crate::confirmation::Questions;
use crate::limits::Limits;
use crate::pipeline::Refusals;
use crate::pipeline::turn::Turns;
use gangway_protocol::crash_point::CrashPoints;
use gangway_store::Store;
use jiff::Timestamp;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How long a call may take when nothing else is said: a vendor call with all its repeats fits in.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(60);

/// The shared ground of governed servers. One per process, behind an `Arc`.
pub struct Governance {
    pub(crate) store: Store,
    policy: RwLock<Arc<Policy>>,
    pub(crate) limits: Limits,
    pub(crate) deadline: Duration,
    pub(crate) crash: CrashPoints,
    pub(crate) turns: Turns,
    pub(crate) questions: Questions,
    pub(crate) refusals: Refusals,
}

impl Governance {
    /// Governance over a store, with the built-in policy, the usual limits and deadline.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            policy: RwLock::new(Arc::new(builtin())),
            limits: Limits::default(),
            deadline: DEFAULT_DEADLINE,
            crash: CrashPoints::default(),
            turns: Turns::default(),
            questions: Questions::default(),
            refusals: Refusals::default(),
        }
    }

    /// The same under another policy.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        self.adopt_policy(policy);
        self
    }

    /// Goes by another policy from now on; calls under way were judged already.
    pub fn adopt_policy(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Records how many refused calls were not recorded one by one, of the minutes that are over; of all when `now` is none,
    /// at the end.
    pub async fn settle_refusals(&self, now: Option<Timestamp>) {
        self.refusals.settle(&self.store, now).await;
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

/// The built-in policy; should it ever not be readable, nobody may do anything.
fn builtin() -> Policy {
    Policy::builtin().unwrap_or_else(|error| {
        tracing::error!(%error, "the built-in policy is broken: every call will be refused");
        Policy::nothing()
    })
}
