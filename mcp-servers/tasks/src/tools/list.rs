//! `tasks.list`: tasks by due date, narrowed by account, owner or status. Of all accounts together it lists what there is
//! to do, so nothing of tenants that are switched off; of one account, everything.

use super::{MOST, cut, unavailable};
use crate::Desk;
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::tasks::{ListArgs, TaskList};
use gangway_store::{TaskFilter, TenantsOf};
use std::sync::Arc;

pub(crate) async fn run(desk: Arc<Desk>, args: ListArgs, call: Call) -> Result<TaskList, ApiError> {
    let tenants = if args.account_id.is_some() { TenantsOf::All } else { TenantsOf::Working };
    let filter = TaskFilter {
        tenants,
        account: args.account_id,
        owner: args.owner,
        status: args.status,
        after: args.after,
        // One more than the limit tells whether it cut the list.
        limit: MOST as u32 + 1,
    };
    let mut tasks = desk.store.tasks().list(filter).await.map_err(|error| unavailable(&call, &error))?;
    let more = cut(&mut tasks);
    Ok(TaskList { tasks, more })
}
