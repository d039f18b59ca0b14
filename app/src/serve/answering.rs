//! The place just before the answer to whatever asked for a change: what is committed, and not yet said.
//!
//! Around every page, so that none can be forgotten: webhooks, Slack's buttons, the HTTP API, MCP. Reads have no such
//! place: asked again, they answer again.

use super::Service;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

/// Reaches `answering:PAGE` before a change is answered, be it with a refusal.
pub async fn reached(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let changed = (request.method() == Method::POST)
        .then(|| request.extensions().get::<MatchedPath>().cloned())
        .flatten();
    let response = next.run(request).await;
    if let Some(page) = changed {
        service.installation.crash_points().reach("answering", page.as_str());
    }
    response
}
