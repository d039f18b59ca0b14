//! `provision.get_tenant`: one tenant by exactly one of its two ids; null when there is none.

use super::unavailable;
use crate::Desk;
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::provision::{TenantArgs, TenantFound};
use std::sync::Arc;

pub(crate) async fn run(desk: Arc<Desk>, args: TenantArgs, call: Call) -> Result<TenantFound, ApiError> {
    let tenants = desk.store.tenants();
    let found = match (&args.account_id, &args.tenant_id) {
        (Some(account_id), None) => tenants.of_account(account_id).await,
        (None, Some(tenant_id)) => tenants.get(tenant_id).await,
        (None, None) | (Some(_), Some(_)) => {
            let text = "give exactly one of account_id and tenant_id";
            return Err(call.mistake("INVALID_ARGUMENTS", text));
        }
    };
    let tenant = found.map_err(|error| unavailable(&call, &error))?;
    Ok(TenantFound { tenant })
}
