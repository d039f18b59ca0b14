//! The breaker over tables and arbitrary sequences of events; time is supplied.

#![expect(clippy::panic, reason = "a test fails loudly")]

use super::{Admission, Breaker, BreakerSettings, Outcome, Phase, Subject, Ticket};
use proptest::prelude::*;
use std::time::{Duration, Instant};

const SETTINGS: BreakerSettings = BreakerSettings {
    failure_percent: 50,
    minimum_calls: 4,
    failing_subjects: 3,
    window: Duration::from_secs(10),
    cool_down: Duration::from_secs(5),
    longest_cool_down: Duration::from_secs(60),
};

fn pass(breaker: &mut Breaker, now: Instant) -> Ticket {
    match breaker.admit(now) {
        Admission::Pass(ticket) => ticket,
        Admission::Refused(wait) => panic!("refused for {wait:?}"),
    }
}

fn feed(breaker: &mut Breaker, now: Instant, outcomes: &[Outcome]) {
    for outcome in outcomes {
        let ticket = pass(breaker, now);
        breaker.settle(ticket, *outcome, now);
    }
}

fn failed(subject: u64) -> Outcome {
    Outcome::Failed(Subject::One(subject))
}

const ANSWERED: Outcome = Outcome::Answered;
const NOBODYS: Outcome = Outcome::Failed(Subject::Nobody);
const BATCH: Outcome = Outcome::Failed(Subject::Several);

#[test]
fn opens_by_the_table() {
    let table: &[(&str, &[Outcome], Phase)] = &[
        ("too few calls", &[failed(1), failed(2), failed(3)], Phase::Closed),
        ("half of four, three subjects", &[ANSWERED, failed(1), failed(2), failed(3)], Phase::Open),
        (
            "below half",
            &[ANSWERED, ANSWERED, ANSWERED, ANSWERED, failed(1), failed(2), failed(3)],
            Phase::Closed,
        ),
        ("one account alone, however often", &[failed(1); 40], Phase::Closed),
        ("two accounts", &[failed(1), failed(2), failed(1), failed(2), failed(1), failed(2)], Phase::Closed),
        (
            "one account makes the ratio, two others failed once",
            &[
                ANSWERED,
                ANSWERED,
                ANSWERED,
                ANSWERED,
                failed(2),
                failed(3),
                failed(1),
                failed(1),
                failed(1),
                failed(1),
            ],
            Phase::Closed,
        ),
        ("about nobody in particular", &[NOBODYS; 4], Phase::Open),
        ("batches, which a record of one account may have spoilt", &[BATCH; 40], Phase::Closed),
        ("the single calls after a batch", &[BATCH, failed(1), failed(2), failed(3), failed(4)], Phase::Open),
        ("answers only", &[ANSWERED; 40], Phase::Closed),
        ("abandoned calls say nothing", &[Outcome::Abandoned; 40], Phase::Closed),
    ];
    for (case, outcomes, phase) in table {
        let mut breaker = Breaker::new(SETTINGS);
        feed(&mut breaker, Instant::now(), outcomes);
        assert_eq!(breaker.phase(), *phase, "{case}");
    }
}

#[test]
fn old_failures_leave_the_window() {
    let (mut breaker, begin) = (Breaker::new(SETTINGS), Instant::now());
    feed(&mut breaker, begin, &[failed(1), failed(2), failed(3)]);
    feed(&mut breaker, begin + Duration::from_secs(10), &[failed(4)]);
    assert_eq!(breaker.phase(), Phase::Closed);
}

fn opened(begin: Instant) -> Breaker {
    let mut breaker = Breaker::new(SETTINGS);
    feed(&mut breaker, begin, &[NOBODYS; 4]);
    breaker
}

#[test]
fn refuses_while_open_and_says_how_long() {
    let begin = Instant::now();
    let mut breaker = opened(begin);
    assert_eq!(breaker.admit(begin + Duration::from_secs(2)), Admission::Refused(Duration::from_secs(3)));
}

