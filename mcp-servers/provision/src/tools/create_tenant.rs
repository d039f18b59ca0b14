//! `provision.create_tenant`: the account's tenant, made now or before, under a grant for exactly this account and tier.
//!
//! An account that has a tenant gets that one back, whatever tier is asked for now: changing a tier is no onboarding.
//! Only a run makes tenants, so an operator's grant does not do, nor one that was given to another run.

use super::{refused, unavailable};
use crate::Desk;
use crate::tenant_id::tenant_id_of;
use gangway_governance::Call;
use gangway_protocol::grant::{GrantBasis, GrantedAction};
use gangway_protocol::tenant::{Tenant, TenantState};
use gangway_protocol::tools::provision::{CreateTenantArgs, TenantCreated};
use gangway_protocol::{ApiError, RunId};
use std::sync::Arc;
use uuid::Uuid;

/// Stands for the hash of a key that was not issued yet; no SHA-256 looks like it.
const NO_KEY: &str = "";

/// The run that was given the grant, if the grant is good for this call.
pub(crate) fn granted(desk: &Desk, args: &CreateTenantArgs, call: &Call) -> Result<RunId, ApiError> {
    let wanted = GrantedAction::CreateTenant { account_id: args.account_id.clone(), tier: args.tier };
    let grant = args.grant.open(&desk.grant_key, &wanted, (desk.clock)()).map_err(|error| {
        refused(call, &format!("{error}; wanted: a {} tenant for {}", args.tier, args.account_id))
    })?;
    granting_run(&grant.basis, call)
}

/// Makes the tenant for the run that was granted it.
pub(crate) async fn run(
    desk: Arc<Desk>,
    run_id: RunId,
    args: CreateTenantArgs,
    call: Call,
) -> Result<TenantCreated, ApiError> {
    let tenant_id =
        tenant_id_of(&args.account_id).map_err(|error| call.mistake("TENANT_ID", &error.to_string()))?;
    let tenant = Tenant {
        login_url: desk.login_url.of(&tenant_id),
        tenant_id,
        account_id: args.account_id,
        tier: args.tier,
        state: TenantState::Active,
        entitlements: args.tier.entitlements(),
        api_key_id: new_key_id(),
        run_id,
        created_at: (desk.clock)(),
    };
    let (tenant, created) =
        desk.store.tenants().create(&tenant, NO_KEY).await.map_err(|error| unavailable(&call, &error))?;
    Ok(TenantCreated { tenant, created })
}

/// The id of an API key. It is public; the key itself is another 32 random bytes.
pub(crate) fn new_key_id() -> String {
    format!("key-{}", Uuid::new_v4().simple())
}

fn granting_run(basis: &GrantBasis, call: &Call) -> Result<RunId, ApiError> {
    let granted = match basis {
        GrantBasis::Proceed { run_id, .. } | GrantBasis::Approved { run_id, .. } => run_id,
        GrantBasis::Operator { .. } => {
            return Err(refused(call, "a tenant is made by an onboarding run only, not by an operator"));
        }
    };
    match &call.run_id {
        Some(calling) if calling != granted => {
            Err(refused(call, &format!("the grant was given to {granted}, not to {calling}")))
        }
        Some(_) | None => Ok(granted.clone()),
    }
}
