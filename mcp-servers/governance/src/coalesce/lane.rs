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
mod tests {
    use super::{Arrival, Due, Lane};
    use crate::limits::settings::CoalesceSettings;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    const USUAL: CoalesceSettings = CoalesceSettings { window_ms: 2, longest_ms: 5 };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_lone_read_does_not_wait() {
        let (mut lane, now) = (Lane::new(9), Instant::now());
        assert_eq!(lane.arrive('a', USUAL, now), Arrival::Alone('a'));
        lane.leave();
        assert_eq!(lane.arrive('b', USUAL, now), Arrival::Alone('b'));
    }

    #[test]
    fn a_batch_goes_when_nobody_joined_for_the_window() {
        let (mut lane, now) = (Lane::new(9), Instant::now());
        lane.arrive('a', USUAL, now);
        assert_eq!(lane.arrive('b', USUAL, now), Arrival::Opened(0));
        assert_eq!(lane.due(0, USUAL, now + ms(1)), Due::At(now + ms(2)));
        assert_eq!(lane.arrive('c', USUAL, now + ms(1)), Arrival::Joined);
        assert_eq!(lane.due(0, USUAL, now + ms(2)), Due::At(now + ms(3)));
        assert_eq!(lane.due(0, USUAL, now + ms(3)), Due::Now(vec!['b', 'c']));
        assert_eq!(lane.due(0, USUAL, now + ms(4)), Due::Gone);
    }

    #[test]
    fn a_batch_that_is_joined_all_the_time_goes_after_the_longest_wait() {
        let (mut lane, now) = (Lane::new(99), Instant::now());
        lane.arrive(0, USUAL, now);
        for wait in 0..5 {
            lane.arrive(wait, USUAL, now + ms(wait));
            assert_eq!(lane.due(0, USUAL, now + ms(wait)), Due::At(now + ms((wait + 2).min(5))));
        }
        assert_eq!(lane.due(0, USUAL, now + ms(5)), Due::Now(vec![0, 1, 2, 3, 4]));
    }

    #[test]
    fn a_full_batch_goes_at_once_and_the_next_one_has_a_time_of_its_own() {
        let (mut lane, now) = (Lane::new(2), Instant::now());
        lane.arrive('a', USUAL, now);
        lane.arrive('b', USUAL, now);
        assert_eq!(lane.arrive('c', USUAL, now), Arrival::Full(vec!['b', 'c']));
        assert_eq!(lane.arrive('d', USUAL, now), Arrival::Opened(1));
        assert_eq!(lane.due(0, USUAL, now + ms(9)), Due::Gone, "the first batch's timer finds it gone");
        assert_eq!(lane.due(1, USUAL, now + ms(9)), Due::Now(vec!['d']));
    }

    #[test]
    fn a_window_of_zero_turns_batches_off() {
        let (mut lane, now) = (Lane::new(9), Instant::now());
        let off = CoalesceSettings { window_ms: 0, longest_ms: 5 };
        for item in 0..3 {
            assert_eq!(lane.arrive(item, off, now), Arrival::Alone(item));
        }
    }

    proptest! {
        #[test]
        fn every_read_goes_exactly_once_and_none_waits_too_long(
            events in prop::collection::vec((0_u64..4, any::<bool>()), 1..200),
        ) {
            let (mut lane, begin) = (Lane::new(5), Instant::now());
            let (mut now, mut gone, mut waiting) = (begin, Vec::new(), Vec::new());
            let mut timer = None;
            for (item, (wait, leaves)) in events.iter().enumerate() {
                now += ms(*wait);
                if let Some(number) = timer && let Due::Now(batch) = lane.due(number, USUAL, now) {
                    gone.extend(batch.iter().map(|(item, _)| *item));
                    timer = None;
                }
                waiting.retain(|(item, _): &(usize, Instant)| !gone.contains(item));
                for (_, since) in &waiting {
                    prop_assert!(now - *since < ms(USUAL.longest_ms), "it should have gone");
                }
                waiting.push((item, now));
                match lane.arrive((item, now), USUAL, now) {
                    Arrival::Alone((item, _)) => gone.push(item),
                    Arrival::Opened(number) => timer = Some(number),
                    Arrival::Joined => prop_assert!(timer.is_some(), "somebody looks after it"),
                    Arrival::Full(batch) => {
                        prop_assert_eq!(batch.len(), 5);
                        gone.extend(batch.iter().map(|(item, _)| *item));
                        timer = None;
                    }
                }
                if *leaves {
                    lane.leave();
                }
            }
            if let Some(number) = timer && let Due::Now(batch) = lane.due(number, USUAL, now + ms(9)) {
                gone.extend(batch.iter().map(|(item, _)| *item));
            }
            gone.sort_unstable();
            prop_assert_eq!(gone, (0..events.len()).collect::<Vec<_>>());
        }
    }
}
