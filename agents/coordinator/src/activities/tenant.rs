//! Making the tenant. The grant is minted here, spent at once, and never leaves this step.

use super::approval::awaited;
use super::{judged, stopped, store_failed};
use crate::approving::effects_digest;
use crate::env::Env;
use gangway_durable::{Activity, StepError};
use gangway_protocol::grant::{Grant, GrantBasis, GrantedAction};
use gangway_protocol::tenant::{Tenant, TenantState};
use gangway_protocol::tools::provision::{CreateTenant as CreateTenantTool, CreateTenantArgs};
use gangway_protocol::{Actor, Agent, Decision, IdempotencyKey, Outcome, RunRecord, Tier};
use gangway_store::ApprovalState;

pub(crate) struct CreateTenant;

impl Activity<Env> for CreateTenant {
    const NAME: &'static str = "create_tenant";
    type In = RunRecord;
    /// The tenant, which an earlier run may have made: it names its run.
    type Out = Tenant;

    async fn run(env: &Env, key: IdempotencyKey, record: &RunRecord) -> Result<Tenant, StepError> {
        let permission = permission(env, record).await?;
        let account_id = record.request.account_id.clone();
        let action = GrantedAction::CreateTenant { account_id: account_id.clone(), tier: permission.tier };
        // The clock is read here and not journaled: on a replay after a crash the old grant would have expired.
        let grant = Grant::new(action, permission.basis, (env.clock)());
        let minted = grant
            .minted(&Actor::agent(Agent::Coordinator))
            .of_run(&record.run_id, Some(&record.request.correlation_id));
        env.store.audit().append_later(minted).await.map_err(|error| store_failed(&error))?;
        let grant = grant
            .seal(&env.signing_key)
            .map_err(|error| StepError::Fatal(format!("the grant could not be signed: {error}")))?;
        let args = CreateTenantArgs { account_id, tier: permission.tier, grant, idempotency_key: key };
        let made = env.coordinator.call::<CreateTenantTool>(&env.scope(record), &args).await;
        in_use(made.map_err(|error| stopped(&error))?.tenant)
    }
}

/// The account's tenant, if it is of use: an earlier one that was switched off takes nobody in.
fn in_use(tenant: Tenant) -> Result<Tenant, StepError> {
    match tenant.state {
        TenantState::Active => Ok(tenant),
        TenantState::Suspended => Err(StepError::Fatal(format!(
            "account {} has a tenant already, {}, and it is suspended; nobody was told that it is ready",
            tenant.account_id, tenant.tenant_id
        ))),
    }
}

/// Why the tenant may be made, and in which tier.
struct Permission {
    basis: GrantBasis,
    tier: Tier,
}

/// PROCEED permits by itself; ESCALATE only with an approval that stands in the store as given; BLOCK never.
async fn permission(env: &Env, record: &RunRecord) -> Result<Permission, StepError> {
    let (facts, decision) = judged(record)?;
    let contract_tier = facts.contract.as_ref().and_then(|contract| Tier::named(contract.tier.as_deref()?));
    let (basis, tier) = match decision.outcome {
        Outcome::Proceed => (
            GrantBasis::Proceed {
                run_id: record.run_id.clone(),
                facts_digest: decision.facts_digest.clone(),
            },
            contract_tier,
        ),
        Outcome::Escalate => approved(env, record, decision).await?,
        Outcome::Block => {
            return Err(StepError::Fatal(format!("run {} is decided BLOCK: no tenant", record.run_id)));
        }
    };
    let unknown = || StepError::Fatal("neither the contract nor the approver names a known tier".to_owned());
    Ok(Permission { basis, tier: tier.ok_or_else(unknown)? })
}

async fn approved(
    env: &Env,
    record: &RunRecord,
    decision: &Decision,
) -> Result<(GrantBasis, Option<Tier>), StepError> {
    let approval = awaited(env, record).await?;
    let (facts, _) = judged(record)?;
    let effects = effects_digest(facts, &env.settings)
        .map_err(|error| StepError::Fatal(format!("the planned effects have no digest: {error}")))?;
    // Facts may have changed where nobody looked; what is done may not.
    let holds = approval.state == ApprovalState::Approved
        && approval.effects_digest == effects
        && approval.rule_set_digest == decision.rule_set.digest;
    if !holds {
        return Err(StepError::Fatal(format!(
            "approval {} is {} and not for what would be done now; start a new run",
            approval.approval_id,
            approval.state.name()
        )));
    }
    let basis = GrantBasis::Approved {
        run_id: record.run_id.clone(),
        facts_digest: decision.facts_digest.clone(),
        approval_id: approval.approval_id,
    };
    Ok((basis, approval.tier))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::in_use;
    use gangway_durable::StepError;
    use gangway_protocol::tenant::Tenant;
    use gangway_protocol::tenant::TenantState;
    use gangway_protocol::{AccountId, RunId, TenantId, Tier};
    use jiff::Timestamp;

    fn tenant(state: TenantState) -> Tenant {
        Tenant {
            tenant_id: TenantId::parse("tnt-acme-001").unwrap(),
            account_id: AccountId::parse("ACME-001").unwrap(),
            tier: Tier::Starter,
            state,
            entitlements: Tier::Starter.entitlements(),
            login_url: "https://acme.northwind.example".to_owned(),
            api_key_id: "key-1".to_owned(),
            run_id: RunId::parse("run-1").unwrap(),
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_suspended_tenant_is_no_success() {
        assert!(in_use(tenant(TenantState::Active)).is_ok());
        let refused = in_use(tenant(TenantState::Suspended));
        assert!(matches!(refused, Err(StepError::Fatal(why)) if why.contains("suspended")));
    }
}
