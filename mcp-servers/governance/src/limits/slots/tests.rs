//! Slots over real lock files: what another process would hold is held by another [`Slots`] on the same folder, whose
//! files are open a second time and so locked against ours.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use super::{Held, Slots};
use futures::FutureExt as _;
use std::path::Path;
use tempfile::TempDir;

fn slots(folder: &Path) -> Slots {
    Slots::of("netsuite", folder)
}

async fn take(slots: &Slots) -> Held {
    slots.take(2).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_folders_slots_are_shared_and_freed_by_the_call_that_ends() {
    let folder = TempDir::new().unwrap();
    let (ours, theirs) = (slots(folder.path()), slots(folder.path()));
    let first = take(&ours).await;
    let _second = take(&theirs).await;
    let mut third = Box::pin(take(&theirs));
    assert!(third.as_mut().now_or_never().is_none(), "both slots are taken");
    drop(first);
    third.await;
}

#[tokio::test(start_paused = true)]
async fn a_process_that_ends_holding_slots_frees_them() {
    let folder = TempDir::new().unwrap();
    let (ours, theirs) = (slots(folder.path()), slots(folder.path()));
    let mut held = [take(&theirs).await, take(&theirs).await];
    let mut ask = Box::pin(take(&ours));
    assert!(ask.as_mut().now_or_never().is_none());
    // What the system does at the end of a process: every file is closed, nothing is unlocked.
    drop(held.each_mut().map(|held| held.file.take()));
    ask.await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_process_leaves_the_next_free_slot_to_the_one_that_waits() {
    let folder = TempDir::new().unwrap();
    let (busy, waiting) = (slots(folder.path()), slots(folder.path()));
    let (first, _second) = (take(&busy).await, take(&busy).await);
    let mut waits = Box::pin(take(&waiting));
    assert!(waits.as_mut().now_or_never().is_none());
    drop(first);
    let mut again = Box::pin(take(&busy));
    assert!(again.as_mut().now_or_never().is_none(), "the slot is free, the turn is not");
    let won = waits.await;
    assert!(again.as_mut().now_or_never().is_none());
    drop(won);
    again.await;
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_passes_the_turn_on() {
    let folder = TempDir::new().unwrap();
    let (ours, theirs) = (slots(folder.path()), slots(folder.path()));
    let (first, _second) = (take(&ours).await, take(&ours).await);
    let mut gives_up = Box::pin(take(&theirs));
    assert!(gives_up.as_mut().now_or_never().is_none());
    drop(gives_up);
    drop(first);
    assert!(take(&ours).now_or_never().is_some());
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_an_error_and_not_a_wait() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("limits"), "in the way").unwrap();
    assert!(slots(folder.path()).take(2).await.is_err());
}
