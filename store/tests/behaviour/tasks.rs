//! Checklists are made once and whole; a task moves only from where its mover saw it.

use crate::records::{account, open, task, tenant};
use gangway_protocol::task::{Task, TaskOwner, TaskStatus};
use gangway_protocol::tenant::TenantState;
use gangway_store::{StoreError, TaskFilter, TaskUpdate};

fn codes(tasks: &[Task]) -> Vec<&str> {
    tasks.iter().map(|task| task.code.as_str()).collect()
}

#[tokio::test]
async fn a_checklist_is_made_once() {
    let (_folder, store) = open();
    let list = [task("T001", "A", "2026-01-01"), task("T002", "A", "2026-01-03")];
    assert_eq!(store.tasks().create_checklist(&list).await.unwrap(), (list.to_vec(), true));
    let other = [task("T001", "A", "2027-01-01")];
    assert_eq!(store.tasks().create_checklist(&other).await.unwrap(), (list.to_vec(), false));
    assert_eq!(store.tasks().of_tenant(&list[0].tenant_id).await.unwrap(), list);
    assert_eq!(store.tasks().get(&list[1].task_id).await.unwrap().as_ref(), Some(&list[1]));
}

#[tokio::test]
async fn a_checklist_is_made_whole_or_not_at_all() {
    let (_folder, store) = open();
    let twice = [task("T001", "A", "2026-01-01"), task("T001", "A", "2026-01-01")];
    store.tasks().create_checklist(&twice).await.unwrap_err();
    assert!(store.tasks().of_tenant(&twice[0].tenant_id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_task_that_moved_meanwhile_is_not_overwritten() {
    let (_folder, store) = open();
    let first = task("T001", "A", "2026-01-01");
    store.tasks().create_checklist(std::slice::from_ref(&first)).await.unwrap();
    let done = Task { status: TaskStatus::Completed, ..first.clone() };
    assert_eq!(store.tasks().update(&done, TaskStatus::Pending).await.unwrap(), TaskUpdate::Saved);
    let begun = Task { status: TaskStatus::InProgress, ..first.clone() };
    let late = store.tasks().update(&begun, TaskStatus::Pending).await.unwrap();
    assert_eq!(late, TaskUpdate::Moved(Box::new(done.clone())));
    assert_eq!(store.tasks().get(&first.task_id).await.unwrap(), Some(done));
    let error =
        store.tasks().update(&task("T009", "A", "2026-01-01"), TaskStatus::Pending).await.unwrap_err();
    assert!(matches!(error, StoreError::Absent { .. }));
}

#[tokio::test]
async fn tasks_are_listed_by_due_date_and_filtered() {
    let (_folder, store) = open();
    let customers = Task { owner: TaskOwner::Customer, ..task("T002", "A", "2026-01-02") };
    let a = [task("T001", "A", "2026-01-03"), customers, task("T003", "A", "2026-01-01")];
    store.tasks().create_checklist(&a).await.unwrap();
    let skipped = Task { status: TaskStatus::Skipped, ..task("T004", "B", "2025-12-31") };
    store.tasks().create_checklist(&[skipped]).await.unwrap();
    let all = store.tasks().list(TaskFilter::default()).await.unwrap();
    assert_eq!(codes(&all), ["T004", "T003", "T002", "T001"]);
    let filter =
        TaskFilter { account: Some(account("A")), owner: Some(TaskOwner::Cs), ..TaskFilter::default() };
    assert_eq!(codes(&store.tasks().list(filter).await.unwrap()), ["T003", "T001"]);
    let filter = TaskFilter { status: Some(TaskStatus::Skipped), limit: 1, ..TaskFilter::default() };
    assert_eq!(codes(&store.tasks().list(filter).await.unwrap()), ["T004"]);
}

#[tokio::test]
async fn overdue_is_due_before_the_day_and_not_settled() {
    let (_folder, store) = open();
    let with = |code, due, status| Task { status, ..task(code, "A", due) };
    let list = [
        with("T001", "2026-01-09", TaskStatus::Pending),
        with("T002", "2026-01-10", TaskStatus::Pending),
        with("T003", "2026-01-01", TaskStatus::Completed),
        with("T004", "2026-01-01", TaskStatus::Skipped),
        with("T005", "2026-01-05", TaskStatus::Blocked),
        Task { owner: TaskOwner::Customer, ..with("T006", "2026-01-07", TaskStatus::InProgress) },
    ];
    store.tasks().create_checklist(&list).await.unwrap();
    let today = "2026-01-10".parse().unwrap();
    assert_eq!(codes(&store.tasks().overdue(today, None, None, 9).await.unwrap()), ["T005", "T006", "T001"]);
    assert_eq!(
        codes(&store.tasks().overdue(today, Some(TaskOwner::Customer), None, 9).await.unwrap()),
        ["T006"]
    );
    assert_eq!(codes(&store.tasks().overdue(today, None, None, 1).await.unwrap()), ["T005"]);
}

#[tokio::test]
async fn nobody_is_told_of_tasks_of_a_tenant_that_is_switched_off() {
    let (_folder, store) = open();
    for id in ["A", "B"] {
        store.tenants().create(&tenant(&format!("tnt-{id}"), id), "hash").await.unwrap();
        store.tasks().create_checklist(&[task("T005", id, "2026-01-02")]).await.unwrap();
    }
    let suspended = tenant("tnt-A", "A").tenant_id;
    store.tenants().set_state(&suspended, TenantState::Suspended).await.unwrap();
    let overdue = store.tasks().overdue("2026-01-09".parse().unwrap(), None, None, 10).await.unwrap();
    let accounts: Vec<&str> = overdue.iter().map(|task| task.account_id.as_str()).collect();
    assert_eq!(accounts, ["B"]);
}

#[tokio::test]
async fn pages_reach_every_task_also_where_many_are_due_on_one_day() {
    let (_folder, store) = open();
    for number in 0..150 {
        let of = |code: u32| {
            task(&format!("T{code:03}"), &format!("A-{number}"), &format!("2026-01-{:02}", code / 5 + 1))
        };
        store.tasks().create_checklist(&(1..=14).map(of).collect::<Vec<_>>()).await.unwrap();
    }
    let mut reached: Vec<Task> = Vec::new();
    loop {
        let after = reached.last().map(|task| task.task_id.clone());
        let filter = TaskFilter { owner: Some(TaskOwner::Cs), after, limit: 200, ..TaskFilter::default() };
        let page = store.tasks().list(filter).await.unwrap();
        if page.is_empty() {
            break;
        }
        reached.extend(page);
    }
    assert_eq!(reached.len(), 2_100);
    let place = |task: &Task| (task.due_date, task.task_id.clone());
    assert!(reached.is_sorted_by(|a, b| place(a) < place(b)), "in order, and none twice");
}
