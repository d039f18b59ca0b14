//! `gangway tenants`: list them, issue credentials, switch one off.

use crate::cli::{Globals, TenantsCommand};
use crate::config::Sources;
use crate::installation::Installation;
use crate::output;
use crate::people::Action;
use anyhow::{Context as _, Result};
use gangway_protocol::grant::{Grant, GrantBasis, GrantedAction};
use gangway_protocol::tools::provision::{SuspendTenant, SuspendTenantArgs};
use gangway_protocol::{IdempotencyKey, TenantId};
use gangway_toolbelt::Scope;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::json;

/// Most tenants one listing shows.
const LIMIT: u32 = 100_000;

/// Runs one of its commands.
pub async fn run(command: TenantsCommand, globals: &Globals) -> Result<()> {
    let sources = Sources::read(globals)?;
    match command {
        TenantsCommand::List(output) => {
            let (store, _) = super::acting(&sources, Action::Read).await?;
            let tenants = store.tenants().list(None, LIMIT).await?;
            if output.json {
                return output::json(&json!({ "tenants": tenants }));
            }
            let mut table =
                output::table(&["tenant", "account", "tier", "state", "users", "storage", "made"]);
            for tenant in &tenants {
                table.add_row([
                    tenant.tenant_id.to_string(),
                    tenant.account_id.to_string(),
                    tenant.tier.to_string(),
                    tenant.state.name().to_owned(),
                    tenant.entitlements.users.to_string(),
                    format!("{} GB", tenant.entitlements.storage_gb),
                    format!("{:.0}", tenant.created_at),
                ]);
            }
            output::line(&table.to_string())
        }
        TenantsCommand::Credentials { tenant, output } => {
            let (store, operator) = super::acting(&sources, Action::Administer).await?;
            let issued = gangway_provision::issue_credentials(&store, &tenant, &operator.actor())
                .await
                .with_context(|| no_tenant(&tenant))?;
            let (key_id, secret) = (issued.key_id, issued.secret.expose_secret());
            if output.json {
                return output::json(&json!({ "tenant_id": tenant, "key_id": key_id, "secret": secret }));
            }
            output::line(&format!(
                "key id  {key_id}\nsecret  {secret}\n\nThe secret is shown this once and stored only as a hash. Any earlier one no longer works."
            ))
        }
        TenantsCommand::Suspend { tenant, reason, output } => {
            super::acting(&sources, Action::Administer).await?;
            let tenant = Installation::session(sources, async |installation| {
                suspend(&installation, tenant, reason).await
            })
            .await?;
            if output.json {
                output::json(&json!({ "tenant": tenant }))
            } else {
                output::line(&format!("{} is suspended.", tenant.tenant_id))
            }
        }
    }
}

fn no_tenant(tenant: &TenantId) -> String {
    format!("no credentials issued for {tenant}; gangway tenants list shows the tenants")
}

/// Goes through the governed tool like everybody else, with a grant for exactly this tenant.
async fn suspend(
    installation: &Installation,
    tenant_id: TenantId,
    reason: String,
) -> Result<gangway_protocol::tenant::Tenant> {
    let operator = installation.acting(Action::Administer).await?;
    let action = GrantedAction::SuspendTenant { tenant_id: tenant_id.clone() };
    let grant = Grant::new(action, GrantBasis::Operator { name: operator.name.clone() }, Timestamp::now());
    installation.store().audit().append(grant.minted(&operator.actor())).await?;
    let arguments = SuspendTenantArgs {
        idempotency_key: IdempotencyKey::parse(format!("cli/{}", uuid::Uuid::new_v4().simple()))?,
        grant: grant.seal(installation.grant_key())?,
        tenant_id,
        reason,
    };
    let belt = installation.operator_belt(&operator).await?;
    let scope = Scope::of_no_run(installation.call_deadline());
    Ok(belt.call::<SuspendTenant>(&scope, &arguments).await?.tenant)
}
