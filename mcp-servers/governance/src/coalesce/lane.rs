//! When single reads become a batch, as a pure state machine over arrivals and a supplied time.
//!
//! Who comes alone goes alone, at once. Who comes while others are under way waits a moment for more of the same: until
//! nobody joined for a while, a longest wait is over, or the batch is full. What a batch is for is not its business.

use crate::limits::settings::CoalesceSettings;
use std::mem;
use std::time::{Duration, Instant};

/// What becomes of an arrival.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival<T> {
    /// Nobody else is here: it goes by itself.
    Alone(T),
    /// It opened this batch, which is to be looked after with [`Lane::due`].
    Opened(u64),
    /// It waits in a batch that somebody looks after.
    Joined,
    /// It made the batch full: off with it.
    Full(Vec<T>),
}

/// How a batch stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due<T> {
    /// To be looked at again then.
    At(Instant),
    /// It goes now.
    Now(Vec<T>),
    /// It is gone already.
    Gone,
}

/// The reads of one caller.
#[derive(Debug)]
pub(crate) struct Lane<T> {
    most: usize,
    /// Reads that came and are not yet answered.
    present: usize,
    batch: Vec<T>,
    number: u64,
    opened_at: Option<Instant>,
    joined_at: Option<Instant>,
}

impl<T> Lane<T> {
    /// An empty lane, whose batches hold at most `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, present: 0, batch: Vec::new(), number: 0, opened_at: None, joined_at: None }
    }

    /// A read comes.
    pub(crate) fn arrive(&mut self, item: T, settings: CoalesceSettings, now: Instant) -> Arrival<T> {
        self.present += 1;
        if self.present == 1 || settings.window_ms == 0 {
            return Arrival::Alone(item);
        }
        self.batch.push(item);
        self.joined_at = Some(now);
        if self.batch.len() >= self.most {
            return Arrival::Full(self.take());
        }
        match self.opened_at {
            Some(_) => Arrival::Joined,
            None => {
                self.opened_at = Some(now);
                Arrival::Opened(self.number)
            }
        }
    }

    /// Whether a batch goes now.
    pub(crate) fn due(&mut self, number: u64, settings: CoalesceSettings, now: Instant) -> Due<T> {
        let (Some(opened_at), Some(joined_at)) = (self.opened_at, self.joined_at) else {
            return Due::Gone;
        };
        if number != self.number {
            return Due::Gone;
        }
        let quiet = joined_at + Duration::from_millis(settings.window_ms);
        let longest = opened_at + Duration::from_millis(settings.longest_ms);
        let at = quiet.min(longest);
        if at <= now { Due::Now(self.take()) } else { Due::At(at) }
    }

    /// A read was answered, or its caller went away.
    pub(crate) fn leave(&mut self) {
        self.present = self.present.saturating_sub(1);
    }

    /// Whether nobody is here.
    pub(crate) fn is_empty(&self) -> bool {
        self.present == 0 && self.batch.is_empty()
    }

    fn take(&mut self) -> Vec<T> {
        self.number += 1;
        (self.opened_at, self.joined_at) = (None, None);
        mem::take(&mut self.batch)
    }
}

#[cfg(test)]
mod tests;
