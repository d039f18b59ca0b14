//! How an onboarding goes, worked out from its tasks and a day. Pure.
//!
//! It sends nothing and does not know who is to be told.

use gangway_protocol::task::{Health, Task, TaskCategory, TaskStatus};
use jiff::civil::Date;

/// Overdue tasks from which on an onboarding counts as stalled.
const STALLED_FROM_OVERDUE: u32 = 3;
/// Last day, counted from the day the checklist was made, on which little progress is no reason to worry.
const EARLY_DAYS: i32 = 7;
/// Day, counted the same way, by which the customer has logged in.
const LOGIN_DAY: i32 = 3;
/// Task that says the customer has logged in.
const LOGIN_TASK: &str = "T009";

/// An onboarding on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How it goes.
    pub health: Health,
    /// completed / (total − skipped) in percent, rounded down; 0 without tasks.
    pub percent: u32,
    /// Tasks overdue on that day.
    pub overdue: u32,
}

/// The standing of the onboarding whose whole checklist is `tasks`, on `as_of`.
#[must_use]
pub fn standing(tasks: &[Task], as_of: Date) -> Standing {
    let count = |wanted: &dyn Fn(&Task) -> bool| {
        u32::try_from(tasks.iter().filter(|task| wanted(task)).count()).unwrap_or(u32::MAX)
    };
    let overdue = count(&|task| is_overdue(task, as_of));
    let completed = count(&|task| task.status == TaskStatus::Completed);
    let applicable = count(&|task| task.status != TaskStatus::Skipped);
    let percent = completed.saturating_mul(100).checked_div(applicable).unwrap_or(0);
    let health = if is_completed(tasks) {
        Health::Completed
    } else if overdue >= STALLED_FROM_OVERDUE || tasks.iter().any(|task| task.status == TaskStatus::Blocked) {
        Health::Stalled
    } else if overdue > 0 || lags(tasks, completed, applicable, as_of) || login_is_late(tasks, as_of) {
        Health::AtRisk
    } else {
        Health::OnTrack
    };
    Standing { health, percent, overdue }
}

/// Due before that day, and neither completed nor skipped; blocked tasks count.
#[must_use]
pub fn is_overdue(task: &Task, as_of: Date) -> bool {
    task.due_date < as_of && !task.status.is_settled()
}

fn is_completed(tasks: &[Task]) -> bool {
    tasks.iter().any(|task| task.category == TaskCategory::Milestone && task.status == TaskStatus::Completed)
}

/// Less than 30 % done after day 7, compared without rounding.
fn lags(tasks: &[Task], completed: u32, applicable: u32, as_of: Date) -> bool {
    day(tasks, as_of).is_some_and(|day| day > EARLY_DAYS)
        && completed.saturating_mul(10) < applicable.saturating_mul(3)
}

/// The login task is open on day 3: it was due the day before.
fn login_is_late(tasks: &[Task], as_of: Date) -> bool {
    day(tasks, as_of).is_some_and(|day| day >= LOGIN_DAY)
        && tasks.iter().any(|task| task.code == LOGIN_TASK && !task.status.is_settled())
}

/// Days since the checklist was made; none without tasks.
fn day(tasks: &[Task], as_of: Date) -> Option<i32> {
    tasks.iter().map(|task| task.created_on).min().map(|made| (as_of - made).get_days())
}

#[cfg(test)]
mod tests;
