//! Stage: how many calls of one server run at once in this process, so that a system that hangs cannot fill it.
//!
//! Nobody waits here: what waits for a vendor waits at the vendor's gate, within the call's deadline.

use crate::call::Call;
use crate::limits::Limits;
use gangway_protocol::ApiError;
use serde_json::Value;

/// Runs the handler in a place of its own, or refuses it.
pub(crate) async fn within(
    limits: &Limits,
    call: &Call,
    run: impl Future<Output = Result<Value, ApiError>>,
) -> Result<Value, ApiError> {
    let _occupied = limits.enter(call)?;
    run.await
}
