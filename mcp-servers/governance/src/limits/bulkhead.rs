//! Bulkhead: how many calls may run at once and how many may wait for it, as a pure state machine.
//!
//! First come, first served. Who waits is a number; waking them is the caller's business. It knows no time: how long
//! somebody is willing to wait is theirs to decide.

use std::collections::VecDeque;

/// A place in the line.
pub type Place = u64;

/// The answer to a call that wants in.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    /// It runs, and leaves with [`Bulkhead::leave`].
    Run,
    /// It waits until its place is called, or gives it up.
    Wait(Place),
    /// The line is full.
    Full,
}

/// What became of a place that is given up.
#[derive(Debug, PartialEq, Eq)]
pub enum GivenUp {
    /// It was still waiting and is gone.
    Waiting,
    /// It had been called: the call counts as running and has to leave.
    Called,
}

/// The state machine.
#[derive(Debug)]
pub struct Bulkhead {
    limit: usize,
    queue: usize,
    running: usize,
    waiting: VecDeque<Place>,
    next: Place,
}

impl Bulkhead {
    /// Room for `limit` calls at once (at least one), and for `queue` more to wait.
    #[must_use]
    pub fn new(limit: usize, queue: usize) -> Self {
        Self { limit: limit.max(1), queue, running: 0, waiting: VecDeque::new(), next: 0 }
    }

    /// A call wants in.
    pub fn enter(&mut self) -> Entry {
        if self.running < self.limit {
            self.running += 1;
            return Entry::Run;
        }
        if self.waiting.len() >= self.queue {
            return Entry::Full;
        }
        let place = self.next;
        self.next += 1;
        self.waiting.push_back(place);
        Entry::Wait(place)
    }

    /// A running call has ended; gives the place to call, which counts as running from now on.
    #[must_use]
    pub fn leave(&mut self) -> Option<Place> {
        self.running = self.running.saturating_sub(1);
        self.call_next()
    }

    /// A waiting call goes away.
    #[must_use]
    pub fn give_up(&mut self, place: Place) -> GivenUp {
        match self.waiting.binary_search(&place) {
            Ok(at) => {
                self.waiting.remove(at);
                GivenUp::Waiting
            }
            Err(_) => GivenUp::Called,
        }
    }

    /// Other limits from now on; gives the places to call. Calls that run beyond a smaller limit run to their end.
    #[must_use]
    pub fn resize(&mut self, limit: usize, queue: usize) -> Vec<Place> {
        (self.limit, self.queue) = (limit.max(1), queue);
        std::iter::from_fn(|| self.call_next()).collect()
    }

    /// Calls that run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running
    }

    /// Calls that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn call_next(&mut self) -> Option<Place> {
        if self.running >= self.limit {
            return None;
        }
        let place = self.waiting.pop_front()?;
        self.running += 1;
        Some(place)
    }
}

#[cfg(test)]
mod tests;
