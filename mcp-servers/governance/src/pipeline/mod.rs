//! The stages every tool call passes, in this order and on every transport.
//!
//! who calls, for which run ([`caller`]) → may it, with these arguments ([`permission`]) → how often it may ([`rate`]) → the person at the host, where the tool asks one
//! ([`confirm`]) → arguments against the schema ([`schema`]) → the tool's guard, such as its grant ([`guard`]) → audit
//! intent and idempotency claim in one commit ([`claim`]) → bulkhead ([`bulkhead`]) → deadline ([`deadline`]) around the
//! handler, panics caught ([`contain`]) → result against the schema → audit outcome and answer in one commit
//! ([`claim`]).

mod answer;
mod audit;
mod bulkhead;
mod caller;
mod claim;
pub(crate) mod confirm;
mod contain;
mod deadline;
mod guard;
mod permission;
mod rate;
mod refusals;
pub mod schema;
pub(crate) mod turn;

use crate::access::Principal;
use crate::call::Call;
use crate::governance::Governance;
use crate::progress::Progress;
use crate::tool::{GovernedTool, Run};
use crate::trace;
use audit::Trail;
use claim::Standing;
use gangway_protocol::{ApiError, TraceParent};
pub(crate) use refusals::Refusals;
use rmcp::model::{CallToolResponse, CallToolResult, RequestMetaObject};
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// A call as it came in.
pub(crate) struct Incoming {
    pub(crate) tool: Arc<GovernedTool>,
    pub(crate) principal: Principal,
    pub(crate) meta: RequestMetaObject,
    pub(crate) arguments: Map<String, Value>,
    /// Cancelled when the caller gives up.
    pub(crate) cancelled: CancellationToken,
    pub(crate) host: confirm::Host,
    pub(crate) trace: TraceParent,
    pub(crate) progress: Progress,
}

/// Answers one call. The call runs in a task of its own: a caller that goes away takes no write half-way with it and
/// leaves no claim behind.
pub(crate) async fn answer(governance: Arc<Governance>, incoming: Incoming) -> CallToolResponse {
    let tool = Arc::clone(&incoming.tool);
    let trace = incoming.trace.clone();
    let span = tracing::info_span!("tool_call", tool = tool.contract.name, principal = %incoming.principal, trace_id = trace.trace_id());
    trace::join(&span, &trace);
    let work = async move { govern(&governance, incoming).await };
    let task = tokio::spawn(trace::within(Some(trace), work).instrument(span));
    match task.await {
        Ok(result) => result,
        // The handler's panics are caught inside; this is a stage of ours that died, or the runtime shutting down.
        Err(_) => answer::failure(&contain::internal(tool.contract.system, tool.contract.operation())).into(),
    }
}

/// The stages before a person may have to be asked, and that one.
async fn govern(governance: &Governance, incoming: Incoming) -> CallToolResponse {
    let Incoming { tool, principal, meta, arguments, cancelled, host, trace, progress } = incoming;
    let arguments = Value::Object(arguments);
    let caller = caller::identify(&tool.contract, &principal, &meta, (trace, progress));
    let policy = governance.policy();
    let trail = Trail::open((&tool, &policy), &principal, caller.as_ref().ok(), &arguments);
    let allowed = caller.and_then(|call| {
        permission::pass(&policy, &tool, &call, &arguments)?;
        rate::pass(&governance.limits, tool.contract.name, &call)?;
        Ok(call)
    });
    let asked = match allowed {
        Ok(call) => confirm::person(governance, &tool, (call, &arguments), host).await,
        Err(refusal) => Err(refusal),
    };
    let caller = match asked {
        Ok(confirm::Asked::Call(call)) => Ok(call),
        Ok(confirm::Asked::First(form)) => {
            trail.intend(governance).await;
            return form.into();
        }
        Err(refusal) => Err(refusal),
    };
    carry_out(governance, (&tool, caller, &arguments), trail, cancelled).await.into()
}

/// The stages of a call that nobody needs to be asked about any more. Every way out records what happened.
async fn carry_out(
    governance: &Governance,
    (tool, caller, arguments): (&GovernedTool, Result<Call, ApiError>, &Value),
    trail: Trail,
    cancelled: CancellationToken,
) -> CallToolResult {
    let (call, run) = match caller.and_then(|call| admit(tool, call, arguments)) {
        Ok(admitted) => admitted,
        Err(refusal) => return trail.refuse(governance, tool, &refusal).await,
    };
    let permit = match claim::take(governance, tool, &call, arguments, &trail).await {
        Ok(Standing::Run(permit)) => permit,
        Ok(Standing::Answered(first)) => return trail.replay(governance, first).await,
        Ok(Standing::Lost(permit)) => {
            let lost = Err(claim::outcome_unknown(&call));
            return claim::settle(governance, permit, &call, trail, lost).await;
        }
        Err(refusal) => return trail.refuse(governance, tool, &refusal).await,
    };
    let run = bulkhead::within(&governance.limits, &call, contain::panics(&call, run));
    let deadline = governance.limits.deadline(tool.contract.name, governance.deadline);
    let run = deadline::within(deadline, &call, permit.heeds(cancelled), run);
    let outcome = run.await.and_then(|result| tool.schemas.check_result(&result, &call).map(|()| result));
    claim::settle(governance, permit, &call, trail, outcome).await
}

/// What must hold before anything is recorded or run: arguments that fit the schema and can be read, a key on a write, the
/// guard's consent. Gives the handler's run, not begun.
///
/// # Errors
/// Why the call is refused.
pub fn admit(tool: &GovernedTool, mut call: Call, arguments: &Value) -> Result<(Call, Run), ApiError> {
    tool.schemas.check_arguments(arguments, &call)?;
    let given = claim::key_of(tool.contract.access, arguments, &call)?;
    call.key = given.map(|key| call.principal.own_key(key));
    let ready = tool
        .prepare(arguments, call.clone())
        .map_err(|error| schema::unreadable(&error, &tool.schemas, &call))?;
    let run = guard::pass(&call, ready)?;
    Ok((call, run))
}
