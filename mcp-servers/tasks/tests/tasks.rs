//! The task-list server as a host sees it: the checklist made once, moved by rule, listed, counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

#[path = "../../tests/host.rs"]
mod host;

use gangway_governance::Governance;
use gangway_protocol::ids::TaskId;
use gangway_protocol::redact::{Email, Personal};
use gangway_protocol::task::{Contacts, Task, TaskOwner, TaskStatus};
use gangway_protocol::tools::tasks::{
    AccountArgs, Checklist, CreateChecklist, CreateChecklistArgs, GetNextActions, GetOverdue, GetProgress,
    List, ListArgs, OverdueArgs, UpdateStatus, UpdateStatusArgs,
};
use gangway_protocol::{AccountId, ApiError, ErrorType, IdempotencyKey, TenantId, Tier};
use gangway_store::Store;
use gangway_tasks::server;
use host::Host;
use jiff::Timestamp;
use jiff::civil::date;
use std::collections::BTreeSet;

/// A second before midnight: the UTC day is still the 5th.
fn now() -> Timestamp {
    "2026-01-05T23:59:59Z".parse().unwrap()
}

async fn open() -> Host {
    let store = Store::in_memory().unwrap();
    Host::open(server(store.clone(), now), Governance::new(store)).await
}

fn account(name: &str) -> AccountId {
    AccountId::parse(name.to_uppercase()).unwrap()
}

async fn make(host: &Host, name: &str, tier: Tier, key: &str) -> Result<Checklist, ApiError> {
    let email = |who: &str| Email::parse(format!("{who}@northwind.example")).unwrap();
    let args = CreateChecklistArgs {
        account_id: account(name),
        tenant_id: TenantId::parse(format!("tnt-{name}")).unwrap(),
        tier,
        contacts: Contacts { cs: email("cs"), customer: Some(email("jo")), manager: None, director: None },
        idempotency_key: IdempotencyKey::parse(key).unwrap(),
    };
    host.call::<CreateChecklist>(&args).await
}

async fn shift(host: &Host, task: &str, status: TaskStatus, note: Option<&str>) -> Result<Task, ApiError> {
    let key = format!("{task}/{status}/{}", note.map_or(0, str::len));
    let args = UpdateStatusArgs {
        task_id: TaskId::parse(format!("tnt-acme-001:{task}")).unwrap(),
        status,
        note: note.map(|note| Personal(note.to_owned())),
        idempotency_key: IdempotencyKey::parse(key).unwrap(),
    };
    host.call::<UpdateStatus>(&args).await.map(|updated| updated.task)
}

fn codes<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Vec<&'a str> {
    tasks.into_iter().map(|task| task.code.as_str()).collect()
}

#[tokio::test]
async fn a_checklist_is_made_once_per_tenant_with_its_contacts() {
    let host = open().await;
    let made = make(&host, "acme-001", Tier::Growth, "run-1/checklist").await.unwrap();
    assert_eq!((made.created, made.tasks.len()), (true, 14));
    assert!(made.tasks.iter().all(|task| task.contacts.cs.as_str() == "cs@northwind.example"));
    assert_eq!(made.tasks[0].created_on, date(2026, 1, 5));
    let later = make(&host, "acme-001", Tier::Enterprise, "run-2/checklist").await.unwrap();
    assert_eq!((later.created, later.tasks), (false, made.tasks));
}

#[tokio::test]
async fn a_task_moves_by_the_rules_and_says_why_when_it_may_not() {
    let host = open().await;
    make(&host, "acme-001", Tier::Starter, "run-1/checklist").await.unwrap();
    let early = shift(&host, "T005", TaskStatus::InProgress, None).await.unwrap_err();
    assert_eq!((early.error_type, early.error_code.as_str()), (ErrorType::Validation, "PREDECESSOR_OPEN"));
    assert!(early.message.contains("T003"), "{}", early.message);
    let welcome = shift(&host, "T003", TaskStatus::Completed, None).await.unwrap();
    assert_eq!((welcome.status, welcome.completed_on), (TaskStatus::Completed, Some(date(2026, 1, 5))));
    let kickoff = shift(&host, "T005", TaskStatus::InProgress, Some("called")).await.unwrap();
    assert_eq!((kickoff.status, kickoff.note.as_deref()), (TaskStatus::InProgress, Some("called")));
    let silent = shift(&host, "T003", TaskStatus::Pending, None).await.unwrap_err();
    assert_eq!(silent.error_code, "NOTE_REQUIRED");
    assert_eq!(shift(&host, "T003", TaskStatus::Pending, Some("bounced")).await.unwrap().completed_on, None);
}

