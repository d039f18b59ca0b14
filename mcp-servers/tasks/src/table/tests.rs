//! The fourteen tasks hold together, and their days are counted as the design says.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{ChecklistError, ChecklistOf, checklist};
use gangway_protocol::redact::Email;
use gangway_protocol::task::{Contacts, Task, TaskStatus};
use gangway_protocol::{AccountId, TenantId, Tier};
use jiff::civil::{Date, date};

fn of(tier: Tier) -> ChecklistOf {
    let contacts = Contacts {
        cs: Email::parse("cs@northwind.example").unwrap(),
        customer: None,
        manager: None,
        director: None,
    };
    let tenant_id = TenantId::parse("tnt-acme-001").unwrap();
    ChecklistOf { account_id: AccountId::parse("ACME-001").unwrap(), tenant_id, tier, contacts }
}

fn with_status(tasks: &[Task], status: TaskStatus) -> Vec<&str> {
    tasks.iter().filter(|task| task.status == status).map(|task| task.code.as_str()).collect()
}

#[test]
fn due_dates_count_utc_days_from_the_day_it_is_made() {
    let tasks = checklist(&of(Tier::Enterprise), date(2026, 2, 27)).unwrap();
    let due: Vec<(&str, Date)> = tasks.iter().map(|task| (task.code.as_str(), task.due_date)).collect();
    let expected = [
        ("T001", date(2026, 2, 27)),
        ("T002", date(2026, 2, 27)),
        ("T003", date(2026, 2, 27)),
        ("T004", date(2026, 2, 27)),
        ("T005", date(2026, 2, 28)),
        ("T006", date(2026, 3, 2)),
        ("T007", date(2026, 3, 6)),
        ("T008", date(2026, 3, 9)),
        ("T009", date(2026, 3, 1)),
        ("T010", date(2026, 3, 4)),
        ("T011", date(2026, 3, 6)),
        ("T012", date(2026, 3, 13)),
        ("T013", date(2026, 3, 29)),
        ("T014", date(2026, 4, 13)),
    ];
    assert_eq!(due, expected);
}

#[test]
fn the_tier_decides_what_is_skipped() {
    let today = date(2026, 1, 5);
    let table: [(Tier, &[&str]); 3] =
        [(Tier::Enterprise, &[]), (Tier::Growth, &["T007"]), (Tier::Starter, &["T007", "T008"])];
    for (tier, skipped) in table {
        assert_eq!(
            with_status(&checklist(&of(tier), today).unwrap(), TaskStatus::Skipped),
            skipped,
            "{tier}"
        );
    }
}

#[test]
fn only_what_the_tenants_creation_did_is_completed() {
    let today = date(2026, 1, 5);
    let tasks = checklist(&of(Tier::Growth), today).unwrap();
    assert_eq!(with_status(&tasks, TaskStatus::Completed), ["T001", "T002"]);
    assert!(tasks.iter().all(|task| task.completed_on.is_some() == (task.status == TaskStatus::Completed)));
}

#[test]
fn every_predecessor_stands_earlier_in_the_table() {
    let tasks = checklist(&of(Tier::Enterprise), date(2026, 1, 5)).unwrap();
    for (position, task) in tasks.iter().enumerate() {
        for code in &task.after {
            assert!(
                tasks.iter().take(position).any(|earlier| earlier.code == *code),
                "{} after {code}",
                task.code
            );
        }
    }
}

#[test]
fn the_end_of_the_calendar_is_an_error_not_a_crash() {
    let refused = checklist(&of(Tier::Starter), Date::MAX);
    assert_eq!(refused, Err(ChecklistError::DueDate { today: Date::MAX, due_days: 1 }));
}
