//! `tasks.get_overdue`: tasks due before a day and neither completed nor skipped, longest overdue first.

use super::{MOST, cut, unavailable};
use crate::Desk;
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::tasks::{OverdueArgs, OverdueTask, OverdueTasks};
use std::sync::Arc;

pub(crate) async fn run(desk: Arc<Desk>, args: OverdueArgs, call: Call) -> Result<OverdueTasks, ApiError> {
    let as_of = args.as_of.unwrap_or_else(|| desk.today());
    let overdue = desk.store.tasks().overdue(as_of, args.owner, args.after, MOST as u32 + 1).await;
    let mut overdue = overdue.map_err(|error| unavailable(&call, &error))?;
    let more = cut(&mut overdue);
    let tasks = overdue
        .into_iter()
        .map(|task| OverdueTask { days_overdue: (as_of - task.due_date).get_days(), task })
        .collect();
    Ok(OverdueTasks { as_of, tasks, more })
}
