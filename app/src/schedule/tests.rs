//! The schedule with a supplied clock: steps of the clock, restarts, firings that take long, against the real timer table.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

use super::settings::JobName;
use super::timetable::Timetable;
use super::{Job, Scheduler, fire};
use anyhow::bail;
use futures::FutureExt as _;
use gangway_protocol::Actor;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::crash_point::CrashPoints;
use gangway_store::{Restore, Store, TimerEnd};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Just, Strategy, prop_assert, prop_oneof, proptest};
use serde_json::{Value, json};
use std::sync::Arc;

const NAME: &str = "monitor";

fn scheduler(store: &Store, schedule: &str, work: super::jobs::Work) -> Scheduler {
    let timetable = Timetable::parse(schedule, "Europe/Berlin").unwrap();
    Scheduler::new(
        store.clone(),
        vec![Job { name: JobName::Monitor, timetable, work }],
        CrashPoints::default(),
    )
}

fn idle(store: &Store, schedule: &str) -> Scheduler {
    scheduler(store, schedule, Box::new(|_| async { Ok(Value::Null) }.boxed()))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn end(store: &Store, at: Timestamp) {
    let end = TimerEnd { began_at: at, duration_ms: 0, report: Value::Null, error: None };
    store.timers().end(NAME, &end).await.unwrap();
}

#[tokio::test]
async fn what_was_missed_while_nothing_ran_is_made_up_for_once() {
    let store = Store::in_memory().unwrap();
    let scheduler = idle(&store, "*/15 * * * *");
    scheduler.set_timers(at("2026-01-01T00:00:00Z")).await.unwrap();
    let late = at("2026-01-03T07:20:00Z");
    assert_eq!(scheduler.claim_due(late).await.unwrap().len(), 1);
    end(&store, late).await;
    assert!(scheduler.claim_due(late).await.unwrap().is_empty());
    assert_eq!(store.timers().list().await.unwrap().remove(0).next_at, at("2026-01-03T07:30:00Z"));
}

#[tokio::test]
async fn nothing_fires_while_a_restore_holds_the_schedules() {
    let store = Store::in_memory().unwrap();
    let scheduler = idle(&store, "every 1s");
    let now = at("2026-01-01T00:00:00Z");
    scheduler.set_timers(now).await.unwrap();
    let later = now + SignedDuration::from_secs(5);
    let record = AuditRecord::done("backup.restore", &Actor::person("root"), Value::Null, now);
    store.restores().begin(Restore { backup_at: now, restored_at: now }, record).await.unwrap();
    assert!(scheduler.claim_due(later).await.unwrap().is_empty());
    let released = AuditRecord::done("schedule.release", &Actor::person("root"), Value::Null, later);
    store.restores().release(released).await.unwrap();
    assert_eq!(scheduler.claim_due(later).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_failure_and_a_panic_are_ends_that_people_can_read() {
    let store = Store::in_memory().unwrap();
    let works: [super::jobs::Work; 2] = [
        Box::new(|_| async { bail!("the task list is gone") }.boxed()),
        Box::new(|_| async { panic!("a defect") }.boxed()),
    ];
    for (work, said) in works.into_iter().zip(["the task list is gone", "panicked"]) {
        let scheduler = scheduler(&store, "every 1s", work);
        scheduler.set_timers(Timestamp::now()).await.unwrap();
        let end = scheduler.fire_now(JobName::Monitor).await.unwrap().unwrap();
        assert!(end.error.as_deref().unwrap().contains(said), "{end:?}");
        assert_eq!(store.timers().list().await.unwrap().remove(0).last, Some(end));
    }
}

#[tokio::test]
async fn what_a_job_reports_is_kept() {
    let store = Store::in_memory().unwrap();
    let scheduler = scheduler(&store, "every 1h", Box::new(|_| async { Ok(json!({"overdue": 2})) }.boxed()));
    scheduler.set_timers(Timestamp::now()).await.unwrap();
    let job = Arc::clone(scheduler.jobs.first().unwrap());
    store.timers().ask(NAME, Timestamp::now()).await.unwrap();
    assert_eq!(scheduler.claim_due(Timestamp::now()).await.unwrap().len(), 1);
    assert!(scheduler.fire_now(JobName::Monitor).await.unwrap().is_none(), "it is at work already");
    fire(store.clone(), job, CrashPoints::default()).await;
    let last = store.timers().list().await.unwrap().remove(0).last.unwrap();
    assert_eq!(last.report, json!({"overdue": 2}));
}

/// What happens between two looks at the timers.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Time goes by.
    Pass(i64),
    /// The clock is set, and time with it does not go by.
    Set(i64),
    /// The process ends and another starts.
    Restart,
    /// What is under way ends.
    End,
}

/// Clocks that are set forward are like time going by, which the first property has in plenty; here they are set back.
fn steps(sets: bool) -> impl Strategy<Value = Vec<Step>> {
    let set = if sets { -200_000_i64..0 } else { 0..1 };
    let step = prop_oneof![
        8 => (0_i64..2_000).prop_map(Step::Pass),
        1 => (0_i64..200_000).prop_map(Step::Pass),
        1 => set.prop_map(Step::Set),
        1 => Just(Step::Restart),
        6 => Just(Step::End),
    ];
    proptest::collection::vec(step, 1..60)
}

fn schedules() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_u32..5_000).prop_map(|seconds| format!("every {seconds}s")),
        (1_u8..30).prop_map(|minutes| format!("*/{minutes} * * * *")),
        (0_u8..60, 0_u8..24).prop_map(|(minute, hour)| format!("{minute} {hour} * * *")),
    ]
}

