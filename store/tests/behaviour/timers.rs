//! A timer fires once per due instant, whoever shares the folder and whoever dies.

use crate::records::{at, open, other_process, shared};
use gangway_store::{Store, StoreError, Timer, TimerEnd};
use jiff::Timestamp;
use serde_json::json;

const JOB: &str = "monitor";

fn minute(minute: u8) -> Timestamp {
    at(&format!("2026-01-01T00:{minute:02}:00Z"))
}

fn ended(minute_: u8) -> TimerEnd {
    TimerEnd { began_at: minute(minute_), duration_ms: 5, report: json!({"overdue": 1}), error: None }
}

async fn only(store: &Store) -> Timer {
    let mut found = store.timers().list().await.unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[tokio::test]
async fn it_is_claimed_once_when_it_is_due_and_not_before() {
    let (folder, store) = open();
    let second = Store::open(folder.path()).unwrap();
    store.timers().set(JOB, "*/15", minute(15)).await.unwrap();
    assert!(!store.timers().claim(JOB, minute(14), minute(15)).await.unwrap());
    assert!(store.timers().claim(JOB, minute(15), minute(30)).await.unwrap());
    assert!(!second.timers().claim(JOB, minute(15), minute(30)).await.unwrap());
    assert!(!second.timers().claim(JOB, minute(31), minute(45)).await.unwrap(), "it is still at work");
    store.timers().end(JOB, &ended(15)).await.unwrap();
    let timer = only(&second).await;
    assert_eq!((timer.next_at, timer.last, timer.running_since), (minute(30), Some(ended(15)), None));
    assert!(second.timers().claim(JOB, minute(31), minute(45)).await.unwrap());
}

#[tokio::test]
async fn a_restart_keeps_the_due_instant_and_another_schedule_changes_it() {
    let (folder, store) = open();
    store.timers().set(JOB, "*/15", minute(15)).await.unwrap();
    store.close().await;
    let store = Store::open(folder.path()).unwrap();
    store.timers().set(JOB, "*/15", minute(45)).await.unwrap();
    assert_eq!(only(&store).await.next_at, minute(15), "a firing missed meanwhile is made up for");
    store.timers().set(JOB, "*/20", minute(40)).await.unwrap();
    assert_eq!(only(&store).await.next_at, minute(40));
}

#[tokio::test]
async fn who_holds_no_claim_ends_nothing() {
    let (folder, store) = open();
    let second = Store::open(folder.path()).unwrap();
    store.timers().set(JOB, "*/15", minute(15)).await.unwrap();
    store.timers().claim(JOB, minute(15), minute(30)).await.unwrap();
    let error = second.timers().end(JOB, &ended(15)).await.unwrap_err();
    assert!(matches!(error, StoreError::Absent { .. }), "{error:?}");
    second.timers().remove(JOB).await.unwrap();
    assert!(only(&store).await.running_since.is_some(), "one at work is not forgotten");
    store.timers().end(JOB, &ended(15)).await.unwrap();
    second.timers().remove(JOB).await.unwrap();
    assert!(store.timers().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn one_asked_for_is_due_at_once_and_keeps_its_next_instant() {
    let (_folder, store) = open();
    store.timers().set(JOB, "*/15", minute(15)).await.unwrap();
    store.timers().ask(JOB, minute(3)).await.unwrap();
    assert!(store.timers().claim(JOB, minute(3), minute(15)).await.unwrap());
    store.timers().end(JOB, &ended(3)).await.unwrap();
    assert_eq!(only(&store).await.next_at, minute(15));
    assert!(!store.timers().claim(JOB, minute(4), minute(15)).await.unwrap());
    store.timers().ask("no such job", minute(3)).await.unwrap_err();
}

#[tokio::test]
async fn a_move_counts_only_if_nobody_moved_it_meanwhile() {
    let (_folder, store) = open();
    store.timers().set(JOB, "*/15", minute(15)).await.unwrap();
    store.timers().move_to(JOB, minute(14), minute(50)).await.unwrap();
    assert_eq!(only(&store).await.next_at, minute(15));
    store.timers().move_to(JOB, minute(15), minute(5)).await.unwrap();
    assert_eq!(only(&store).await.next_at, minute(5));
}

#[tokio::test]
async fn a_firing_that_a_dead_process_left_is_begun_again_but_not_forever() {
    let (folder, store) = open();
    store.timers().set(JOB, "*/15", minute(15)).await.unwrap();
    for attempt in 1..=3 {
        other_process("timers::dies_at_work", folder.path()).unwrap();
        let timer = only(&store).await;
        assert_eq!(timer.running_since, None);
        assert_eq!(timer.is_left_behind, attempt < 3, "attempt {attempt}");
    }
    assert!(!store.timers().claim(JOB, minute(16), minute(30)).await.unwrap());
    assert!(store.timers().claim(JOB, minute(30), minute(45)).await.unwrap(), "its next instant is its own");
}

#[tokio::test]
#[ignore = "started as a process of its own"]
async fn dies_at_work() {
    let Some(store) = shared() else { return };
    assert!(store.timers().claim(JOB, minute(15), minute(30)).await.unwrap());
    std::process::abort();
}

#[tokio::test]
async fn a_cursor_only_moves_forward() {
    let (_folder, store) = open();
    assert_eq!(store.cursors().get("won").await.unwrap(), None);
    store.cursors().advance("won", minute(9)).await.unwrap();
    store.cursors().advance("won", minute(4)).await.unwrap();
    assert_eq!(store.cursors().get("won").await.unwrap(), Some(minute(9)));
}
