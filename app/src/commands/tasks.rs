//! `gangway tasks`: the checklists' tasks.

use crate::cli::TasksCommand;
use crate::config::Sources;
use crate::output;
use anyhow::Result;
use comfy_table::Cell;
use gangway_store::TaskFilter;
use serde_json::json;

/// Most tasks one listing shows.
const LIMIT: u32 = 10_000;

/// Runs one of its commands.
pub async fn run(command: TasksCommand, sources: &Sources) -> Result<()> {
    let TasksCommand::List { owner, account, status, output } = command;
    let store = super::existing_store(sources)?;
    let tasks = store
        .tasks()
        .list(TaskFilter { account, owner, status, limit: LIMIT, ..TaskFilter::default() })
        .await?;
    if output.json {
        return output::json(&json!({ "tasks": tasks }));
    }
    if tasks.is_empty() {
        return output::line(
            "No tasks. A checklist is made when an onboarding proceeds: gangway run ACCOUNT",
        );
    }
    let mut table = output::table(&["account", "task", "title", "owner", "due", "status", "after"]);
    for task in &tasks {
        table.add_row(vec![
            Cell::new(&task.account_id),
            Cell::new(&task.code),
            Cell::new(&task.title),
            Cell::new(task.owner.name()),
            Cell::new(task.due_date),
            output::task_status(task.status),
            Cell::new(task.after.join(", ")),
        ]);
    }
    output::line(&table.to_string())
}
