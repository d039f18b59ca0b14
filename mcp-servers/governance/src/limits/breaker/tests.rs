//! The breaker over tables and arbitrary sequences of events; time is supplied.

#![expect(clippy::panic, reason = "a test fails loudly")]

use super::{Admission, Breaker, BreakerSettings, Outcome, Phase, Subject, Ticket};
use crate::vendor::Errand;
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
    pass_about(breaker, Subject::Nobody, now)
}

fn pass_about(breaker: &mut Breaker, subject: Subject, now: Instant) -> Ticket {
    match breaker.admit(subject, now) {
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

fn record(subject: u64) -> Outcome {
    Outcome::Failed(Subject::Record(subject))
}

const ANSWERED: Outcome = Outcome::Answered;
const NOBODYS: Outcome = Outcome::Failed(Subject::Nobody);
const BATCH: Outcome = Outcome::Failed(Subject::Several);
const SOME_ONES: Outcome = Outcome::Failed(Subject::SomeOne);

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
        (
            "an account by both its names, and records that may be its",
            &[failed(1), record(1), SOME_ONES, failed(1), record(1), SOME_ONES, failed(2), record(2)],
            Phase::Closed,
        ),
        ("records of an account nobody knows", &[SOME_ONES; 40], Phase::Closed),
        ("three accounts by Salesforce ids", &[ANSWERED, record(1), record(2), record(3)], Phase::Open),
        (
            "an outage, by whichever names",
            &[failed(1), record(1), failed(2), record(2), SOME_ONES, failed(3)],
            Phase::Open,
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
    let refused = breaker.admit(Subject::Nobody, begin + Duration::from_secs(2));
    assert_eq!(refused, Admission::Refused(Duration::from_secs(3)));
}

#[test]
fn one_probe_closes_it_or_doubles_the_wait() {
    let begin = Instant::now();
    let mut breaker = opened(begin);
    let mut now = begin + Duration::from_secs(5);
    for wait in [10, 20, 40, 60, 60] {
        let probe = pass(&mut breaker, now);
        assert_eq!(breaker.phase(), Phase::HalfOpen);
        let second = breaker.admit(Subject::Nobody, now);
        assert!(matches!(second, Admission::Refused(_)), "one probe at a time");
        breaker.settle(probe, NOBODYS, now);
        assert_eq!(breaker.refusal(Subject::Nobody, now), Some(Duration::from_secs(wait)));
        assert_eq!(breaker.tripped_at(), Some(begin));
        now += Duration::from_secs(wait);
    }
    let probe = pass(&mut breaker, now);
    breaker.settle(probe, ANSWERED, now);
    assert_eq!((breaker.phase(), breaker.tripped_at()), (Phase::Closed, None));
}

/// Lets a call about `subject` probe and fail, and gives how long others then wait, and how long it does.
fn fail_probe(breaker: &mut Breaker, subject: Subject, now: Instant) -> (u64, u64) {
    let probe = pass_about(breaker, subject, now);
    breaker.settle(probe, Outcome::Failed(subject), now);
    let wait = |subject| breaker.refusal(subject, now).map_or(0, |wait| wait.as_secs());
    (wait(Subject::Nobody), wait(subject))
}

#[test]
fn who_failed_as_the_probe_lets_others_probe_first_and_makes_nobody_wait_longer() {
    for suspect in [Subject::One(7), Subject::Record(7), Subject::SomeOne, Subject::Several] {
        let begin = Instant::now();
        let mut breaker = opened(begin);
        let mut now = begin + Duration::from_secs(5);
        for _ in 0..3 {
            assert_eq!(fail_probe(&mut breaker, suspect, now), (5, 10), "{suspect:?}");
            now += Duration::from_secs(10);
        }
        let other = pass_about(&mut breaker, Subject::One(1), now);
        breaker.settle(other, ANSWERED, now);
        assert_eq!(breaker.phase(), Phase::Closed, "{suspect:?}");
    }
}

#[test]
fn two_accounts_that_fail_as_probes_speak_for_the_vendor() {
    let begin = Instant::now();
    let mut breaker = opened(begin);
    let mut now = begin + Duration::from_secs(5);
    for (account, wait) in [(1, 5), (2, 10), (1, 20), (2, 40), (3, 60), (1, 60)] {
        assert_eq!(fail_probe(&mut breaker, Subject::One(account), now).0, wait);
        now += Duration::from_secs(wait);
    }
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
    Ask(Subject),
    /// Ends one of the calls under way.
    End(prop::sample::Index, Outcome),
    Pass(Duration),
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(Outcome::Answered),
        3 => (0_u64..5).prop_map(failed),
        2 => (0_u64..5).prop_map(record),
        1 => Just(NOBODYS),
        1 => Just(SOME_ONES),
        1 => Just(BATCH),
        1 => Just(Outcome::Abandoned),
    ]
}

fn subjects() -> impl Strategy<Value = Subject> {
    prop_oneof![
        4 => (0_u64..5).prop_map(Subject::One),
        2 => (0_u64..5).prop_map(Subject::Record),
        1 => Just(Subject::SomeOne),
        1 => Just(Subject::Several),
        1 => Just(Subject::Nobody),
    ]
}

/// One account under every name that a call about it can have: its business id in any case, both forms of its Salesforce
/// id, records of its own, and lists it is on.
fn its_errands() -> impl Strategy<Value = Errand> {
    let business_id = prop::collection::vec(any::<bool>(), 8).prop_map(|lower| {
        let in_case =
            |(letter, lower): (char, bool)| if lower { letter.to_ascii_lowercase() } else { letter };
        "ACME-001".chars().zip(lower).map(in_case).collect::<String>()
    });
    prop_oneof![
        3 => business_id.prop_map(|id| Errand::about_account("get_account", &id)),
        1 => Just(Errand::about_account("get_account", "001D000000IRFma")),
        1 => Just(Errand::about_account("get_account", "001D000000IRFmaIAH")),
        1 => Just(Errand::about_some_account("get_exchange_rate")),
        1 => Just(Errand::batch("get_accounts")),
    ]
}

fn events(outcomes: impl Strategy<Value = Outcome>) -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => subjects().prop_map(Event::Ask),
        4 => (any::<prop::sample::Index>(), outcomes).prop_map(|(which, how)| Event::End(which, how)),
        1 => (0_u64..12_000).prop_map(|ms| Event::Pass(Duration::from_millis(ms))),
    ];
    prop::collection::vec(event, 0..400)
}

