//! Handlers about runs: start, ask for, read, list, explain.

use super::{Desk, start, unavailable};
use crate::commands::runs::reasons;
use gangway_coordinator::{explain as explanation_of, summary_of};
use gangway_governance::Call;
use gangway_protocol::run::{RunRequest, RunState, Trigger};
use gangway_protocol::tools::onboarding::{
    AccountArgs, BlockedRun, BlockedRuns, Explanation, ListRunsArgs, RequestRunArgs, RunArgs, RunFound,
    RunList, RunStarted, StartRunArgs,
};
use gangway_protocol::{ApiError, CorrelationId, ErrorType, RunRecord};
use gangway_store::{RunFilter, StoreError};
use std::sync::Arc;
use uuid::Uuid;

const DEFAULT_LIMIT: u32 = 50;
const MAX_BLOCKED: u32 = 200;

fn stored(call: &Call, error: StoreError) -> ApiError {
    unavailable(call, &error.into())
}

async fn run(desk: &Desk, request: RunRequest, call: &Call) -> Result<RunStarted, ApiError> {
    let engine = desk.hold_engine(call).await?;
    let outcome = start(&engine, request).await;
    drop(engine);
    desk.release_engine().await;
    let (record, started) = outcome.map_err(|error| match error.downcast_ref::<StoreError>() {
        Some(StoreError::CorrelationTaken { .. }) => {
            call.error(ErrorType::Validation, "CORRELATION_TAKEN", &error.to_string())
        }
        _ => unavailable(call, &error),
    })?;
    Ok(RunStarted { run: summary_of(&record), started })
}

/// `onboarding.start_run`
pub async fn start_run(desk: Arc<Desk>, args: StartRunArgs, call: Call) -> Result<RunStarted, ApiError> {
    let request = RunRequest {
        account_id: args.account_id,
        opportunity_id: args.opportunity_id,
        correlation_id: args.correlation_id.unwrap_or_else(|| CorrelationId::from_uuid(Uuid::now_v7())),
        as_of: None,
        trigger: Trigger::Mcp,
        requested_by: call.principal.clone(),
    };
    run(&desk, request, &call).await
}

/// `onboarding.request_run`
pub async fn request_run(desk: Arc<Desk>, args: RequestRunArgs, call: Call) -> Result<RunStarted, ApiError> {
    let store = desk.installation.store();
    let newest = store.runs().newest_of(&args.account_id).await.map_err(|error| stored(&call, error))?;
    if let Some(record) = newest.filter(|record| !is_blocked(record) && !record.state.is_live()) {
        let text = format!(
            "{} is not blocked: its newest run {} is {}",
            args.account_id, record.run_id, record.state
        );
        return Err(call.error(ErrorType::Validation, "NOT_BLOCKED", &text));
    }
    let request = RunRequest {
        account_id: args.account_id,
        opportunity_id: None,
        correlation_id: CorrelationId::from_uuid(Uuid::now_v7()),
        as_of: None,
        trigger: Trigger::Mcp,
        requested_by: format!("{}: {}", call.principal, args.reason),
    };
    run(&desk, request, &call).await
}

fn is_blocked(record: &RunRecord) -> bool {
    matches!(record.state, RunState::Blocked | RunState::Parked)
}

/// `onboarding.get_run`
pub async fn get_run(desk: Arc<Desk>, args: RunArgs, call: Call) -> Result<RunFound, ApiError> {
    let run =
        desk.installation.store().runs().get(&args.run_id).await.map_err(|error| stored(&call, error))?;
    Ok(RunFound { run })
}

/// `onboarding.list_runs`
pub async fn list_runs(desk: Arc<Desk>, args: ListRunsArgs, call: Call) -> Result<RunList, ApiError> {
    let filter =
        RunFilter { account: args.account_id, state: args.state, limit: args.limit.unwrap_or(DEFAULT_LIMIT) };
    let runs = desk.installation.store().runs().list(filter).await.map_err(|error| stored(&call, error))?;
    Ok(RunList { runs: runs.iter().map(summary_of).collect() })
}

/// `onboarding.list_blocked`
pub async fn list_blocked(desk: Arc<Desk>, call: Call) -> Result<BlockedRuns, ApiError> {
    let records =
        desk.installation.store().runs().blocked(MAX_BLOCKED).await.map_err(|error| stored(&call, error))?;
    let runs = records
        .iter()
        .map(|record| {
            let (rules, errors) = reasons(record);
            let contract = record.facts.as_ref().and_then(|facts| facts.contract.as_ref());
            BlockedRun {
                run: summary_of(record),
                because: errors.into_iter().chain(rules).collect(),
                contract_id: contract.and_then(|contract| contract.id.clone()),
            }
        })
        .collect();
    Ok(BlockedRuns { runs })
}

/// `onboarding.explain`
pub async fn explain(desk: Arc<Desk>, args: AccountArgs, call: Call) -> Result<Explanation, ApiError> {
    let newest = desk
        .installation
        .store()
        .runs()
        .newest_of(&args.account_id)
        .await
        .map_err(|error| stored(&call, error))?;
    Ok(match newest {
        Some(record) => explanation_of(&record),
        None => Explanation {
            run: None,
            summary: format!("{} was never run. Start one with onboarding.start_run.", args.account_id),
            findings: Vec::new(),
            api_errors: Vec::new(),
            next_steps: Vec::new(),
        },
    })
}
