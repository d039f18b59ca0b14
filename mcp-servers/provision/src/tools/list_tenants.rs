//! `provision.list_tenants`: tenants by id, a page at a time. The cursor is the last id of the page before.

use super::unavailable;
use crate::Desk;
use gangway_governance::Call;
use gangway_protocol::tools::provision::{ListTenantsArgs, TenantPage};
use gangway_protocol::{ApiError, TenantId};
use std::sync::Arc;

/// Tenants on a page, as the contract says.
const PAGE: usize = 100;

pub(crate) async fn run(desk: Arc<Desk>, args: ListTenantsArgs, call: Call) -> Result<TenantPage, ApiError> {
    let cursor =
        args.cursor.map(TenantId::parse).transpose().map_err(|error| {
            call.mistake("INVALID_ARGUMENTS", &format!("cursor: not one of ours: {error}"))
        })?;
    // One more than a page tells whether there is another one.
    let mut tenants = desk
        .store
        .tenants()
        .list(cursor.as_ref(), PAGE as u32 + 1)
        .await
        .map_err(|error| unavailable(&call, &error))?;
    let more = tenants.len() > PAGE;
    tenants.truncate(PAGE);
    let next_cursor = tenants.last().filter(|_| more).map(|last| last.tenant_id.to_string());
    Ok(TenantPage { tenants, next_cursor })
}