/// Plays events, calling `check` after each with what is under way; gives the breaker and when the events were over.
fn play(events: Vec<Event>, mut check: impl FnMut(&Breaker, usize)) -> (Breaker, Instant) {
    let (mut breaker, mut now) = (Breaker::new(SETTINGS), Instant::now());
    let mut under_way: Vec<Ticket> = Vec::new();
    for event in events {
        let was_closed = breaker.phase() == Phase::Closed;
        match event {
            Event::Ask(subject) => match breaker.admit(subject, now) {
                Admission::Pass(ticket) => under_way.push(ticket),
                Admission::Refused(wait) => {
                    assert!(!was_closed, "a closed breaker refuses nothing");
                    assert!(!wait.is_zero() && wait <= SETTINGS.longest_cool_down * 2);
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
    for ticket in under_way {
        breaker.settle(ticket, Outcome::Abandoned, now);
    }
    (breaker, now)
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
            if let Event::End(_, outcome) = event
                && let Admission::Pass(ticket) = breaker.admit(Subject::Nobody, now)
            {
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
        events in events(prop_oneof![
            1 => Just(ANSWERED),
            3 => its_errands().prop_map(|errand| Outcome::Failed(errand.subject)),
        ]),
    ) {
        play(events, |breaker, _| assert_eq!(breaker.phase(), Phase::Closed));
    }

    /// The vendor has healed, wherever the breaker stands by then; all that fails is one account and what holds it, and
    /// they always ask first.
    #[test]
    fn one_account_alone_never_keeps_it_open(
        past in events(outcomes()),
        alone in prop::collection::vec((its_errands(), 0_u64..12_000), 0..60),
    ) {
        let (mut breaker, mut now) = play(past, |_, _| {});
        let before = breaker.cool_down;
        let fails = |breaker: &mut Breaker, subject, now| {
            if let Admission::Pass(ticket) = breaker.admit(subject, now) {
                breaker.settle(ticket, Outcome::Failed(subject), now);
            }
        };
        for (errand, wait_ms) in alone {
            fails(&mut breaker, errand.subject, now);
            now += Duration::from_millis(wait_ms);
        }
        // Once, if the probe before it was about another account.
        prop_assert!(breaker.cool_down <= (before * 2).min(SETTINGS.longest_cool_down));
        // The one asked for may be the suspect of before: then the account comes first by each of its names, twice.
        let until = now + SETTINGS.longest_cool_down * 9;
        let names = ["acme-001", "001D000000IRFma"].map(|id| Errand::about_account("get_account", id));
        let names = names.into_iter().chain([Errand::about_some_account("get_user"), Errand::batch("get_accounts")]);
        while breaker.phase() != Phase::Closed {
            prop_assert!(now <= until, "still open for all others");
            now += Duration::from_secs(1);
            names.clone().for_each(|errand| fails(&mut breaker, errand.subject, now));
            if let Admission::Pass(ticket) = breaker.admit(Subject::One(1), now) {
                breaker.settle(ticket, ANSWERED, now);
            }
        }
    }

    #[test]
    fn callers_mistakes_never_open_it(events in events(Just(ANSWERED))) {
        play(events, |breaker, _| assert_eq!(breaker.phase(), Phase::Closed));
    }

    #[test]
    fn it_opens_exactly_when_a_plain_count_of_the_window_says_so(
        calls in prop::collection::vec(
            (
                prop_oneof![
                    Just(ANSWERED),
                    (0_u64..5).prop_map(failed),
                    (0_u64..5).prop_map(record),
                    Just(NOBODYS),
                ],
                0_u64..3_000,
            ),
            1..80,
        ),
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
    let of = |name: fn(u64) -> Outcome, one| window.iter().filter(|outcome| **outcome == name(one)).count();
    let most = |name| (0..5).map(|one| of(name, one)).max().unwrap_or(0);
    let worst = most(failed) + most(record);
    let count = |name| (0..5).filter(|one| of(name, *one) > 0).count();
    let named = count(failed).max(count(record));
    let nobodys = window.iter().filter(|outcome| **outcome == NOBODYS).count();
    let half = |failures: usize, calls: usize| failures > 0 && failures * 2 >= calls;
    window.len() >= SETTINGS.minimum_calls
        && half(failures, window.len())
        && named + nobodys >= SETTINGS.failing_subjects
        && half(failures - worst, window.len() - worst)
}
