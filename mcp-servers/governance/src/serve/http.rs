//! MCP over streamable HTTP: stateless, JSON answers, callers recognised, `Host` and `Origin` checked, bodies bounded.
//!
//! No sessions are kept, so none can be exhausted or hijacked; legacy clients work without them. Where it is listened, how
//! many may be connected and how slow they may be is for whoever mounts it.

use super::challenge;
use super::door::{self, Door, Guarded};
use crate::governed::Governed;
use axum::routing::get;
use axum::{Json, Router};
use rmcp::handler::server::ServerHandler;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Arguments are at most 1 MiB, which JSON escapes may blow up.
const MAX_BODY_BYTES: usize = 4 << 20;
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
