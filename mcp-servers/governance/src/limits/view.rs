//! What the limits look like from outside: where every breaker stands, how full the bulkheads are, and each change.

use super::breaker::Phase;
use super::day::DayUse;
use super::settings::Vendor;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// One vendor's gate at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VendorView {
    /// The vendor.
    pub vendor: Vendor,
    /// Where its breaker stands.
    pub phase: Phase,
    /// How long it has not been closed; probes that failed do not begin this anew.
    #[serde(rename = "open_for_ms", serialize_with = "some_ms")]
    pub open_for: Option<Duration>,
    /// Calls under way.
    pub running: usize,
    /// Calls that wait for their turn.
    pub waiting: usize,
    /// Calls refused since the start.
    pub refused: u64,
    /// Code of the last failure of the vendor, or of its refusal of our credentials.
    pub last_failure: Option<String>,
    /// The day's calls, where the vendor's answers tell them and did lately.
    pub day: Option<DayUse>,
    /// Whether so much of the day is used that somebody should know.
    pub is_day_short: bool,
    /// Present while the vendor refuses our credentials.
    pub authentication: Option<AuthenticationTrouble>,
}

/// The vendor refuses our credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthenticationTrouble {
    /// Refusals since the last call that was let in.
    pub refusals: u64,
    /// Since the first of them.
    #[serde(rename = "lasts_ms", serialize_with = "ms")]
    pub lasts: Duration,
}

/// A breaker went from one phase to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BreakerChange {
    /// Whose.
    pub vendor: Vendor,
    /// Before.
    pub from: Phase,
    /// Now.
    pub to: Phase,
}

fn ms<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn some_ms<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => ms(time, serializer),
        None => serializer.serialize_none(),
    }
}
