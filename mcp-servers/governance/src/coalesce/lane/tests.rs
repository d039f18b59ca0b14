//! When a batch goes, over tables and arbitrary arrivals; time is supplied.

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
