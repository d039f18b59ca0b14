//! `tasks.get_overdue`: tasks due before a day and neither completed nor skipped, longest overdue first.

use super::{MOST, unavailable};
use crate::Desk;
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::tasks::{OverdueArgs, OverdueTask, OverdueTasks};
use std::sync::Arc;

pub(crate) async fn run(desk: Arc<Desk>, args: OverdueArgs, call: Call) -> Result<OverdueTasks, ApiError> {
    let as_of = args.as_of.unwrap_or_else(|| desk.today());
    let overdue = desk.store.tasks().overdue(as_of, args.owner, MOST as u32).await;
    let tasks = overdue
        .map_err(|error| unavailable(&call, &error))?
        .into_iter()
        .map(|task| OverdueTask { days_overdue: (as_of - task.due_date).get_days(), task })
        .collect();
    Ok(OverdueTasks { as_of, tasks })
}
