//! Runs come to rest, once, however many ask.

use crate::toy::{Plan, Stage, noted, run};
use gangway_durable::{EngineError, Submitted};
use gangway_protocol::{RunId, RunState};
use gangway_store::StoreError;

#[tokio::test]
async fn a_run_goes_through_its_phases_to_the_end() {
    let stage = Stage::new();
    let (store, engine) = stage.sound();
    let submitted = engine.submit(run("run-1", "ACME-001", "cor-1")).await.unwrap();
    assert!(submitted.started);
    assert_eq!(submitted.record.versions.workflow, "1");
    assert!(stage.world.bodies.lock().unwrap().is_empty(), "submitting does not drive");

    let record = engine.drive(&submitted.record.run_id).await.unwrap();
    assert_eq!(record.state, RunState::Completed);
    assert_eq!(
        *stage.world.bodies.lock().unwrap(),
        ["run-1/gather", "run-1/advise", "run-1/tenant", "run-1/mail"]
    );
    assert_eq!(noted(&record, "gather"), Some("facts"));
    assert_eq!(engine.query(&record.run_id).await.unwrap(), Some(record.clone()));
    let journal = store.journal().load(&record.run_id).await.unwrap();
    let labels: Vec<&str> = journal.iter().map(|entry| entry.label.as_str()).collect();
    let expected = ["began", "gather", "advise", "@saved:fulfilling", "tenant", "mail", "@saved:completed"];
    assert_eq!(labels, expected);

    assert_eq!(engine.drive(&record.run_id).await.unwrap(), record, "driving what rests changes nothing");
    assert_eq!(stage.world.bodies.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_second_request_gets_the_first_run() {
    let stage = Stage::new();
    let (_store, engine) = stage.sound();
    let first = engine.submit(run("run-1", "ACME-001", "cor-1")).await.unwrap();
    let second = engine.submit(run("run-2", "ACME-001", "cor-2")).await.unwrap();
    assert_eq!(second, Submitted { record: first.record.clone(), started: false });
    engine.drive(&first.record.run_id).await.unwrap();
    let repeat = engine.submit(run("run-3", "ACME-001", "cor-1")).await.unwrap();
    assert!(!repeat.started);
    assert_eq!((repeat.record.run_id, repeat.record.state), (first.record.run_id, RunState::Completed));
    let error = engine.submit(run("run-4", "BETA-002", "cor-1")).await.unwrap_err();
    assert!(matches!(error, EngineError::Store(StoreError::CorrelationTaken { .. })), "{error}");
}

#[tokio::test]
async fn an_unknown_run_is_said_to_be_unknown() {
    let stage = Stage::new();
    let (_store, engine) = stage.sound();
    let stranger = RunId::parse("run-9").unwrap();
    let error = engine.drive(&stranger).await.unwrap_err();
    assert!(matches!(error, EngineError::UnknownRun(run_id) if run_id == stranger));
    assert!(engine.query(&stranger).await.unwrap().is_none());
}

#[tokio::test]
async fn concurrent_drives_of_one_run_are_one_drive() {
    let stage = Stage::new();
    let (_store, engine) = stage.sound();
    stage.world.plan("gather", &[Plan::Wait]);
    let run_id = engine.submit(run("run-1", "ACME-001", "cor-1")).await.unwrap().record.run_id;
    // join_all asks with all of them before it waits; only then is the gate opened.
    let all = futures::future::join_all((0..8).map(|_| engine.drive(&run_id)));
    let open = async {
        stage.world.waiting.notified().await;
        stage.world.gate.add_permits(1);
    };
    let (answers, ()) = futures::join!(all, open);
    for answer in answers {
        assert_eq!(answer.unwrap().state, RunState::Completed);
    }
    assert_eq!(stage.world.bodies.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_stop_the_run() {
    let stage = Stage::new();
    let (_store, engine) = stage.sound();
    stage.world.plan("gather", &[Plan::Wait]);
    let run_id = engine.submit(run("run-1", "ACME-001", "cor-1")).await.unwrap().record.run_id;
    tokio::select! {
        answer = engine.drive(&run_id) => panic!("it waits at the gate, yet answered {answer:?}"),
        () = stage.world.waiting.notified() => {}
    }
    stage.world.gate.add_permits(1);
    assert_eq!(engine.drive(&run_id).await.unwrap().state, RunState::Completed);
    assert_eq!(stage.world.bodies.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_run_rests_until_it_is_approved() {
    let stage = Stage::new();
    let (store, engine) = stage.sound();
    let run_id = engine.submit(run("run-1", "GAMMA-003", "cor-1")).await.unwrap().record.run_id;
    let resting = engine.drive(&run_id).await.unwrap();
    let journal = store.journal().load(&run_id).await.unwrap();
    for _ in 0..3 {
        assert_eq!(engine.drive(&run_id).await.unwrap(), resting, "a look in vain leaves no trace");
    }
    assert_eq!(store.journal().load(&run_id).await.unwrap(), journal);
    assert_eq!(stage.world.bodies_of("gather"), 1);
    *stage.world.approved.lock().unwrap() = true;
    assert_eq!(engine.drive(&run_id).await.unwrap().state, RunState::Completed);
    assert_eq!(stage.world.bodies_of("gather"), 1);
    assert_eq!(stage.world.bodies_of("tenant"), 1);
}

#[tokio::test]
async fn an_approval_that_comes_while_the_run_is_looking_is_not_missed() {
    let stage = Stage::new();
    let (_store, engine) = stage.sound();
    let run_id = engine.submit(run("run-1", "GAMMA-003", "cor-1")).await.unwrap().record.run_id;
    engine.drive(&run_id).await.unwrap();
    stage.world.plan("approval", &[Plan::Wait]);
    let approve = async {
        // The first drive has read "no" and is on its way back with it.
        stage.world.waiting.notified().await;
        *stage.world.approved.lock().unwrap() = true;
        let second = engine.drive(&run_id);
        let open = async { stage.world.gate.add_permits(1) };
        futures::join!(second, open).0
    };
    let (first, second) = futures::join!(engine.drive(&run_id), approve);
    assert_eq!(second.unwrap().state, RunState::Completed);
    assert_eq!(first.unwrap().state, RunState::Completed);
}

#[tokio::test]
async fn resuming_drives_every_live_run_oldest_first() {
    let stage = Stage::new();
    let (_store, engine) = stage.sound();
    for number in 1..=20 {
        let (id, account, cor) = (format!("run-{number}"), format!("A-{number}"), format!("cor-{number}"));
        engine.submit(run(&id, &account, &cor)).await.unwrap();
    }
    engine.drive(&RunId::parse("run-7").unwrap()).await.unwrap();
    let resumed = engine.resume_all().await.unwrap();
    let ids: Vec<String> = resumed.iter().map(|(run_id, _)| run_id.to_string()).collect();
    let expected: Vec<String> =
        (1..=20).filter(|number| *number != 7).map(|number| format!("run-{number}")).collect();
    assert_eq!(ids, expected);
    for (_, answer) in resumed {
        assert_eq!(answer.unwrap().state, RunState::Completed);
    }
    assert!(engine.resume_all().await.unwrap().is_empty());
    assert_eq!(stage.world.bodies.lock().unwrap().len(), 80);
}
