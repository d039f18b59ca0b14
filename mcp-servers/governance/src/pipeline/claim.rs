//! Stage: the audit's intent and, for writes, the claim on the idempotency key in one commit before the handler runs;
//! outcome and answer in one commit after it.
//!
//! A key is its caller's own ([`crate::Principal::own_key`]). A write whose intent cannot be recorded does not run. Reads are recorded without waiting. What a claim means is the
//! store's knowledge, whether a handler may run again the contract's ([`Rerun`]).

use super::answer::{self, Written};
use super::audit::{self, Trail};
use super::turn::Turn;
use crate::call::Call;
use crate::governance::Governance;
use crate::ours::Ours;
use crate::tool::GovernedTool;
use gangway_protocol::redact::identity;
use gangway_protocol::tools::{Access, Rerun};
use gangway_protocol::{ApiError, IdempotencyKey, canonical};
use gangway_store::{Claim, StoreError};
use rmcp::model::CallToolResult;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// When a caller whose key is being worked on may ask for the answer again.
const LOOK_AGAIN_MS: u64 = 1_000;

/// Leave to run a handler, and what to do with its end.
pub(crate) enum Permit<'a> {
    Read,
    Write { tool: &'static str, key: IdempotencyKey, rerun: Rerun, _turn: Turn<'a> },
}

impl Permit<'_> {
    /// Reads stop when their caller gives up. A write goes on: half of it may be done.
    pub(crate) fn heeds(&self, cancelled: CancellationToken) -> CancellationToken {
        match self {
            Self::Read => cancelled,
            Self::Write { .. } => CancellationToken::new(),
        }
    }
}

/// How a call stands before it runs.
pub(crate) enum Standing<'a> {
    Run(Permit<'a>),
    /// An earlier call with this key succeeded; this is its answer.
    Answered(Value),
    /// An earlier call died before it answered and may not run again; all that is left is to record that.
    Lost(Permit<'a>),
}

/// The idempotency key among a write's arguments, as it was given. A read has none.
pub(crate) fn key_of(
    access: Access,
    arguments: &Value,
    call: &Call,
) -> Result<Option<IdempotencyKey>, ApiError> {
    let Access::Write { key: name, .. } = access else {
        return Ok(None);
    };
    let refuse = |text: &str| call.mistake("INVALID_ARGUMENTS", &format!("/{name}: {text}"));
    let text = arguments.get(name).and_then(Value::as_str).ok_or_else(|| refuse("a write needs a key"))?;
    IdempotencyKey::parse(text).map(Some).map_err(|error| refuse(&error.to_string()))
}

/// Records the intent and claims the key.
pub(crate) async fn take<'a>(
    governance: &'a Governance,
    tool: &GovernedTool,
    call: &Call,
    arguments: &Value,
    trail: &Trail,
) -> Result<Standing<'a>, ApiError> {
    let given = key_of(tool.contract.access, arguments, call)?;
    let (Access::Write { rerun, .. }, Some(given), Some(key)) =
        (tool.contract.access, given, call.key.clone())
    else {
        trail.intend(governance).await;
        return Ok(Standing::Run(Permit::Read));
    };
    let name = tool.contract.name;
    let digest = digest(arguments, tool, call)?;
    let first_in_line = governance.turns.take(name, &key);
    let turn =
        tokio::time::timeout(governance.deadline, first_in_line).await.map_err(|_| in_progress(call))?;
    let claim = governance
        .store
        .idempotency()
        .formerly(&given)
        .claim(name, &key, &digest, trail.intent())
        .await
        .map_err(|error| unrecorded(call, &error.with_cause()))?;
    let permit = Permit::Write { tool: name, key, rerun, _turn: turn };
    match (claim, rerun) {
        (Claim::Fresh, _) | (Claim::Abandoned, Rerun::Harmless) => {
            governance.crash.reach("tool.claimed", name);
            Ok(Standing::Run(permit))
        }
        (Claim::Abandoned, Rerun::Unsafe) => Ok(Standing::Lost(permit)),
        (Claim::Answered(first), _) => Ok(Standing::Answered(first)),
        (Claim::Unknown, _) => Err(outcome_unknown(call)),
        (Claim::InProgress, _) => Err(in_progress(call)),
        (Claim::Conflict, _) => Err(conflict(call)),
    }
}

