//! `tasks.update_status`: moves one task, if the state machine allows it.
//!
//! The move is stored only if the task still has the status it was judged by; if somebody else was faster it is judged
//! anew. The rest of the checklist is not locked meanwhile.

use super::unavailable;
use crate::Desk;
use crate::transition::{Change, moved};
use gangway_governance::Call;
use gangway_protocol::ids::TaskId;
use gangway_protocol::task::Task;
use gangway_protocol::tools::tasks::{TaskUpdated, UpdateStatusArgs};
use gangway_protocol::{ApiError, ErrorType};
use gangway_store::TaskUpdate;
use std::sync::Arc;

/// How often a move is judged anew before the caller is told to look again.
const TRIES: usize = 3;

pub(crate) async fn run(
    desk: Arc<Desk>,
    args: UpdateStatusArgs,
    call: Call,
) -> Result<TaskUpdated, ApiError> {
    let change = Change { status: args.status, note: args.note, today: desk.today() };
    for _ in 0..TRIES {
        let (task, checklist) = find(&desk, &args.task_id, &call).await?;
        let after = moved(&task, &checklist, &change)
            .map_err(|refusal| call.mistake(refusal.code(), &refusal.to_string()))?;
        if after == task {
            return Ok(TaskUpdated { task });
        }
        let stored = desk.store.tasks().update(&after, task.status).await;
        match stored.map_err(|error| unavailable(&call, &error))? {
            TaskUpdate::Saved => return Ok(TaskUpdated { task: after }),
            TaskUpdate::Moved(_) => {}
        }
    }
    let text = format!("{} keeps being moved by others; look at it and try again", args.task_id);
    Err(call.error(ErrorType::ServerError, "TASK_CONTENDED", &text))
}

/// The task and the checklist it belongs to.
async fn find(desk: &Desk, task_id: &TaskId, call: &Call) -> Result<(Task, Vec<Task>), ApiError> {
    let tasks = desk.store.tasks();
    let unknown =
        || call.error(ErrorType::NotFound, "TASK_NOT_FOUND", &format!("there is no task {task_id}"));
    let task = tasks.get(task_id).await.map_err(|error| unavailable(call, &error))?.ok_or_else(unknown)?;
    let checklist = tasks.of_tenant(&task.tenant_id).await.map_err(|error| unavailable(call, &error))?;
    // Read again out of the checklist, so that task and neighbours are of one moment.
    let task = checklist.iter().find(|other| other.task_id == *task_id).cloned().ok_or_else(unknown)?;
    Ok((task, checklist))
}
