//! `provision.suspend_tenant`: switches a tenant off, under a grant for exactly this tenant.
//!
//! Suspending a suspended tenant changes nothing and succeeds. The reason is kept by the audit, not by the tenant.

use super::{refused, unavailable};
use crate::Desk;
use gangway_governance::Call;
use gangway_protocol::grant::GrantedAction;
use gangway_protocol::tenant::TenantState;
use gangway_protocol::tools::provision::{SuspendTenantArgs, TenantSuspended};
use gangway_protocol::{ApiError, ErrorType};
use std::sync::Arc;

/// Nothing, if the grant is good for this call.
pub(crate) fn granted(desk: &Desk, args: &SuspendTenantArgs, call: &Call) -> Result<(), ApiError> {
    let wanted = GrantedAction::SuspendTenant { tenant_id: args.tenant_id.clone() };
    let opened = args.grant.open(&desk.grant_key, &wanted, (desk.clock)());
    opened
        .map(|_| ())
        .map_err(|error| refused(call, &format!("{error}; wanted: to suspend {}", args.tenant_id)))
}

/// Suspends the tenant; the grant was checked.
pub(crate) async fn run(
    desk: Arc<Desk>,
    args: SuspendTenantArgs,
    call: Call,
) -> Result<TenantSuspended, ApiError> {
    let suspended = desk.store.tenants().set_state(&args.tenant_id, TenantState::Suspended).await;
    match suspended.map_err(|error| unavailable(&call, &error))? {
        Some(tenant) => Ok(TenantSuspended { tenant }),
        None => {
            let text = format!("there is no tenant {}", args.tenant_id);
            Err(call.error(ErrorType::NotFound, "TENANT_NOT_FOUND", &text))
        }
    }
}
