//! Handlers that ask one agent: the contract agent, the finance agent, the task monitor.

use super::{Desk, unavailable};
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::netsuite::InvoicesArgs;
use gangway_protocol::tools::onboarding::{
    AccountArgs, ContractAssessment, FinanceAssessment, SweepArgs, SweepReport,
};
use gangway_toolbelt::{Agent, Scope, Toolbelt};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

impl Desk {
    async fn belt(&self, agent: Agent, call: &Call) -> Result<Toolbelt, ApiError> {
        self.installation.belt(agent).await.map_err(|error| unavailable(call, &error))
    }

    fn scope(&self, call: &Call) -> Scope {
        Scope {
            run_id: call.run_id.clone(),
            correlation_id: call.correlation_id.clone(),
            trace: Some(call.trace.clone()),
            deadline: self.installation.call_deadline(),
        }
    }
}

/// `contract_agent.assess`
pub async fn contract(
    desk: Arc<Desk>,
    args: AccountArgs,
    call: Call,
) -> Result<ContractAssessment, ApiError> {
    let belt = desk.belt(Agent::Contract, &call).await?;
    Ok(gangway_contract::assess(&belt, &desk.scope(&call), &args.account_id).await)
}

/// `finance_agent.assess`
pub async fn finance(desk: Arc<Desk>, args: InvoicesArgs, call: Call) -> Result<FinanceAssessment, ApiError> {
    let belt = desk.belt(Agent::Finance, &call).await?;
    Ok(gangway_finance::assess(&belt, &desk.scope(&call), args.account_ids).await)
}

/// `task_monitor.sweep`
pub async fn sweep(desk: Arc<Desk>, args: SweepArgs, call: Call) -> Result<SweepReport, ApiError> {
    let belt = desk.belt(Agent::TaskMonitor, &call).await?;
    let as_of = args.as_of.unwrap_or_else(|| Timestamp::now().to_zoned(TimeZone::UTC).date());
    let settings = desk.installation.monitor_settings().map_err(|error| unavailable(&call, &error))?;
    gangway_task_monitor::sweep(&belt, &desk.scope(&call), as_of, &settings).await
}