/// Records how the call ended and gives its answer.
pub(crate) async fn settle(
    governance: &Governance,
    permit: Permit<'_>,
    call: &Call,
    trail: Trail,
    outcome: Result<Value, ApiError>,
) -> CallToolResult {
    let outcome = outcome.map(Written::of);
    let record = trail.outcome(outcome.as_ref());
    let Permit::Write { tool, key, rerun, _turn } = permit else {
        audit::append_later(governance, record).await;
        return answered(outcome);
    };
    governance.crash.reach("tool.effect", tool);
    let claims = governance.store.idempotency();
    // A handler that may run again gives its key back, whatever became of this run.
    let is_unknown = |error: &ApiError| rerun == Rerun::Unsafe && error.may_have_happened();
    let recorded = match &outcome {
        Ok(written) => claims.answer(tool, &key, &written.value, record).await,
        Err(error) if is_unknown(error) => claims.unknown(tool, &key, record).await,
        Err(_) => claims.release(tool, &key, record).await,
    };
    match (recorded, outcome) {
        (Ok(()), Err(error)) if is_unknown(&error) => answer::failure(&told_unknown(error)),
        (Ok(()), outcome) => answered(outcome),
        (Err(error), _) => answer::failure(&unanswered(call, &error)),
    }
}

fn answered(outcome: Result<Written, ApiError>) -> CallToolResult {
    outcome.map_or_else(|error| answer::failure(&error), answer::success)
}

/// Digest of what makes two calls the same call: the arguments without secrets and without the key itself.
fn digest(arguments: &Value, tool: &GovernedTool, call: &Call) -> Result<String, ApiError> {
    let mut same = arguments.as_object().map(|map| identity(map, &tool.schemas.input)).unwrap_or_default();
    if let Access::Write { key, .. } = tool.contract.access {
        same.remove(key);
    }
    canonical::digest(&same).map_err(|error| unrecorded(call, &error.to_string()))
}

fn unrecorded(call: &Call, cause: &str) -> ApiError {
    tracing::error!(cause, "a call could not be recorded and was not run");
    let text = format!(
        "the call could not be recorded in the audit and was not run; check the data folder and repeat it: {cause}"
    );
    call.failure(Ours::Unrecorded, &text).unsent()
}

/// The effect may be there, the answer is not: a repeat finds the claim and is told that it is in progress until this
/// process ends, then the contract decides.
fn unanswered(call: &Call, cause: &StoreError) -> ApiError {
    let cause = cause.with_cause();
    tracing::error!(cause, "a call ran and its answer could not be recorded");
    let text = format!(
        "the call ran, but its outcome could not be recorded; check the data folder before repeating it: {cause}"
    );
    final_error(call.failure(Ours::AnswerUnrecorded, &text))
}

fn in_progress(call: &Call) -> ApiError {
    let text = "a call with this idempotency key is running now; repeat it later to get its answer";
    let mut error = call.failure(Ours::InProgress, text);
    error.retry_after_ms = Some(LOOK_AGAIN_MS);
    error
}

fn conflict(call: &Call) -> ApiError {
    let text = "this idempotency key was used with other arguments; use a new key for a new effect";
    call.mistake("IDEMPOTENCY_CONFLICT", text)
}

/// The error of a write whose answer was lost and whose receiver cannot tell.
pub(crate) fn outcome_unknown(call: &Call) -> ApiError {
    let text = "UNKNOWN: an earlier call with this key was lost before it answered and is not repeated";
    final_error(call.failure(Ours::OutcomeUnknown, text))
}

fn told_unknown(error: ApiError) -> ApiError {
    let mut error = final_error(error);
    error.message = format!("{} (UNKNOWN: it may have happened and is not repeated)", error.message);
    error
}

fn final_error(mut error: ApiError) -> ApiError {
    error.retryable = false;
    error
}
