//! MCP over streamable HTTP: stateless, JSON answers, callers recognised, `Host` and `Origin` checked, bodies bounded.
//!
//! No sessions are kept, so none can be exhausted or hijacked; legacy clients work without them.

use super::ServeError;
use super::challenge;
use super::door::{self, Door, Guarded};
use crate::governed::Governed;
use axum::routing::get;
use axum::{Json, Router};
use rmcp::handler::server::ServerHandler;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;
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
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Pages a person opened on this machine. Anything else that carries an `Origin` is somebody's web page.
const OWN_ORIGINS: [&str; 3] = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"];

/// One server's place among others: its path, who is let in, and under which names it is reached.
pub struct Mount {
    /// E.g. `/mcp` or `/mcp/salesforce`.
    pub path: String,
    /// Who is let in.
    pub door: Door,
    /// Host names other than loopback ones under which it may be reached, without port.
    pub hosts: Vec<String>,
}

impl Mount {
    /// A router that serves one governed server here. Merge several for several servers. Requests end when `stop` is
    /// cancelled.
    pub fn router(self, governed: Governed, stop: &CancellationToken) -> Router {
        self.router_of(governed.clone(), governed, stop)
    }

    /// The same for a handler that does its work through `governed`, whose tools the door then knows.
    pub fn router_of<H>(self, handler: H, governed: Governed, stop: &CancellationToken) -> Router
    where
        H: ServerHandler + Clone,
    {
        let origins = self.hosts.iter().map(|host| format!("https://{host}"));
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_allowed_hosts(LOOPBACK.into_iter().map(str::to_owned).chain(self.hosts.iter().cloned()))
            .with_allowed_origins(OWN_ORIGINS.into_iter().map(str::to_owned).chain(origins))
            .enforce_origin_validation()
            .with_max_request_body_bytes(MAX_BODY_BYTES)
            .with_cancellation_token(stop.child_token());
        let sessions = Arc::new(NeverSessionManager::default());
        let service = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config);
        let (door, path) = (Arc::new(self.door), Arc::<str>::from(self.path));
        let described =
            door.resource.as_ref().map(|resource| challenge::metadata(resource, &path, &governed));
        let guarded = Guarded { door, governed, path: Arc::clone(&path), max_body_bytes: MAX_BODY_BYTES };
        let router = Router::new()
            .route_service(&path, service)
            .layer(axum::middleware::from_fn_with_state(guarded, door::admit));
        match described {
            // Outside the door: it tells where to get what opens it.
            Some(described) => {
                let tell = get(async move || Json(Value::clone(&described)));
                router.route(&challenge::metadata_path(&path), tell)
            }
            None => router,
        }
    }
}

/// A loopback address that is listened on; nobody is answered yet.
pub struct Listening {
    listener: TcpListener,
    addr: SocketAddr,
}

impl Listening {
    /// Takes a loopback address; port 0 picks a free one.
    ///
    /// # Errors
    /// [`ServeError`], when the address is not loopback or cannot be listened on.
    pub async fn at(addr: SocketAddr) -> Result<Self, ServeError> {
        if !addr.ip().is_loopback() {
            return Err(ServeError::NotLoopback(addr));
        }
        let listening = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::PortInUse(addr),
            _ => ServeError::Listen { addr, source },
        };
        let listener = TcpListener::bind(addr).await.map_err(listening)?;
        let addr = listener.local_addr().map_err(listening)?;
        Ok(Self { listener, addr })
    }

    /// Where.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers with a router until `stop` is cancelled.
    #[must_use]
    pub fn answer(self, router: Router, stop: CancellationToken) -> HttpServer {
        let until = stop.clone().cancelled_owned();
        let peers = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(self.listener, peers).with_graceful_shutdown(until);
        HttpServer { addr: self.addr, stop, task: tokio::spawn(async move { serving.await }) }
    }
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
