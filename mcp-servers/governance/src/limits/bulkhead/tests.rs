//! The bulkhead over tables and arbitrary sequences of events.

use super::{Bulkhead, Entry, GivenUp, Place};
use proptest::prelude::*;
use std::collections::VecDeque;

#[test]
fn what_does_not_fit_waits_in_order_and_then_is_refused() {
    let mut bulkhead = Bulkhead::new(1, 2);
    let entries = [(); 4].map(|()| bulkhead.enter());
    assert_eq!(entries, [Entry::Run, Entry::Wait(0), Entry::Wait(1), Entry::Full]);
    assert_eq!(bulkhead.leave(), Some(0));
    assert_eq!(bulkhead.give_up(1), GivenUp::Waiting);
    assert_eq!(bulkhead.give_up(0), GivenUp::Called);
    assert_eq!(bulkhead.leave(), None);
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (0, 0));
}

#[test]
fn a_larger_limit_lets_the_waiting_in_at_once() {
    let mut bulkhead = Bulkhead::new(1, 9);
    for _ in 0..4 {
        bulkhead.enter();
    }
    assert_eq!(bulkhead.resize(3, 9), [0, 1]);
    assert_eq!(bulkhead.resize(1, 9), [] as [Place; 0]);
    assert_eq!(bulkhead.leave(), None, "a smaller limit lets nobody in before calls have ended");
    assert_eq!(bulkhead.leave(), None);
    assert_eq!(bulkhead.leave(), Some(2));
}

#[derive(Debug, Clone)]
enum Event {
    Enter,
    Leave,
    GiveUp(prop::sample::Index),
    Resize(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        5 => Just(Event::Enter),
        4 => Just(Event::Leave),
        2 => any::<prop::sample::Index>().prop_map(Event::GiveUp),
        1 => (1_usize..6).prop_map(Event::Resize),
    ];
    prop::collection::vec(event, 0..300)
}

proptest! {
    #[test]
    fn never_more_run_than_allowed_and_nobody_is_forgotten(events in events()) {
        const QUEUE: usize = 4;
        let (mut limit, mut allowed) = (3_usize, 3_usize);
        let mut bulkhead = Bulkhead::new(limit, QUEUE);
        let (mut running, mut line) = (0_usize, VecDeque::new());
        for event in events {
            let called: Vec<Place> = match event {
                Event::Enter => {
                    match bulkhead.enter() {
                        Entry::Run => running += 1,
                        Entry::Wait(place) => line.push_back(place),
                        Entry::Full => prop_assert_eq!(line.len(), QUEUE),
                    }
                    Vec::new()
                }
                Event::Leave if running > 0 => {
                    running -= 1;
                    bulkhead.leave().into_iter().collect()
                }
                Event::GiveUp(which) if !line.is_empty() => {
                    if let Some(place) = line.remove(which.index(line.len())) {
                        prop_assert_eq!(bulkhead.give_up(place), GivenUp::Waiting);
                    }
                    Vec::new()
                }
                Event::Leave | Event::GiveUp(_) => Vec::new(),
                Event::Resize(to) => {
                    limit = to;
                    bulkhead.resize(to, QUEUE)
                }
            };
            for place in called {
                prop_assert_eq!(line.pop_front(), Some(place), "first come, first served");
                running += 1;
            }
            // After a smaller limit the calls that ran go on; no further one joins them.
            allowed = limit.max(allowed.min(running));
            prop_assert!(running <= allowed);
            prop_assert!(line.is_empty() || running >= limit, "somebody waits although there is room");
            prop_assert_eq!((bulkhead.running(), bulkhead.waiting()), (running, line.len()));
        }
    }
}