#[test]
fn one_probe_closes_it_or_doubles_the_wait() {
    let begin = Instant::now();
    let mut breaker = opened(begin);
    let mut now = begin + Duration::from_secs(5);
    for wait in [10, 20, 40, 60, 60] {
        let probe = pass(&mut breaker, now);
        assert_eq!(breaker.phase(), Phase::HalfOpen);
        assert!(matches!(breaker.admit(now), Admission::Refused(_)), "one probe at a time");
        breaker.settle(probe, NOBODYS, now);
        assert_eq!(breaker.admit(now), Admission::Refused(Duration::from_secs(wait)));
        assert_eq!(breaker.tripped_at(), Some(begin));
        now += Duration::from_secs(wait);
    }
    let probe = pass(&mut breaker, now);
    breaker.settle(probe, ANSWERED, now);
    assert_eq!((breaker.phase(), breaker.tripped_at()), (Phase::Closed, None));
}

#[test]
fn a_batch_that_fails_as_the_probe_keeps_it_open() {
    let begin = Instant::now();
    let mut breaker = opened(begin);
    let now = begin + Duration::from_secs(5);
    let probe = pass(&mut breaker, now);
    breaker.settle(probe, BATCH, now);
    assert_eq!(breaker.admit(now), Admission::Refused(Duration::from_secs(10)));
}

#[test]
fn a_probe_whose_caller_went_away_leaves_its_place_to_the_next() {
    let begin = Instant::now();
    let mut breaker = opened(begin);
    let now = begin + Duration::from_secs(5);
    let probe = pass(&mut breaker, now);
    breaker.settle(probe, Outcome::Abandoned, now);
    assert_eq!(breaker.phase(), Phase::Open);
    let next = pass(&mut breaker, now);
    breaker.settle(next, ANSWERED, now);
    assert_eq!(breaker.phase(), Phase::Closed);
}

#[test]
fn what_ends_late_decides_nothing() {
    let begin = Instant::now();
    let mut breaker = Breaker::new(SETTINGS);
    let (early, other) = (pass(&mut breaker, begin), pass(&mut breaker, begin));
    feed(&mut breaker, begin, &[NOBODYS; 4]);
    let now = begin + Duration::from_secs(5);
    let probe = pass(&mut breaker, now);
    breaker.settle(early, ANSWERED, now);
    breaker.settle(other, NOBODYS, now);
    assert_eq!(breaker.phase(), Phase::HalfOpen, "only the probe decides");
    breaker.settle(probe, ANSWERED, now);
    assert_eq!(breaker.phase(), Phase::Closed);
}

#[derive(Debug, Clone)]
enum Event {
    Ask,
    /// Ends one of the calls under way.
    End(prop::sample::Index, Outcome),
    Pass(Duration),
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(Outcome::Answered),
        4 => (0_u64..5).prop_map(failed),
        1 => Just(NOBODYS),
        1 => Just(BATCH),
        1 => Just(Outcome::Abandoned),
    ]
}

fn events(outcomes: impl Strategy<Value = Outcome>) -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => Just(Event::Ask),
        4 => (any::<prop::sample::Index>(), outcomes).prop_map(|(which, how)| Event::End(which, how)),
        1 => (0_u64..12_000).prop_map(|ms| Event::Pass(Duration::from_millis(ms))),
    ];
    prop::collection::vec(event, 0..400)
}

