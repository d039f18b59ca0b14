//! Reminders that were refused for good, and when they are tried again: a pass comes every two seconds, and what a person
//! has to mend is not mended that fast. Forgotten with the process, whose successor may be configured better.

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How long a refused reminder rests.
pub const REST: SignedDuration = SignedDuration::from_hours(1);

/// Refused reminders, by approval and level.
#[derive(Default)]
pub struct Postponed(Mutex<BTreeMap<(String, u16), Timestamp>>);

impl Postponed {
    /// Lets this one rest.
    pub fn note(&self, approval_id: &str, level: u16, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((approval_id.to_owned(), level), now);
    }

    /// Whether this one rests.
    pub fn rests(&self, approval_id: &str, level: u16, now: Timestamp) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|_, since| now.duration_since(*since) < REST);
        noted.contains_key(&(approval_id.to_owned(), level))
    }
}
