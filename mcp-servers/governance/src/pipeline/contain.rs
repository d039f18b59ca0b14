//! Stage: a handler that panics answers like one that failed. rmcp would let the caller wait for ever.
//!
//! What the panic said stays in this process: it may quote anything.

use crate::call::Call;
use crate::ours::Ours;
use futures::FutureExt as _;
use gangway_protocol::{ApiError, System};
use std::panic::AssertUnwindSafe;

/// Runs the tool's own code; a panic becomes [`internal`].
pub(crate) async fn panics<T>(
    call: &Call,
    run: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    // Nothing the handler could have left half-changed outlives its future except its own shared state, which its
    // next call meets with or without us.
    AssertUnwindSafe(run).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(system = %call.system, operation = call.operation, "a tool handler panicked");
        Err(internal(call.system, call.operation))
    })
}

/// The error for a defect of ours.
pub(crate) fn internal(system: System, operation: &str) -> ApiError {
    let text = "the tool failed because of a defect of its own; the call was not completed";
    Ours::Internal.error(system, operation, text)
}
