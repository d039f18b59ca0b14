//! The HTTP API under `/api`: one file per kind of record, each endpoint a value with its types ([`endpoint`]), and the
//! OpenAPI document that follows from them.
//!
//! It reads the store, asks the engine and the governed tools; it decides nothing itself.

mod approvals;
mod caller;
mod document;
mod elsewhere;
mod endpoint;
mod events;
mod masked;
mod records;
mod runs;
mod tasks;
#[cfg(test)]
mod tests;
mod tool_calls;

pub use masked::{masked, masks};

use crate::pages::{self, cut};
use crate::serve::{Problem, Service};
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Json, Router};
use document::Content;
use endpoint::{Api, Nothing, Route};
use gangway_store::Direction;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// Longest body of a request.
const BODY_BYTES: usize = 64 * 1024;

/// Every route of the API, its document, and what says whether the service is well.
pub fn routes() -> Router<Arc<Service>> {
    let (router, document) = described();
    let document = Arc::new(document);
    let serve = get(async move || Json(Value::clone(&document)));
    router.route(DOCUMENT.path, serve).layer(DefaultBodyLimit::max(BODY_BYTES))
}

/// The document itself is open: it tells what there is, not what is in it.
const DOCUMENT: Route =
    Route::get("/api/openapi.json", "getDocument", "This document: OpenAPI 3.1, made from the code.")
        .by(None);

fn described() -> (Router<Arc<Service>>, Value) {
    let api = elsewhere::endpoints(Api::new().tell::<Nothing, Nothing, Nothing>(DOCUMENT, Content::object()));
    let api =
        events::endpoints(records::endpoints(tasks::endpoints(approvals::endpoints(runs::endpoints(api)))));
    api.finish()
}

/// Which end of a list comes first.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Order {
    /// The newest.
    Newest,
    /// The oldest.
    Oldest,
}

impl From<Order> for Direction {
    fn from(order: Order) -> Self {
        match order {
            Order::Newest => Self::NewestFirst,
            Order::Oldest => Self::OldestFirst,
        }
    }
}

/// The limit asked for, or the usual one.
fn limit_of(asked: Option<u32>, usual: u32) -> Result<u32, Problem> {
    match asked {
        None => Ok(usual),
        Some(limit) if (1..=200).contains(&limit) => Ok(limit),
        Some(limit) => Err(Problem::bad_request(format!("limit is {limit}; 1 to 200 are allowed"))),
    }
}

/// The place a cursor names.
fn place_of(cursor: &str) -> Result<i64, Problem> {
    pages::place_of(cursor).ok_or_else(|| {
        Problem::bad_request(format!("{cursor:?} is no cursor of ours: take `next` of the page before"))
    })
}
