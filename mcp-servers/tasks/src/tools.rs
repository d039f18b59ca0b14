//! One file per tool, and what they share.

pub(crate) mod create_checklist;
pub(crate) mod get_next_actions;
pub(crate) mod get_overdue;
pub(crate) mod get_progress;
pub(crate) mod list;
pub(crate) mod update_status;

use gangway_governance::{Call, Ours};
use gangway_protocol::task::Task;
use gangway_protocol::{AccountId, ApiError};
use gangway_store::{Store, StoreError, TaskFilter};

/// Most tasks in one answer, as the contracts say.
const MOST: usize = 1_000;

/// Whether one more was found than an answer holds; it is taken out.
fn cut(tasks: &mut Vec<Task>) -> bool {
    let more = tasks.len() > MOST;
    tasks.truncate(MOST);
    more
}

/// The store could not be read or written.
fn unavailable(call: &Call, error: &StoreError) -> ApiError {
    call.failure(Ours::StoreUnavailable, &error.with_cause())
}

/// An account's whole checklist, by due date; empty when it has none.
async fn of_account(store: &Store, account_id: AccountId, call: &Call) -> Result<Vec<Task>, ApiError> {
    let filter = TaskFilter { account: Some(account_id), ..TaskFilter::default() };
    store.tasks().list(filter).await.map_err(|error| unavailable(call, &error))
}
