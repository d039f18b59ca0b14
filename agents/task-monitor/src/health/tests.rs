//! The health of an onboarding as tables: what counts as late, stalled or reached, and what outweighs what.

use super::{Standing, is_overdue, standing};
use crate::samples::{MADE_ON, task};
use gangway_protocol::task::{Health, Task, TaskCategory, TaskStatus};
use jiff::ToSpan as _;
use jiff::civil::Date;

fn on_day(day: i64) -> Date {
    MADE_ON.saturating_add(day.days())
}

/// Ten tasks due far away, so many of them completed.
fn far_away(completed: usize) -> Vec<Task> {
    (0..10)
        .map(|n| Task {
            due_date: on_day(1_000),
            status: if n < completed { TaskStatus::Completed } else { TaskStatus::Pending },
            ..task("T005")
        })
        .collect()
}

fn overdue(count: usize) -> Vec<Task> {
    let late = Task { due_date: on_day(0), ..task("T005") };
    far_away(9).into_iter().chain(std::iter::repeat_n(late, count)).collect()
}

fn health(tasks: &[Task], day: i64) -> Health {
    standing(tasks, on_day(day)).health
}

#[test]
fn a_task_is_overdue_from_the_day_after_its_due_date() {
    let late = Task { due_date: on_day(1), ..task("T005") };
    assert!(!is_overdue(&late, on_day(1)));
    assert!(is_overdue(&late, on_day(2)));
    for (status, counts) in [
        (TaskStatus::Pending, true),
        (TaskStatus::InProgress, true),
        (TaskStatus::Blocked, true),
        (TaskStatus::Completed, false),
        (TaskStatus::Skipped, false),
    ] {
        assert_eq!(is_overdue(&Task { status, ..late.clone() }, on_day(2)), counts, "{status}");
    }
}

#[test]
fn one_or_two_overdue_put_it_at_risk_and_three_stall_it() {
    for (count, expected) in [
        (0, Health::OnTrack),
        (1, Health::AtRisk),
        (2, Health::AtRisk),
        (3, Health::Stalled),
        (4, Health::Stalled),
    ] {
        assert_eq!(health(&overdue(count), 1), expected, "{count} overdue");
    }
}

#[test]
fn a_blocked_task_stalls_it_before_it_is_due() {
    let mut tasks = far_away(9);
    tasks.push(Task { status: TaskStatus::Blocked, due_date: on_day(1_000), ..task("T007") });
    assert_eq!(health(&tasks, 0), Health::Stalled);
}

#[test]
fn under_thirty_percent_counts_only_after_day_seven() {
    for (completed, day, expected) in
        [(2, 7, Health::OnTrack), (2, 8, Health::AtRisk), (3, 8, Health::OnTrack), (0, 8, Health::AtRisk)]
    {
        assert_eq!(health(&far_away(completed), day), expected, "{completed} of 10 on day {day}");
    }
}

#[test]
fn thirty_percent_is_compared_without_rounding() {
    // 4 of 13 are 30.77 %, 3 of 13 are 23 %, 29 of 97 are 29.9 %.
    let of = |completed: usize, total: usize| {
        (0..total)
            .map(|n| Task {
                due_date: on_day(1_000),
                status: if n < completed { TaskStatus::Completed } else { TaskStatus::Pending },
                ..task("T005")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(health(&of(4, 13), 8), Health::OnTrack);
    assert_eq!(health(&of(3, 13), 8), Health::AtRisk);
    assert_eq!(health(&of(29, 97), 8), Health::AtRisk);
}

#[test]
fn the_login_must_be_verified_before_day_three() {
    let login = |status| {
        let mut tasks = far_away(9);
        tasks.push(Task { status, due_date: on_day(1_000), ..task("T009") });
        tasks
    };
    assert_eq!(health(&login(TaskStatus::Pending), 2), Health::OnTrack);
    assert_eq!(health(&login(TaskStatus::Pending), 3), Health::AtRisk);
    assert_eq!(health(&login(TaskStatus::InProgress), 3), Health::AtRisk);
    assert_eq!(health(&login(TaskStatus::Completed), 3), Health::OnTrack);
    assert_eq!(health(&login(TaskStatus::Skipped), 3), Health::OnTrack);
}

#[test]
fn a_reached_milestone_outweighs_everything() {
    let mut tasks = overdue(3);
    let milestone = Task { category: TaskCategory::Milestone, ..task("T014") };
    tasks.push(milestone.clone());
    assert_eq!(health(&tasks, 20), Health::Stalled);
    tasks.push(Task { status: TaskStatus::Completed, ..milestone });
    assert_eq!(health(&tasks, 20), Health::Completed);
}

#[test]
fn percent_leaves_skipped_tasks_out_and_no_tasks_are_no_crash() {
    let mut tasks = far_away(4);
    tasks.push(Task { status: TaskStatus::Skipped, ..task("T007") });
    assert_eq!(standing(&tasks, on_day(0)), Standing { health: Health::OnTrack, percent: 40, overdue: 0 });
    assert_eq!(standing(&[], on_day(0)), Standing { health: Health::OnTrack, percent: 0, overdue: 0 });
}
