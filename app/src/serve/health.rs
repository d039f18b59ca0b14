//! `/healthz`: the process answers. `/readyz`: it can work, i.e. its store can be read and it is not stopping.

use super::intake::Refusal;
use super::{Problem, Service};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use gangway_store::RunFilter;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn routes() -> Router<Arc<Service>> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn ready(State(service): State<Arc<Service>>) -> Result<Json<Value>, Problem> {
    if service.stop.is_cancelled() {
        return Err(Refusal::Stopping.problem());
    }
    let probe = RunFilter { limit: 1, ..RunFilter::default() };
    match service.installation.store().runs().list(probe).await {
        Ok(_) => Ok(Json(json!({ "status": "ok", "waiting_runs": service.queue.length() }))),
        Err(error) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the store cannot be read: {}", error.with_cause()),
        )),
    }
}
