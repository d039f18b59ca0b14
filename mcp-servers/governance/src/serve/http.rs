//! MCP over streamable HTTP: stateless, JSON answers, `Host` and `Origin` checked, bodies bounded, loopback only.
//!
//! No sessions are kept, so none can be exhausted or hijacked; legacy clients work without them.

use super::ServeError;
use crate::governed::Governed;
use axum::Router;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Arguments are at most 1 MiB, which JSON escapes may blow up.
const MAX_BODY_BYTES: usize = 4 << 20;
/// How long open connections may finish their answers after `shutdown`.
const DRAIN: Duration = Duration::from_secs(5);
/// Pages a person opened on this machine. Anything else that carries an `Origin` is somebody's web page.
const OWN_ORIGINS: [&str; 3] = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"];

/// A router that serves one governed server at `path`, e.g. `/mcp` or `/mcp/salesforce`. Merge several for several
/// servers. Requests end when `stop` is cancelled.
pub fn mcp_router(path: &str, governed: Governed, stop: &CancellationToken) -> Router {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_allowed_hosts(["localhost", "127.0.0.1", "::1"])
        .with_allowed_origins(OWN_ORIGINS)
        .enforce_origin_validation()
        .with_max_request_body_bytes(MAX_BODY_BYTES)
        .with_cancellation_token(stop.child_token());
    let sessions = Arc::new(NeverSessionManager::default());
    Router::new()
        .route_service(path, StreamableHttpService::new(move || Ok(governed.clone()), sessions, config))
}

/// Serves one governed server at `/mcp` on a loopback address; port 0 picks a free one.
///
/// # Errors
/// [`ServeError`], when the address is not loopback or cannot be listened on.
pub async fn serve_http(governed: Governed, addr: SocketAddr) -> Result<HttpServer, ServeError> {
    let stop = CancellationToken::new();
    serve_router(mcp_router("/mcp", governed, &stop), addr, stop).await
}

/// Serves a router on a loopback address until `stop` is cancelled.
///
/// # Errors
/// As [`serve_http`].
pub async fn serve_router(
    router: Router,
    addr: SocketAddr,
    stop: CancellationToken,
) -> Result<HttpServer, ServeError> {
    if !addr.ip().is_loopback() {
        return Err(ServeError::NotLoopback(addr));
    }
    let listening = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::PortInUse(addr),
        _ => ServeError::Listen { addr, source },
    };
    let listener = TcpListener::bind(addr).await.map_err(listening)?;
    let addr = listener.local_addr().map_err(listening)?;
    let until = stop.clone().cancelled_owned();
    let task = tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(until).await });
    Ok(HttpServer { addr, stop, task })
}

/// A running HTTP server. Dropping it stops it without waiting.
pub struct HttpServer {
    addr: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<io::Result<()>>,
}

impl HttpServer {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops accepting, lets open connections finish for a few seconds, then closes them.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(DRAIN, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
