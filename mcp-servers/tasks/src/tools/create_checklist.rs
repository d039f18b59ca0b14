//! `tasks.create_checklist`: a tenant's fourteen tasks, made now or before.

use super::unavailable;
use crate::Desk;
use crate::table::{ChecklistOf, checklist};
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::tasks::{Checklist, CreateChecklistArgs};
use std::sync::Arc;

pub(crate) async fn run(
    desk: Arc<Desk>,
    args: CreateChecklistArgs,
    call: Call,
) -> Result<Checklist, ApiError> {
    let CreateChecklistArgs { account_id, tenant_id, tier, contacts, idempotency_key: _ } = args;
    let of = ChecklistOf { account_id, tenant_id, tier, contacts };
    let tasks =
        checklist(&of, desk.today()).map_err(|error| call.mistake("CHECKLIST", &error.to_string()))?;
    let (tasks, created) =
        desk.store.tasks().create_checklist(&tasks).await.map_err(|error| unavailable(&call, &error))?;
    Ok(Checklist { tasks, created })
}
