//! A crash at any place loses nothing and repeats at most the one body whose end was not recorded, under the same key.

use crate::toy::{SOUND, Stage, Toy, noted, run};
use gangway_durable::{Engine, EngineError};
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::{RunId, RunState};
use gangway_store::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Submits and drives in a task of its own, which may crash.
async fn attempt(engine: &Engine<Toy<SOUND>>) -> Option<Result<RunState, EngineError>> {
    let engine = engine.clone();
    let task = tokio::spawn(async move {
        let run_id = engine.submit(run("run-1", "ACME-001", "cor-1")).await?.record.run_id;
        Ok(engine.drive(&run_id).await?.state)
    });
    task.await.ok()
}

async fn end(store: Store, engine: Engine<Toy<SOUND>>) {
    drop(engine);
    store.close().await;
}

/// Every place a sound run passes, in order.
async fn places() -> Vec<String> {
    let stage = Stage::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&seen);
    let crash = CrashPoints::listening(move |place| listener.lock().unwrap().push(place.to_owned()));
    let (store, engine) = stage.start::<SOUND>(crash);
    assert_eq!(attempt(&engine).await.unwrap().unwrap(), RunState::Completed);
    end(store, engine).await;
    seen.lock().unwrap().clone()
}

#[tokio::test]
async fn a_run_passes_the_places_where_a_crash_is_interesting() {
    assert_eq!(
        places().await,
        [
            "run.accepted:assessing",
            "step.recorded:began",
            "step.begin:gather",
            "step.effect:gather",
            "step.recorded:gather",
            "step.begin:advise",
            "step.effect:advise",
            "step.recorded:advise",
            "run.saved:fulfilling",
            "step.begin:tenant",
            "step.effect:tenant",
            "step.recorded:tenant",
            "step.begin:mail",
            "step.effect:mail",
            "step.recorded:mail",
            "run.saved:completed",
        ]
    );
}

#[tokio::test]
async fn a_crash_at_every_place_is_survived() {
    for place in places().await {
        let stage = Stage::new();
        let crash = CrashPoints::listening({
            let place = place.clone();
            move |reached| assert_ne!(reached, place, "planned crash")
        });
        let (store, engine) = stage.start::<SOUND>(crash);
        let crashed = attempt(&engine).await;
        assert!(!matches!(crashed, Some(Ok(_))), "{place}: {crashed:?}");
        end(store, engine).await;

        let (store, engine) = stage.sound();
        for (run_id, answer) in engine.resume_all().await.unwrap() {
            assert_eq!(answer.unwrap().state, RunState::Completed, "{place}: {run_id}");
        }
        let record = engine.query(&RunId::parse("run-1").unwrap()).await.unwrap().unwrap();
        assert_eq!(record.state, RunState::Completed, "{place}");
        let labels: Vec<&str> = record.effects.iter().map(|effect| effect.label.as_str()).collect();
        assert_eq!(labels, ["began", "gather", "advise", "tenant", "mail"], "{place}");

        let mut expected = HashMap::from(["gather", "advise", "tenant", "mail"].map(|label| (label, 1)));
        if let Some(label) = place.strip_prefix("step.effect:") {
            // Done, but the crash came before it was recorded: the receiver has to know the key.
            expected.insert(label, 2);
        }
        for (label, times) in expected {
            assert_eq!(stage.world.bodies_of(label), times, "{place}: {label}");
        }
        end(store, engine).await;
    }
}

#[tokio::test]
async fn the_journaled_time_is_the_first_executions() {
    let stage = Stage::new();
    let crash = CrashPoints::listening(|place| assert_ne!(place, "step.begin:tenant", "planned crash"));
    let (store, engine) = stage.start::<SOUND>(crash);
    attempt(&engine).await.unwrap().unwrap_err();
    let first = engine.query(&RunId::parse("run-1").unwrap()).await.unwrap().unwrap();
    end(store, engine).await;
    let (_store, engine) = stage.sound();
    let record = engine.drive(&first.run_id).await.unwrap();
    assert_eq!(noted(&record, "began"), noted(&first, "began"));
    assert!(record.updated_at > first.updated_at);
}

#[tokio::test]
async fn a_time_recorded_before_a_crash_is_replayed() {
    let stage = Stage::new();
    let crash = CrashPoints::listening(|place| assert_ne!(place, "step.begin:gather", "planned crash"));
    let (store, engine) = stage.start::<SOUND>(crash);
    attempt(&engine).await.unwrap().unwrap_err();
    let journal = store.journal().load(&RunId::parse("run-1").unwrap()).await.unwrap();
    end(store, engine).await;
    let (_store, engine) = stage.sound();
    let record = engine.drive(&RunId::parse("run-1").unwrap()).await.unwrap();
    let recorded: String = serde_json::from_str(&journal[0].output).unwrap();
    assert_eq!(noted(&record, "began"), Some(recorded.as_str()));
}
