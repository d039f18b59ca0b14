//! Handlers about runs: start, ask for, read, list, explain.

use super::{Desk, start, unavailable};
use crate::outbox::with_present_messages;
use gangway_coordinator::{explain as explanation_of, reasons, summary_of};
use gangway_durable::EngineError;
use gangway_governance::Call;
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::run::{RunRequest, RunState, Trigger};
use gangway_protocol::tools::onboarding::{
    AccountArgs, BlockedRun, BlockedRuns, Explanation, ListBlockedArgs, ListRunsArgs, RequestRunArgs,
    RunArgs, RunFound, RunList, RunStarted, StartRunArgs,
};
use gangway_protocol::{ApiError, CorrelationId, ErrorType, IdempotencyKey, RunRecord};
use gangway_store::{RunFilter, StoreError};
use std::sync::Arc;

const DEFAULT_LIMIT: u32 = 50;
const MAX_BLOCKED: usize = 200;

fn stored(call: &Call, error: StoreError) -> ApiError {
    unavailable(call, &error.into())
}

async fn run(desk: &Desk, request: RunRequest, call: &Call) -> Result<RunStarted, ApiError> {
    let engine = desk.engine(call).await?;
    call.progress.tell(format!("running the onboarding of {}", request.account_id));
    let started = start(&engine, request, Some(call.trace.clone())).await;
    let (record, started) = started.map_err(|error| match error.downcast_ref::<EngineError>() {
        Some(EngineError::Store(StoreError::CorrelationTaken { .. })) => {
            call.error(ErrorType::Validation, "CORRELATION_TAKEN", &error.to_string())
        }
        _ => unavailable(call, &error),
    })?;
    Ok(RunStarted { run: summary_of(&record), started })
}

/// `onboarding.start_run`
pub async fn start_run(desk: Arc<Desk>, args: StartRunArgs, call: Call) -> Result<RunStarted, ApiError> {
    let correlation_id = match args.correlation_id {
        Some(given) => given,
        None => correlation_of(&call, &args.idempotency_key)?,
    };
    let request = RunRequest {
        account_id: args.account_id,
        opportunity_id: args.opportunity_id,
        correlation_id,
        as_of: None,
        trigger: Trigger::Mcp,
        requested_by: desk.requester(&call),
    };
    run(&desk, request, &call).await
}

/// `onboarding.request_run`
pub async fn request_run(desk: Arc<Desk>, args: RequestRunArgs, call: Call) -> Result<RunStarted, ApiError> {
    let store = desk.installation.store();
    let newest = store.runs().newest_of(&args.account_id).await.map_err(|error| stored(&call, error))?;
    let correlation_id = correlation_of(&call, &args.idempotency_key)?;
    let stands_against = match &newest {
        None => Some("it was never run; start one with onboarding.start_run".to_owned()),
        Some(record) if is_blocked(record) || record.state.is_live() => None,
        // An earlier call with this key got as far as the run, but its caller never heard of it.
        Some(record) if record.request.correlation_id == correlation_id => None,
        Some(record) => Some(format!("its newest run {} is {}", record.run_id, record.state)),
    };
    if let Some(reason) = stands_against {
        let text = format!("{} is not blocked: {reason}", args.account_id);
        return Err(call.error(ErrorType::Validation, "NOT_BLOCKED", &text));
    }
    let request = RunRequest {
        account_id: args.account_id,
        opportunity_id: None,
        correlation_id,
        as_of: None,
        trigger: Trigger::Mcp,
        requested_by: format!("{}: {}", desk.requester(&call), args.reason),
    };
    run(&desk, request, &call).await
}

/// The same key of the same caller gives the same id again, so that a call repeated after a crash finds its run.
fn correlation_of(call: &Call, key: &IdempotencyKey) -> Result<CorrelationId, ApiError> {
    let digest = digest_bytes(
        format!("{}\n{}\n{}", key.as_str(), call.operation, call.principal.key_space()).as_bytes(),
    );
    let hex = digest.trim_start_matches("sha256:");
    CorrelationId::parse(format!("mcp-{hex}")).map_err(|error| unavailable(call, &error.into()))
}

fn is_blocked(record: &RunRecord) -> bool {
    matches!(record.state, RunState::Blocked | RunState::Parked)
}

/// `onboarding.get_run`
pub async fn get_run(desk: Arc<Desk>, args: RunArgs, call: Call) -> Result<RunFound, ApiError> {
    let store = desk.installation.store();
    let run = match store.runs().get(&args.run_id).await.map_err(|error| stored(&call, error))? {
        Some(run) => Some(with_present_messages(store, run).await.map_err(|error| stored(&call, error))?),
        None => None,
    };
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
pub async fn list_blocked(
    desk: Arc<Desk>,
    args: ListBlockedArgs,
    call: Call,
) -> Result<BlockedRuns, ApiError> {
    let store = desk.installation.store();
    // One more than a page holds tells whether there is another.
    let found = store.runs().blocked(args.after, MAX_BLOCKED as u32 + 1).await;
    let mut records = found.map_err(|error| stored(&call, error))?;
    let more = records.len() > MAX_BLOCKED;
    records.truncate(MAX_BLOCKED);
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
    Ok(BlockedRuns { runs, more })
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
