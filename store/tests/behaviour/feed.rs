//! The feed tells every change in its own commit, and only changes.

use crate::records::{at, key, open, run, task};
use gangway_protocol::RunState;
use gangway_protocol::task::TaskStatus;
use gangway_store::{ChangeKind, Channel, Deliverer, NewMessage, OutboxClaim, SendEnd, Store};
use serde_json::json;

async fn told(store: &Store) -> Vec<(ChangeKind, String)> {
    let changes = store.feed().after(0, 100).await.unwrap();
    let places: Vec<u64> = changes.iter().map(|change| change.seq).collect();
    assert!(places.is_sorted_by(|a, b| a + 1 == *b), "{places:?}");
    changes.into_iter().map(|change| (change.kind, change.state)).collect()
}

#[tokio::test]
async fn a_run_is_told_when_its_state_changes_and_not_when_it_is_saved() {
    let (_folder, store) = open();
    let mut record = run("run-1", "A", "c");
    store.runs().accept(&record).await.unwrap();
    store.runs().accept(&record).await.unwrap();
    store.runs().save(&record).await.unwrap();
    record.state = RunState::Blocked;
    store.runs().save(&record).await.unwrap();
    store.runs().save(&record).await.unwrap();
    let run = |state: &str| (ChangeKind::Run, state.to_owned());
    assert_eq!(told(&store).await, [run("assessing"), run("blocked")]);
    let last = store.feed().after(1, 10).await.unwrap().pop().unwrap();
    assert_eq!((last.run_id.as_deref(), last.account_id.as_deref()), (Some("run-1"), Some("A")));
    assert_eq!(store.feed().bounds().await.unwrap(), (1, 2));
}

#[tokio::test]
async fn a_checklist_is_one_change_and_each_moved_task_another() {
    let (_folder, store) = open();
    let mut tasks = [task("T001", "A", "2026-01-01"), task("T005", "A", "2026-01-02")];
    store.tasks().create_checklist(&tasks).await.unwrap();
    let task = tasks.last_mut().unwrap();
    let seen = task.status;
    task.status = TaskStatus::Blocked;
    store.tasks().update(task, seen).await.unwrap();
    let told = told(&store).await;
    assert_eq!(told, [(ChangeKind::Checklist, "made".to_owned()), (ChangeKind::Task, "blocked".to_owned())]);
}

#[tokio::test]
async fn messages_are_told_when_they_need_somebody() {
    let (_folder, store) = open();
    let message = |name: &str| NewMessage {
        key: key(name),
        channel: Channel::Mail,
        target: "ann@customer.example".to_owned(),
        body: json!("Dear Ann"),
        run_id: None,
        correlation_id: None,
        at: at("2026-01-01T00:00:00Z"),
    };
    let ends = [
        ("one", SendEnd::Sent { reference: "1".to_owned() }),
        ("two", SendEnd::Unknown { why: "the answer was lost".to_owned() }),
    ];
    for (name, end) in ends {
        let OutboxClaim::Fresh(sending) = store.outbox().claim(message(name)).await.unwrap() else {
            unreachable!("it is new")
        };
        let now = at("2026-01-01T00:00:00Z");
        store.outbox().settle(&sending.message_id, end, Deliverer::Caller, now).await.unwrap();
    }
    assert_eq!(told(&store).await, [(ChangeKind::Message, "unknown".to_owned())]);
    let all = format!("{:?}", store.feed().after(0, 10).await.unwrap());
    assert!(!all.contains("ann@") && !all.contains("Ann"), "{all}");
}

#[tokio::test]
async fn a_commit_wakes_whoever_watches() {
    let (_folder, store) = open();
    let mut commits = store.feed().committed();
    commits.mark_unchanged();
    store.runs().accept(&run("run-1", "A", "c")).await.unwrap();
    commits.changed().await.unwrap();
    assert_eq!(store.feed().after(0, 10).await.unwrap().len(), 1);
}