/// One firing: what the clock said, and how much time had really gone by.
#[derive(Debug, Clone, Copy)]
struct Fired {
    clock: Timestamp,
    due: Timestamp,
    real: i64,
}

struct Played {
    fired: Vec<Fired>,
    /// What the clock says at the end, and since when nothing has been under way then.
    clock: Timestamp,
    next: Timestamp,
    is_busy: bool,
}

async fn play(schedule: &str, steps: &[Step]) -> Played {
    let store = Store::in_memory().unwrap();
    let mut scheduler = idle(&store, schedule);
    let (mut clock, mut real, mut is_busy) = (at("2026-03-28T12:00:00Z"), 0_i64, false);
    scheduler.set_timers(clock).await.unwrap();
    let mut fired = Vec::new();
    for step in steps {
        match *step {
            Step::Pass(seconds) => {
                clock += SignedDuration::from_secs(seconds);
                real += seconds;
            }
            Step::Set(by) => clock += SignedDuration::from_secs(by),
            Step::Restart => {
                scheduler = idle(&store, schedule);
                scheduler.set_timers(clock).await.unwrap();
            }
            Step::End if is_busy => {
                end(&store, clock).await;
                is_busy = false;
            }
            Step::End => {}
        }
        let due = store.timers().list().await.unwrap().remove(0).next_at;
        // Two looks at the same time find it once.
        let claimed =
            scheduler.claim_due(clock).await.unwrap().len() + scheduler.claim_due(clock).await.unwrap().len();
        assert!(claimed <= 1);
        if claimed == 1 {
            assert!(!is_busy, "one firing at a time");
            is_busy = true;
            fired.push(Fired { clock, due, real });
        }
    }
    let next = store.timers().list().await.unwrap().remove(0).next_at;
    Played { fired, clock, next, is_busy }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]

    #[test]
    fn with_an_honest_clock_each_due_instant_fires_at_most_once_and_none_is_lost(
        schedule in schedules(), steps in steps(false)
    ) {
        let played = run(play(&schedule, &steps));
        let timetable = Timetable::parse(&schedule, "Europe/Berlin").unwrap();
        let mut expected = timetable.next_after(at("2026-03-28T12:00:00Z")).unwrap();
        for fired in &played.fired {
            // The instant that was to come is the one that fires; those that went by with it are made up for by it.
            prop_assert!(fired.due == expected && fired.clock >= fired.due, "{fired:?}, not {expected}");
            expected = timetable.next_after(fired.clock).unwrap();
        }
        prop_assert!(played.is_busy || played.next > played.clock, "something due was left lying");
        prop_assert!(played.next == expected);
    }

    #[test]
    fn however_the_clock_is_set_it_neither_stands_still_nor_repeats_an_instant_at_once(
        schedule in schedules(), steps in steps(true)
    ) {
        let played = run(play(&schedule, &steps));
        let timetable = Timetable::parse(&schedule, "Europe/Berlin").unwrap();
        let first = timetable.next_after(played.clock).unwrap();
        let second = timetable.next_after(first).unwrap();
        prop_assert!(played.is_busy || played.next <= second, "it would stand still until {}", played.next);
        for pair in played.fired.windows(2) {
            let [before, after] = pair else { continue };
            // An instant comes again only after the clock was set back past it, and then not without time going by.
            let repeats = after.due <= before.clock;
            prop_assert!(!repeats || after.real > before.real, "{before:?} {after:?}");
        }
    }
}
