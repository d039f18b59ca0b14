//! Contracts of the provisioning tools.

use super::{Access, Contract, Known, Rerun, Tool};
use crate::grant::SealedGrant;
use crate::tenant::{Tenant, Tier};
use crate::{AccountId, IdempotencyKey, System, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tenant to make.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreateTenantArgs {
    /// The account's business id.
    pub account_id: AccountId,
    /// The tier bought.
    pub tier: Tier,
    /// Signed permission of the coordinator for exactly this account and tier.
    pub grant: SealedGrant,
    /// Same key, same answer; the tenant is made once.
    pub idempotency_key: IdempotencyKey,
}

/// The tenant, made now or before.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantCreated {
    /// The tenant.
    pub tenant: Tenant,
    /// False when the account already had it.
    pub created: bool,
}

/// `provision.create_tenant`
pub struct CreateTenant;
impl Tool for CreateTenant {
    type Args = CreateTenantArgs;
    type Output = TenantCreated;
    const CONTRACT: Contract = Contract {
        system: System::Provision,
        name: "provision.create_tenant",
        title: "Create a tenant",
        description: "Makes the account's tenant with the tier's entitlements and an API key, or gives the tenant the account already has. Needs a grant from the coordinator for exactly this account and tier, which only an onboarding run can obtain. The key's secret is never in the answer.",
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Harmless },
        open_world: false,
    };
}

/// The tenant to suspend.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SuspendTenantArgs {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Why, for the audit; 1 to 500 characters.
    #[schemars(length(min = 1, max = 500))]
    pub reason: String,
    /// Signed permission for exactly this tenant.
    pub grant: SealedGrant,
    /// Same key, same answer.
    pub idempotency_key: IdempotencyKey,
}

/// The suspended tenant.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantSuspended {
    /// The tenant.
    pub tenant: Tenant,
}

/// `provision.suspend_tenant`
pub struct SuspendTenant;
impl Tool for SuspendTenant {
    type Args = SuspendTenantArgs;
    type Output = TenantSuspended;
    const CONTRACT: Contract = Contract {
        system: System::Provision,
        name: "provision.suspend_tenant",
        title: "Suspend a tenant",
        description: "Switches a tenant off; its users cannot log in until it is made active again. Needs a grant for exactly this tenant, which no host can make up: without one it is refused. Gives the tenant as it stands.",
        access: Access::Write { key: "idempotency_key", destructive: true, rerun: Rerun::Harmless },
        open_world: false,
    };
}

/// Names one tenant: exactly one of the two ids.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantArgs {
    /// The account's business id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// The tenant's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
}

/// One tenant, or null.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantFound {
    /// The tenant; null when there is none.
    pub tenant: Option<Tenant>,
}

/// `provision.get_tenant`
pub struct GetTenant;
impl Tool for GetTenant {
    type Args = TenantArgs;
    type Output = TenantFound;
    const CONTRACT: Contract = Contract {
        system: System::Provision,
        name: "provision.get_tenant",
        title: "Get a tenant",
        description: "Reads one tenant by account id or tenant id; give exactly one of them. Gives tier, entitlements, status and when it was made, never a secret; tenant is null when there is none. Its tasks are in tasks.list.",
        access: Access::Read,
        open_world: false,
    };
}

/// Where to go on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ListTenantsArgs {
    /// `next_cursor` of the page before; the first page when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub cursor: Option<String>,
}

/// One page of tenants.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantPage {
    /// At most 100 tenants, by id.
    pub tenants: Vec<Tenant>,
    /// Null on the last page.
    pub next_cursor: Option<String>,
}

/// `provision.list_tenants`
pub struct ListTenants;
impl Tool for ListTenants {
    type Args = ListTenantsArgs;
    type Output = TenantPage;
    const CONTRACT: Contract = Contract {
        system: System::Provision,
        name: "provision.list_tenants",
        title: "List tenants",
        description: "Lists tenants by id, 100 a page. Pass next_cursor as cursor to get the next page; it is null on the last. For one account use provision.get_tenant.",
        access: Access::Read,
        open_world: false,
    };
}

/// All provisioning tools.
#[must_use]
pub fn known() -> Vec<Known> {
    vec![
        Known::of::<CreateTenant>(),
        Known::of::<SuspendTenant>(),
        Known::of::<GetTenant>(),
        Known::of::<ListTenants>(),
    ]
}
