//! Stage: no call runs longer than its deadline, and no read longer than its caller waits.

use crate::call::Call;
use gangway_protocol::{ApiError, ErrorType};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Runs until done, the deadline or the cancellation, whichever comes first; what is cut off is dropped.
pub(crate) async fn within<T>(
    deadline: Duration,
    call: &Call,
    cancelled: CancellationToken,
    run: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    let timed = tokio::time::timeout(deadline, run);
    tokio::select! {
        biased;
        finished = timed => finished.unwrap_or_else(|_| {
            let text = format!("the tool did not finish within {} ms", deadline.as_millis());
            Err(call.error(ErrorType::Timeout, "TOOL_DEADLINE", &text))
        }),
        () = cancelled.cancelled() => {
            Err(call.error(ErrorType::Timeout, "CANCELLED", "the caller cancelled the call"))
        }
    }
}
