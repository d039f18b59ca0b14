//! What cannot go on is parked with a reason, never guessed at and never lost.

use crate::toy::{
    LABEL_TWICE, OTHER_VERSION, OVERLAPPING, Plan, RENAMED, SHORTER, SOUND, STANDING_STILL, SWALLOWING,
    Stage, run,
};
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::{RunRecord, RunState};
use std::time::Duration;

/// Drives a new run of `VARIANT` with the given plan for the step `tenant`.
async fn driven<const VARIANT: u8>(stage: &Stage, plans: &[Plan]) -> RunRecord {
    let (_store, engine) = stage.start::<VARIANT>(CrashPoints::default());
    stage.world.plan("tenant", plans);
    let run_id = engine.submit(run("run-1", "ACME-001", "cor-1")).await.unwrap().record.run_id;
    let record = engine.drive(&run_id).await.unwrap();
    assert_eq!(engine.query(&run_id).await.unwrap().as_ref(), Some(&record), "what is answered is saved");
    record
}

fn reason(record: &RunRecord) -> &str {
    assert_eq!(record.state, RunState::Parked);
    record.parked_because.as_deref().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_step_that_asks_for_it_is_tried_again() {
    let stage = Stage::new();
    let record = driven::<SOUND>(&stage, &[Plan::Retry, Plan::Retry]).await;
    assert_eq!(record.state, RunState::Completed);
    assert_eq!(stage.world.bodies_of("tenant"), 3);
    assert_eq!(stage.world.bodies_of("mail"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_told_when_to_come_back_comes_back_then() {
    let stage = Stage::new();
    let begun = tokio::time::Instant::now();
    let record = driven::<SOUND>(&stage, &[Plan::RetryAfter(Duration::from_secs(7))]).await;
    assert_eq!(record.state, RunState::Completed);
    assert!(begun.elapsed() >= Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn retries_end_and_park_the_run() {
    let stage = Stage::new();
    let record = driven::<SOUND>(&stage, &[Plan::Retry; 9]).await;
    assert_eq!(reason(&record), "step \"tenant\" still failed after 3 attempts: the line is busy");
    assert_eq!(stage.world.bodies_of("tenant"), 3);
    assert_eq!(stage.world.bodies_of("mail"), 0);
}

#[tokio::test]
async fn a_parked_run_stays_parked_and_frees_its_account() {
    let stage = Stage::new();
    let parked = driven::<SOUND>(&stage, &[Plan::Fatal]).await;
    let (_store, engine) = stage.sound();
    assert!(engine.resume_all().await.unwrap().is_empty());
    assert_eq!(engine.drive(&parked.run_id).await.unwrap(), parked);
    let next = engine.submit(run("run-2", "ACME-001", "cor-2")).await.unwrap();
    assert!(next.started);
    assert_eq!(engine.drive(&next.record.run_id).await.unwrap().state, RunState::Completed);
}

#[tokio::test]
async fn a_parked_run_that_is_tried_again_repeats_only_the_step_that_failed() {
    let stage = Stage::new();
    let parked = driven::<SOUND>(&stage, &[Plan::Fatal]).await;
    let (_store, engine) = stage.sound();
    let record = engine.retry(&parked.run_id).await.unwrap();
    assert_eq!((record.state, record.parked_because.as_deref()), (RunState::Completed, None));
    let bodies = ["gather", "advise", "tenant", "mail"].map(|label| stage.world.bodies_of(label));
    assert_eq!(bodies, [1, 1, 2, 1]);
    let again = engine.retry(&parked.run_id).await.unwrap_err().to_string();
    assert!(again.contains("it is completed"), "{again}");
}

#[tokio::test]
async fn a_run_parked_in_its_first_phase_replays_what_that_phase_recorded() {
    let stage = Stage::new();
    stage.world.plan("advise", &[Plan::Fatal, Plan::Fatal]);
    let parked = driven::<SOUND>(&stage, &[]).await;
    assert_eq!(reason(&parked), "step \"advise\" failed: no such number");
    let (_store, engine) = stage.sound();
    assert_eq!(engine.retry(&parked.run_id).await.unwrap().state, RunState::Parked, "it fails once more");
    let record = engine.retry(&parked.run_id).await.unwrap();
    assert_eq!(record.state, RunState::Completed);
    assert_eq!(["gather", "advise"].map(|label| stage.world.bodies_of(label)), [1, 3]);
}

#[tokio::test]
async fn a_parked_run_is_not_tried_again_beside_another_live_run() {
    let stage = Stage::new();
    let parked = driven::<SOUND>(&stage, &[Plan::Fatal]).await;
    let (_store, engine) = stage.sound();
    engine.submit(run("run-2", "ACME-001", "cor-2")).await.unwrap();
    let refused = engine.retry(&parked.run_id).await.unwrap_err().to_string();
    assert!(refused.contains("run-2") && refused.contains("live"), "{refused}");
    assert_eq!(engine.query(&parked.run_id).await.unwrap(), Some(parked), "it is as it was");
}

#[tokio::test]
async fn a_fatal_failure_parks_the_run_at_once() {
    let stage = Stage::new();
    let record = driven::<SOUND>(&stage, &[Plan::Fatal]).await;
    assert_eq!(reason(&record), "step \"tenant\" failed: no such number");
    assert_eq!(stage.world.bodies_of("tenant"), 1);
}

#[tokio::test]
async fn a_panicking_step_parks_the_run() {
    let stage = Stage::new();
    let record = driven::<SOUND>(&stage, &[Plan::Panic]).await;
    assert_eq!(reason(&record), "step \"tenant\" panicked");
}

#[tokio::test]
async fn a_workflow_cannot_swallow_an_interruption() {
    let stage = Stage::new();
    let record = driven::<SWALLOWING>(&stage, &[Plan::Fatal]).await;
    assert_eq!(reason(&record), "step \"tenant\" failed: no such number");
    assert_eq!(stage.world.bodies_of("mail"), 0);
}

#[tokio::test]
async fn a_workflow_that_gets_no_further_is_parked() {
    let stage = Stage::new();
    let record = driven::<STANDING_STILL>(&stage, &[]).await;
    assert!(reason(&record).contains("left it assessing"), "{record:?}");
}

#[tokio::test(start_paused = true)]
async fn overlapping_steps_are_refused() {
    let stage = Stage::new();
    let record = driven::<OVERLAPPING>(&stage, &[Plan::Retry]).await;
    assert!(reason(&record).contains("one at a time"), "{record:?}");
    assert_eq!(stage.world.bodies_of("mail"), 0);
}

#[tokio::test]
async fn a_label_used_twice_is_refused() {
    let stage = Stage::new();
    let record = driven::<LABEL_TWICE>(&stage, &[]).await;
    assert!(reason(&record).contains("used twice"), "{record:?}");
    assert_eq!(stage.world.bodies_of("tenant"), 1);
}

/// Crashes a sound run before its second step, then resumes it as `VARIANT`.
async fn resumed_as<const VARIANT: u8>(stage: &Stage) -> RunRecord {
    let crash = CrashPoints::listening(|place| assert_ne!(place, "step.begin:advise", "planned crash"));
    let (store, engine) = stage.start::<SOUND>(crash);
    let run_id = engine.submit(run("run-1", "ACME-001", "cor-1")).await.unwrap().record.run_id;
    engine.drive(&run_id).await.unwrap_err();
    drop(engine);
    store.close().await;
    let (_store, engine) = stage.start::<VARIANT>(CrashPoints::default());
    engine.drive(&run_id).await.unwrap()
}

#[tokio::test]
async fn a_renamed_step_parks_the_run() {
    let stage = Stage::new();
    let record = resumed_as::<RENAMED>(&stage).await;
    let text = reason(&record);
    assert!(text.contains("\"gather\"") && text.contains("\"collect\""), "{text}");
    assert_eq!(stage.world.bodies.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_step_left_out_parks_the_run() {
    let stage = Stage::new();
    let record = resumed_as::<SHORTER>(&stage).await;
    assert!(reason(&record).contains("ended without asking"), "{record:?}");
    assert_eq!(stage.world.bodies.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_journal_of_another_version_parks_the_run() {
    let stage = Stage::new();
    let record = resumed_as::<OTHER_VERSION>(&stage).await;
    let text = reason(&record);
    assert!(text.contains("version \"1\"") && text.contains("has \"2\""), "{text}");
    assert_eq!(stage.world.bodies.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_run_that_has_done_nothing_yet_goes_on_with_the_new_version() {
    let stage = Stage::new();
    let (store, engine) = stage.sound();
    let run_id = engine.submit(run("run-1", "ACME-001", "cor-1")).await.unwrap().record.run_id;
    drop(engine);
    store.close().await;
    let (_store, engine) = stage.start::<OTHER_VERSION>(CrashPoints::default());
    let record = engine.drive(&run_id).await.unwrap();
    assert_eq!((record.state, record.versions.workflow.as_str()), (RunState::Completed, "2"));
}
