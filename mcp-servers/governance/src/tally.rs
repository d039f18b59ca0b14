//! Counting what may come in floods: in each minute the first few of a kind are told one by one, the others are a number.
//!
//! Pure but for its lock. What a kind is, and where things are told, is the caller's.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// How many of a kind are told one by one in a minute.
pub const SINGLY: u32 = 20;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The counts of the minutes under way, by kind.
#[derive(Debug)]
pub struct Tally<K>(Mutex<HashMap<K, Minute>>);

#[derive(Debug)]
struct Minute {
    began: Timestamp,
    seen: u32,
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Tally<K> {
    /// Counts one. Whether it is told by itself, and how many of the minute before were not.
    pub fn count(&self, kind: K, now: Timestamp) -> (bool, Option<u32>) {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.entry(kind).or_insert(Minute { began: now, seen: 0 });
        let mut untold = None;
        if now.duration_since(minute.began) >= MINUTE {
            untold = minute.untold();
            *minute = Minute { began: now, seen: 0 };
        }
        minute.seen = minute.seen.saturating_add(1);
        (minute.seen <= SINGLY, untold)
    }

    /// The numbers of the minutes that are over, which are forgotten; those of all when `now` is none, at the end.
    pub fn over(&self, now: Option<Timestamp>) -> Vec<(K, u32)> {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |minute: &Minute| now.is_none_or(|now| now.duration_since(minute.began) >= MINUTE);
        let over = minutes.extract_if(|_, minute| is_over(minute));
        over.filter_map(|(kind, minute)| minute.untold().map(|untold| (kind, untold))).collect()
    }
}

impl Minute {
    fn untold(&self) -> Option<u32> {
        self.seen.checked_sub(SINGLY).filter(|untold| *untold > 0)
    }
}