/// Plays events, calling `check` after each with what is under way.
fn play(events: Vec<Event>, mut check: impl FnMut(&Breaker, usize)) {
    let (mut breaker, mut now) = (Breaker::new(SETTINGS), Instant::now());
    let mut under_way: Vec<Ticket> = Vec::new();
    for event in events {
        let was_closed = breaker.phase() == Phase::Closed;
        match event {
            Event::Ask => match breaker.admit(now) {
                Admission::Pass(ticket) => under_way.push(ticket),
                Admission::Refused(wait) => {
                    assert!(!was_closed, "a closed breaker refuses nothing");
                    assert!(!wait.is_zero() && wait <= SETTINGS.longest_cool_down);
                }
            },
            Event::End(which, how) if !under_way.is_empty() => {
                let ticket = under_way.swap_remove(which.index(under_way.len()));
                breaker.settle(ticket, how, now);
            }
            Event::End(..) => {}
            Event::Pass(time) => now += time,
        }
        let probes = under_way.iter().filter(|ticket| breaker.honours(ticket)).count();
        check(&breaker, probes);
    }
}

proptest! {
    #[test]
    fn at_most_one_probe_is_under_way(events in events(outcomes())) {
        play(events, |breaker, current| match breaker.phase() {
            Phase::HalfOpen => assert_eq!(current, 1),
            Phase::Open => assert_eq!(current, 0),
            Phase::Closed => assert_eq!(breaker.tripped_at(), None),
        });
    }

    #[test]
    fn nobody_is_locked_out_for_ever(events in events(outcomes())) {
        let (mut breaker, mut now) = (Breaker::new(SETTINGS), Instant::now());
        for event in events {
            if let Event::End(_, outcome) = event && let Admission::Pass(ticket) = breaker.admit(now) {
                breaker.settle(ticket, outcome, now);
            }
            now += Duration::from_millis(300);
        }
        now += SETTINGS.longest_cool_down;
        let ticket = pass(&mut breaker, now);
        breaker.settle(ticket, ANSWERED, now);
        prop_assert_eq!(breaker.phase(), Phase::Closed);
    }

    #[test]
    fn one_account_alone_never_opens_it(
        events in events(prop_oneof![Just(ANSWERED), Just(failed(7)), Just(BATCH)]),
    ) {
        play(events, |breaker, _| assert_eq!(breaker.phase(), Phase::Closed));
    }

    #[test]
    fn callers_mistakes_never_open_it(events in events(Just(ANSWERED))) {
        play(events, |breaker, _| assert_eq!(breaker.phase(), Phase::Closed));
    }

    #[test]
    fn it_opens_exactly_when_a_plain_count_of_the_window_says_so(
        calls in prop::collection::vec((prop_oneof![Just(ANSWERED), (0_u64..5).prop_map(failed), Just(NOBODYS)], 0_u64..3_000), 1..80),
    ) {
        let (mut breaker, begin) = (Breaker::new(SETTINGS), Instant::now());
        let (mut now, mut past) = (begin, Vec::new());
        for (outcome, wait) in calls {
            now += Duration::from_millis(wait);
            let ticket = pass(&mut breaker, now);
            breaker.settle(ticket, outcome, now);
            past.push((now, outcome));
            let is_open = breaker.phase() == Phase::Open;
            let fails_now = matches!(outcome, Outcome::Failed(_));
            prop_assert_eq!(is_open, fails_now && plain_count(&past, now));
            if is_open {
                break;
            }
        }
    }
}

/// The rule written down a second time, without any bookkeeping.
fn plain_count(past: &[(Instant, Outcome)], now: Instant) -> bool {
    let window: Vec<Outcome> =
        past.iter().filter(|(at, _)| now - *at < SETTINGS.window).map(|(_, outcome)| *outcome).collect();
    let failures = window.iter().filter(|outcome| matches!(outcome, Outcome::Failed(_))).count();
    let of = |subject| window.iter().filter(|outcome| **outcome == failed(subject)).count();
    let worst = (0..5).map(of).max().unwrap_or(0);
    let named = (0..5).filter(|subject| of(*subject) > 0).count();
    let nobodys = window.iter().filter(|outcome| **outcome == NOBODYS).count();
    let half = |failures: usize, calls: usize| failures > 0 && failures * 2 >= calls;
    window.len() >= SETTINGS.minimum_calls
        && half(failures, window.len())
        && named + nobodys >= SETTINGS.failing_subjects
        && half(failures - worst, window.len() - worst)
}
