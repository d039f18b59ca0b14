//! The state machine as tables: every move between two statuses, with and without a note, and what order forbids.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{Change, Refusal, moved, waits_for};
use crate::table::{ChecklistOf, MILESTONE, checklist};
use TaskStatus::{Blocked, Completed, InProgress, Pending, Skipped};
use gangway_protocol::redact::{Email, Personal};
use gangway_protocol::task::{Contacts, Task, TaskStatus};
use gangway_protocol::{AccountId, TenantId, Tier};
use jiff::civil::{Date, date};

const TODAY: Date = date(2026, 3, 1);

fn tasks(tier: Tier) -> Vec<Task> {
    let contacts = Contacts {
        cs: Email::parse("cs@northwind.example").unwrap(),
        customer: None,
        manager: None,
        director: None,
    };
    let of = ChecklistOf {
        account_id: AccountId::parse("ACME-001").unwrap(),
        tenant_id: TenantId::parse("tnt-acme-001").unwrap(),
        tier,
        contacts,
    };
    checklist(&of, date(2026, 2, 1)).unwrap()
}

/// The checklist with these tasks in these statuses, everything else as it was made.
fn standing(changes: &[(&str, TaskStatus)]) -> Vec<Task> {
    let mut tasks = tasks(Tier::Starter);
    for (code, status) in changes {
        tasks.iter_mut().find(|task| task.code == *code).unwrap().status = *status;
    }
    tasks
}

fn attempt(tasks: &[Task], code: &str, status: TaskStatus, note: Option<&str>) -> Result<Task, Refusal> {
    let task = tasks.iter().find(|task| task.code == code).unwrap();
    let note = note.map(|note| Personal(note.to_owned()));
    moved(task, tasks, &Change { status, note, today: TODAY })
}

#[test]
fn every_move_between_two_statuses_is_decided() {
    // (from, to, needs a note), for T005 with its predecessor settled.
    let table = [
        (Pending, InProgress, false),
        (Pending, Completed, false),
        (Pending, Blocked, false),
        (Pending, Skipped, false),
        (InProgress, Pending, true),
        (InProgress, Completed, false),
        (InProgress, Blocked, false),
        (InProgress, Skipped, false),
        (Blocked, Pending, false),
        (Blocked, InProgress, false),
        (Blocked, Completed, false),
        (Blocked, Skipped, false),
        (Completed, Pending, true),
        (Completed, InProgress, true),
        (Completed, Blocked, true),
        (Completed, Skipped, true),
        (Skipped, Pending, true),
        (Skipped, InProgress, true),
        (Skipped, Blocked, true),
        (Skipped, Completed, true),
    ];
    for (from, to, needs_note) in table {
        let tasks = standing(&[("T003", Completed), ("T005", from)]);
        let silent = attempt(&tasks, "T005", to, None);
        let blank = attempt(&tasks, "T005", to, Some("  "));
        let noted = attempt(&tasks, "T005", to, Some("called again"));
        if needs_note {
            let refusal = Refusal::NoteNeeded { code: "T005".to_owned(), from, wanted: to };
            assert_eq!(silent, Err(refusal.clone()), "{from} to {to}");
            assert_eq!(blank, Err(refusal), "{from} to {to} with a blank note");
        } else {
            assert_eq!(silent.unwrap().status, to, "{from} to {to}");
        }
        let noted = noted.unwrap();
        assert_eq!((noted.status, noted.note.as_deref()), (to, Some("called again")));
        assert_eq!(noted.completed_on, (to == Completed).then_some(TODAY), "{from} to {to}");
    }
}

#[test]
fn asking_for_the_status_it_has_changes_only_the_note() {
    let tasks = standing(&[("T005", Completed)]);
    let same = attempt(&tasks, "T005", Completed, Some("by phone")).unwrap();
    let before = tasks.iter().find(|task| task.code == "T005").unwrap();
    assert_eq!(Task { note: None, ..same.clone() }, *before);
    assert_eq!(same.note.as_deref(), Some("by phone"));
}

#[test]
fn a_task_neither_starts_nor_completes_before_what_it_comes_after() {
    for wanted in [InProgress, Completed] {
        let refusal =
            Refusal::Predecessors { code: "T006".to_owned(), wanted, waiting_for: vec!["T005".to_owned()] };
        for open in [Pending, InProgress, Blocked] {
            assert_eq!(attempt(&standing(&[("T005", open)]), "T006", wanted, None), Err(refusal.clone()));
        }
        for settled in [Completed, Skipped] {
            assert_eq!(
                attempt(&standing(&[("T005", settled)]), "T006", wanted, None).unwrap().status,
                wanted
            );
        }
    }
}

#[test]
fn a_task_may_be_blocked_or_skipped_before_its_turn() {
    for wanted in [Blocked, Skipped] {
        assert_eq!(attempt(&standing(&[]), "T013", wanted, None).unwrap().status, wanted);
    }
}

#[test]
fn the_milestone_completes_only_when_everything_not_skipped_is() {
    let all: Vec<String> =
        tasks(Tier::Starter).iter().map(|task| task.code.clone()).filter(|code| code != MILESTONE).collect();
    let done: Vec<(&str, TaskStatus)> = all
        .iter()
        .map(|code| (code.as_str(), if code == "T007" || code == "T008" { Skipped } else { Completed }))
        .collect();
    assert_eq!(attempt(&standing(&done), MILESTONE, Completed, None).unwrap().status, Completed);
    for (position, (code, _)) in done.iter().enumerate() {
        let mut one_open = done.clone();
        one_open[position].1 = Blocked;
        let refused = attempt(&standing(&one_open), MILESTONE, Completed, None);
        let waiting_for = vec![(*code).to_owned()];
        assert_eq!(
            refused,
            Err(Refusal::Predecessors { code: MILESTONE.to_owned(), wanted: Completed, waiting_for })
        );
    }
}

#[test]
fn nothing_is_reopened_under_a_completed_milestone() {
    let tasks = standing(&[("T003", Completed), ("T005", Completed), (MILESTONE, Completed)]);
    for wanted in [Pending, InProgress, Blocked] {
        let refused = attempt(&tasks, "T005", wanted, Some("again"));
        assert_eq!(
            refused,
            Err(Refusal::MilestoneReached { code: "T005".to_owned(), milestone: MILESTONE.to_owned() })
        );
    }
    assert_eq!(attempt(&tasks, MILESTONE, Pending, Some("too early")).unwrap().status, Pending);
}

#[test]
fn the_milestone_cannot_be_skipped() {
    let refused = attempt(&standing(&[]), MILESTONE, Skipped, Some("why not"));
    assert_eq!(refused, Err(Refusal::MilestoneSkipped { code: MILESTONE.to_owned() }));
}

#[test]
fn a_missing_predecessor_counts_as_open() {
    let tasks: Vec<Task> = standing(&[]).into_iter().filter(|task| task.code != "T005").collect();
    let kickoff = tasks.iter().find(|task| task.code == "T006").unwrap();
    assert_eq!(waits_for(kickoff, &tasks), ["T005"]);
}
