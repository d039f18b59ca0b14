//! `gangway tasks`: the checklists' tasks.

use crate::cli::TasksCommand;
use crate::config::Sources;
use crate::output;
use crate::people::Action;
use anyhow::Result;
use comfy_table::Cell;
use gangway_protocol::task::Task;
use gangway_store::{Store, TaskFilter};
use serde_json::json;

/// Tasks read at a time.
const PAGE: u32 = 1_000;

/// Runs one of its commands.
pub async fn run(command: TasksCommand, sources: &Sources) -> Result<()> {
    let TasksCommand::List { owner, account, status, output } = command;
    let (store, _) = super::acting(sources, Action::Read).await?;
    let tasks =
        all(&store, TaskFilter { account, owner, status, limit: PAGE, ..TaskFilter::default() }).await?;
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

/// Every task, a page at a time.
async fn all(store: &Store, filter: TaskFilter) -> Result<Vec<Task>> {
    let mut tasks: Vec<Task> = Vec::new();
    loop {
        let after = tasks.last().map(|task| task.task_id.clone());
        let page = store.tasks().list(TaskFilter { after, ..filter.clone() }).await?;
        if page.is_empty() {
            return Ok(tasks);
        }
        tasks.extend(page);
    }
}
