//! MCP over standard input and output, for hosts that launch the process. Standard output carries protocol only;
//! logs go elsewhere, which is the caller's to arrange.

use super::ServeError;
use super::lines::{Book, Lines, Unread};
use crate::governed::Governed;
use futures::FutureExt as _;
use rmcp::service::{ServerInitializeError, ServiceExt as _};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Serves until the host closes standard input, or until `stop`. Calls still running then get a few seconds to answer. A message that cannot
/// be read is on record like a refused call.
///
/// # Errors
/// [`ServeError::Handshake`] when what arrives is not MCP.
pub async fn serve_stdio(governed: Governed, stop: CancellationToken) -> Result<(), ServeError> {
    let lines = Lines::over(rmcp::transport::stdio(), book(governed.clone()), stop);
    let running = match governed.serve(lines).await {
        Ok(running) => running,
        // A host that goes away before it said anything is not a failure of ours.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(ServeError::Handshake(error.to_string())),
    };
    running.waiting().await.map(|_| ()).map_err(|error| ServeError::Handshake(error.to_string()))
}

fn book(governed: Governed) -> Book {
    Arc::new(move |why| {
        let governed = governed.clone();
        let code = match why {
            Unread::TooLarge => "TOO_LARGE",
            Unread::Malformed => "MALFORMED",
        };
        async move { governed.refuse_unread(code).await }.boxed()
    })
}
