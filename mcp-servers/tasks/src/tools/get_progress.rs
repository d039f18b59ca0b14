//! `tasks.get_progress`: how much of an account's checklist is done, skipped tasks left out.

use super::of_account;
use crate::Desk;
use gangway_governance::Call;
use gangway_protocol::task::{Task, TaskStatus};
use gangway_protocol::tools::tasks::{AccountArgs, Progress};
use gangway_protocol::{AccountId, ApiError};
use std::sync::Arc;

pub(crate) async fn run(desk: Arc<Desk>, args: AccountArgs, call: Call) -> Result<Progress, ApiError> {
    let checklist = of_account(&desk.store, args.account_id.clone(), &call).await?;
    Ok(progress(args.account_id, &checklist))
}

fn progress(account_id: AccountId, checklist: &[Task]) -> Progress {
    let with = |status| {
        u32::try_from(checklist.iter().filter(|task| task.status == status).count()).unwrap_or(u32::MAX)
    };
    let total = u32::try_from(checklist.len()).unwrap_or(u32::MAX);
    let (completed, skipped) = (with(TaskStatus::Completed), with(TaskStatus::Skipped));
    let percent = completed.saturating_mul(100).checked_div(total - skipped).unwrap_or(0);
    Progress { account_id, total, completed, skipped, percent }
}