#[tokio::test]
async fn an_unknown_task_is_named() {
    let host = open().await;
    let error = shift(&host, "T005", TaskStatus::Completed, None).await.unwrap_err();
    assert_eq!(error.error_type, ErrorType::NotFound);
    assert!(error.message.contains("tnt-acme-001:T005"));
}

#[tokio::test]
async fn of_two_people_at_once_both_moves_are_judged() {
    let host = open().await;
    make(&host, "acme-001", Tier::Starter, "run-1/checklist").await.unwrap();
    shift(&host, "T003", TaskStatus::Completed, None).await.unwrap();
    let (done, back) = tokio::join!(
        shift(&host, "T005", TaskStatus::Completed, None),
        shift(&host, "T005", TaskStatus::Skipped, Some("no call wanted")),
    );
    let (done, back) = (done.map(|task| task.status), back.map(|task| task.status));
    // Completing after skipping needs a note, so it fails in one order; never are both stored on one old state.
    let tasks = host
        .call::<List>(&ListArgs { account_id: Some(account("acme-001")), ..ListArgs::default() })
        .await
        .unwrap()
        .tasks;
    let stored = tasks.iter().find(|task| task.code == "T005").unwrap();
    match done {
        Ok(_) => assert_eq!((back.unwrap(), stored.status), (TaskStatus::Skipped, TaskStatus::Skipped)),
        Err(error) => {
            assert_eq!((error.error_code.as_str(), stored.status), ("NOTE_REQUIRED", TaskStatus::Skipped))
        }
    }
}

#[tokio::test]
async fn lists_narrow_by_account_owner_and_status() {
    let host = open().await;
    make(&host, "acme-001", Tier::Starter, "run-1/checklist").await.unwrap();
    make(&host, "beta-002", Tier::Enterprise, "run-2/checklist").await.unwrap();
    let all = host.call::<List>(&ListArgs::default()).await.unwrap();
    assert_eq!((all.tasks.len(), all.more), (28, false));
    assert!(all.tasks.windows(2).all(|pair| pair[0].due_date <= pair[1].due_date));
    let of = |owner, status| ListArgs { account_id: Some(account("acme-001")), owner, status, after: None };
    let customers = host.call::<List>(&of(Some(TaskOwner::Customer), None)).await.unwrap().tasks;
    assert_eq!(codes(&customers), ["T009", "T010", "T011", "T012"]);
    let skipped = host.call::<List>(&of(None, Some(TaskStatus::Skipped))).await.unwrap().tasks;
    assert_eq!(codes(&skipped), ["T007", "T008"]);
}

#[tokio::test]
async fn what_one_page_cuts_off_is_on_the_next() {
    let host = open().await;
    for n in 0..72 {
        make(&host, &format!("acme-{n:03}"), Tier::Starter, &format!("run-{n}/checklist")).await.unwrap();
    }
    let first = host.call::<List>(&ListArgs::default()).await.unwrap();
    assert_eq!((first.tasks.len(), first.more), (1_000, true));
    let after = first.tasks.last().map(|task| task.task_id.clone());
    let second = host.call::<List>(&ListArgs { after, ..ListArgs::default() }).await.unwrap();
    assert_eq!((second.tasks.len(), second.more), (8, false));
    let listed: BTreeSet<_> = first.tasks.iter().chain(&second.tasks).map(|task| &task.task_id).collect();
    assert_eq!(listed.len(), 72 * 14, "every task is on one page, and none on two");
}

