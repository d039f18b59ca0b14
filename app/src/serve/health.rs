//! `/healthz`: the process answers. `/readyz`: it can work, i.e. its store can be read and it is not stopping; and whether its
//! audit is sealed, which stops nothing but wants somebody to look.

use super::intake::Refusal;
use super::{Problem, Service};
use crate::schedule::{JobName, failure_of};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use gangway_store::{RunFilter, StoreError};
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
    match look(&service).await {
        Ok(found) => Ok(Json(found)),
        Err(error) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the store cannot be read: {}", error.with_cause()),
        )),
    }
}

async fn look(service: &Service) -> Result<Value, StoreError> {
    let store = service.installation.store();
    store.runs().list(RunFilter { limit: 1, ..RunFilter::default() }).await?;
    // Why it is not is for those who may read the schedule: it names places of this machine.
    let audit = match failure_of(store, JobName::Audit).await? {
        None => "sealed",
        Some(_) => "not sealed: gangway schedule list says why",
    };
    Ok(json!({ "status": "ok", "waiting_runs": service.queue.length(), "audit": audit }))
}
