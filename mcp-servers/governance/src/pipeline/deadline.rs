//! Stage: no call runs longer than its deadline, and no read longer than its caller waits.

use crate::call::Call;
use crate::ours::Ours;
use gangway_protocol::ApiError;
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
            Err(call.failure(Ours::Deadline, &text))
        }),
        () = cancelled.cancelled() => {
            Err(call.failure(Ours::Cancelled, "the caller cancelled the call"))
        }
    }
}
