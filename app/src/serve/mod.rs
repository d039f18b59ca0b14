//! `gangway serve`: what a running service is made of, put together in one place.
//!
//! Each part is a file or folder with a `routes` function; nothing here decides anything.

mod accept;
mod answering;
mod api;
mod demo;
mod drain;
mod guard;
mod health;
mod host;
pub mod intake;
mod known;
mod life;
mod mcp;
mod problem;
pub mod queue;
pub mod settings;
mod state;

pub use api::{masked, masks};
pub use life::run;
pub use problem::Problem;
pub use state::Service;

use crate::listening::body;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use std::sync::Arc;

/// Everything the service answers. Webhooks prove who sends them, and health is nobody's secret; the rest can be reached
/// by a web page in somebody's browser, so names and origins are checked there.
fn router(service: &Arc<Service>, hosts: host::Hosts, mcp: Router) -> Router {
    let guarded = (Arc::new(hosts), Arc::clone(service));
    let browsed = Router::new()
        .merge(demo::routes())
        .merge(api::routes())
        .merge(mcp.with_state(()))
        .layer(from_fn_with_state(Arc::clone(service), drain::refuse_late))
        .layer(from_fn_with_state(guarded, host::check));
    Router::new()
        .merge(health::routes())
        .merge(intake::routes())
        .merge(browsed)
        .fallback(async || {
            Problem::not_found("there is no such page; GET /api/openapi.json describes what there is")
        })
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this page does not know this method; see the Allow header",
            )
        })
        .layer(from_fn_with_state(Arc::clone(service), in_time))
        .layer(from_fn_with_state(Arc::clone(service), answering::reached))
        .layer(from_fn_with_state(Arc::clone(service), drain::waited_for))
        .layer(from_fn(guard::contained))
        .with_state(Arc::clone(service))
}

/// As long as the configuration in force says.
async fn in_time(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    body::within(service.intake.policy().body_time(), request, next).await
}