#[tokio::test]
async fn overdue_tasks_come_in_pages_too() {
    let host = open().await;
    for n in 0..110 {
        make(&host, &format!("acme-{n:03}"), Tier::Starter, &format!("run-{n}/checklist")).await.unwrap();
    }
    let page = async |after| {
        let args = OverdueArgs { as_of: Some(date(2027, 1, 5)), owner: None, after };
        host.call::<GetOverdue>(&args).await.unwrap()
    };
    let first = page(None).await;
    assert_eq!((first.tasks.len(), first.more), (1_000, true));
    let second = page(first.tasks.last().map(|late| late.task.task_id.clone())).await;
    assert!(!second.more);
    let listed: BTreeSet<_> =
        first.tasks.iter().chain(&second.tasks).map(|late| &late.task.task_id).collect();
    assert_eq!((listed.len(), listed.len() % 110), (first.tasks.len() + second.tasks.len(), 0));
}

#[tokio::test]
async fn overdue_counts_from_the_day_after_and_blocked_tasks_too() {
    let host = open().await;
    make(&host, "acme-001", Tier::Starter, "run-1/checklist").await.unwrap();
    let overdue = async |as_of, owner| {
        let found = host.call::<GetOverdue>(&OverdueArgs { as_of, owner, after: None }).await.unwrap();
        found.tasks.into_iter().map(|late| (late.task.code, late.days_overdue)).collect::<Vec<_>>()
    };
    let late = |code: &str, days| (code.to_owned(), days);
    assert_eq!(overdue(None, None).await, [], "nothing is overdue on the first day");
    assert_eq!(overdue(Some(date(2026, 1, 6)), None).await, [late("T003", 1), late("T004", 1)]);
    shift(&host, "T003", TaskStatus::Completed, None).await.unwrap();
    shift(&host, "T004", TaskStatus::Skipped, None).await.unwrap();
    shift(&host, "T005", TaskStatus::Blocked, None).await.unwrap();
    assert_eq!(overdue(Some(date(2026, 1, 6)), None).await, [], "due today is not overdue");
    assert_eq!(overdue(Some(date(2026, 1, 8)), None).await, [late("T005", 2), late("T009", 1)]);
    assert_eq!(overdue(Some(date(2026, 1, 8)), Some(TaskOwner::Customer)).await, [late("T009", 1)]);
}

#[tokio::test]
async fn next_actions_are_open_and_unhindered() {
    let host = open().await;
    make(&host, "acme-001", Tier::Starter, "run-1/checklist").await.unwrap();
    let next = async || {
        let found =
            host.call::<GetNextActions>(&AccountArgs { account_id: account("acme-001") }).await.unwrap();
        found.tasks.into_iter().map(|task| task.code).collect::<Vec<_>>()
    };
    assert_eq!(next().await, ["T003"]);
    shift(&host, "T003", TaskStatus::Completed, None).await.unwrap();
    assert_eq!(next().await, ["T004", "T005", "T009"]);
    shift(&host, "T009", TaskStatus::Blocked, None).await.unwrap();
    shift(&host, "T005", TaskStatus::InProgress, None).await.unwrap();
    assert_eq!(next().await, ["T004", "T005"]);
}

#[tokio::test]
async fn progress_leaves_skipped_tasks_out() {
    let host = open().await;
    let progress = async |name: &str| {
        let found = host.call::<GetProgress>(&AccountArgs { account_id: account(name) }).await.unwrap();
        (found.total, found.completed, found.skipped, found.percent)
    };
    assert_eq!(progress("acme-001").await, (0, 0, 0, 0));
    make(&host, "acme-001", Tier::Starter, "run-1/checklist").await.unwrap();
    assert_eq!(progress("acme-001").await, (14, 2, 2, 16));
    for task in ["T003", "T004"] {
        shift(&host, task, TaskStatus::Completed, None).await.unwrap();
    }
    assert_eq!(progress("acme-001").await, (14, 4, 2, 33));
}
