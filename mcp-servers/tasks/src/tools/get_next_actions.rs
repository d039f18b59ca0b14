//! `tasks.get_next_actions`: what can be worked on now: pending or in progress, and everything before it settled.
//!
//! A blocked task is not among them: somebody must help first.

use super::of_account;
use crate::Desk;
use crate::transition::waits_for;
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::task::{Task, TaskStatus};
use gangway_protocol::tools::tasks::{AccountArgs, NextActions};
use std::sync::Arc;

pub(crate) async fn run(desk: Arc<Desk>, args: AccountArgs, call: Call) -> Result<NextActions, ApiError> {
    let checklist = of_account(&desk.store, args.account_id, &call).await?;
    let tasks: Vec<Task> =
        checklist.iter().filter(|task| can_be_worked_on(task, &checklist)).cloned().collect();
    Ok(NextActions { tasks })
}

fn can_be_worked_on(task: &Task, checklist: &[Task]) -> bool {
    match task.status {
        TaskStatus::Pending | TaskStatus::InProgress => waits_for(task, checklist).is_empty(),
        TaskStatus::Completed | TaskStatus::Blocked | TaskStatus::Skipped => false,
    }
}
