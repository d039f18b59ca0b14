//! `POST /webhook/onboarding`: a deal was won; the account's run is committed before the sender hears of it.
//!
//! Body: `{"account_id", "opportunity_id"?, "correlation_id"?}`; other fields are ignored, so that a sender may send what
//! it has. Signed as Standard Webhooks say, or with `X-Hub-Signature-256`: that one names no event, so the body must
//! name a correlation id. An event for an account whose run is live is answered with that run.

use super::{Delivery, Policy, Refusal, Signed, Turned};
use crate::serve::known::Sought;
use crate::serve::queue::Place;
use crate::serve::{Problem, Service};
use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use gangway_coordinator::{new_run, summary_of};
use gangway_durable::EngineError;
use gangway_intake::onboarding::{Event, Headers};
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::run::{RunRequest, Trigger};
use gangway_protocol::tools::onboarding::RunSummary;
use gangway_protocol::{AccountId, CorrelationId, RunId, RunRecord};
use gangway_store::{InboundEvent, Receipt, Received, StoreError};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const JSON: &str = "application/json";
/// Longest `?wait=`, in seconds: below what proxies and senders usually wait.
const LONGEST_WAIT: u64 = 60;

/// Who sent an event and under which id it is remembered.
struct Believed {
    sender: String,
    event_id: String,
    event: Event,
}

/// An event of somebody who is believed.
pub(super) struct Arrived<'a> {
    pub sender: &'a str,
    pub asked: Event,
    pub event: InboundEvent,
}

/// An event that is taken in.
pub(super) enum Admitted {
    /// Not seen before; its run has a place in the line.
    New(Place),
    /// It came before; this is what was said then.
    Repeat(Receipt),
}

/// An event that is committed.
pub(super) struct Kept {
    receipt: Receipt,
    /// What it is answered with came from an earlier delivery.
    is_repeat: bool,
}

/// The handler.
pub async fn receive(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let wait = match wait(query.as_deref()) {
        Ok(wait) => wait,
        Err(problem) => return problem.into_response(),
    };
    let delivery = Delivery { service: &service, webhook: "webhook.onboarding", peer: peer.ip(), headers };
    let kept = match take_in(&delivery, body).await {
        Ok(kept) => kept,
        Err(turned) => return delivery.refuse(turned).await,
    };
    let rested = match wait {
        Some(wait) => service.at_rest(&kept.receipt.run_id, wait).await,
        None => None,
    };
    let mut response = match rested {
        Some(record) => (StatusCode::OK, Json(answer(&kept.receipt, Some(&record)))).into_response(),
        None => (StatusCode::ACCEPTED, Json(answer(&kept.receipt, None))).into_response(),
    };
    if let Ok(location) = HeaderValue::try_from(status_url(&kept.receipt)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if kept.is_repeat {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}

/// `?wait=SECONDS`; other parameters are not ours.
fn wait(query: Option<&str>) -> Result<Option<Duration>, Problem> {
    let given = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("wait="));
    let Some(given) = given else { return Ok(None) };
    match given.parse() {
        Ok(seconds @ 0..=LONGEST_WAIT) => Ok(Some(Duration::from_secs(seconds))),
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            format!("wait is a number of seconds from 0 to {LONGEST_WAIT}"),
        )),
    }
}

async fn take_in(delivery: &Delivery<'_>, body: Body) -> Result<Kept, Turned> {
    let policy = delivery.service.intake.policy();
    if policy.webhook_keys.is_empty() {
        return Err(Refusal::NoSecret("serve.webhook_secrets").into());
    }
    let body = delivery.body(&policy, JSON, body).await?;
    let now = Timestamp::now();
    let believed = believe(delivery, &policy, &body, now)?;
    let event = InboundEvent {
        source: format!("onboarding/{}", believed.sender),
        event_id: believed.event_id,
        body_digest: digest_bytes(&body),
        received_at: now,
    };
    let asked = Event { trace: Some(delivery.trace()), ..believed.event };
    let arrived = Arrived { sender: &believed.sender, asked, event };
    let turned = Turned::away(&believed.sender);
    let admitted = admit(delivery.service, &arrived).await.map_err(&turned)?;
    keep(delivery.service, arrived, admitted).await.map_err(turned)
}

/// Who sent it, then what it says: nothing of an unsigned body is read.
fn believe(
    delivery: &Delivery<'_>,
    policy: &Policy,
    body: &[u8],
    now: Timestamp,
) -> Result<Believed, Turned> {
    let headers = Headers {
        id: delivery.header("webhook-id")?,
        timestamp: delivery.header("webhook-timestamp")?,
        signatures: delivery.header("webhook-signature")?,
        hub: delivery.header("x-hub-signature-256")?,
    };
    let proof = headers
        .proof(body, &policy.webhook_keys, now)
        .map_err(|why| Refusal::Disbelieved(why, Signed::AsWebhooksAre))?;
    let (event, event_id) = proof.event(body).map_err(Refusal::from).map_err(Turned::away(proof.sender))?;
    Ok(Believed { sender: proof.sender.to_owned(), event_id, event })
}

/// Whether an event is taken in. A repeat is answered from one row of the store, and neither its sender's tokens nor a
/// place in the line nor Salesforce are asked for it: who sends again after an answer was lost must get it.
pub(super) async fn admit(service: &Service, arrived: &Arrived<'_>) -> Result<Admitted, Refusal> {
    let Arrived { sender, asked, event } = arrived;
    match service.installation.store().intake().find(event).await {
        Ok(None | Some(Received::First(_))) => {}
        Ok(Some(Received::Repeated(receipt))) => return Ok(Admitted::Repeat(receipt)),
        Ok(Some(Received::Conflict)) => return Err(Refusal::IdReused),
        Err(error) => return Err(Refusal::NotKept(error.with_cause())),
    }
    service.intake.policy().rates.accept(sender).map_err(Refusal::TooMany)?;
    let place = service.queue.reserve().ok_or(Refusal::QueueFull)?;
    let sought = Sought { account_id: &asked.account_id, trace: asked.trace.as_ref() };
    match service.is_unknown(sought).await {
        true => Err(Refusal::UnknownAccount(asked.account_id.clone())),
        false => Ok(Admitted::New(place)),
    }
}

/// Commits run and event, and lines the run up.
pub(super) async fn keep(
    service: &Arc<Service>,
    arrived: Arrived<'_>,
    admitted: Admitted,
) -> Result<Kept, Refusal> {
    let Arrived { asked, event, .. } = arrived;
    let place = match admitted {
        Admitted::New(place) => place,
        Admitted::Repeat(receipt) => return Ok(Kept { receipt, is_repeat: true }),
    };
    let request = RunRequest {
        account_id: asked.account_id,
        opportunity_id: asked.opportunity_id,
        correlation_id: asked.correlation_id.unwrap_or_else(|| CorrelationId::from_uuid(Uuid::now_v7())),
        as_of: None,
        trigger: Trigger::Webhook,
        requested_by: format!("webhook {}", event.source),
    };
    let record =
        new_run(request, event.received_at, Uuid::now_v7(), service.engine.versions()).within(asked.trace);
    // In a task of its own: a sender that goes away between commit and line would leave its run to the next start.
    let committing = Arc::clone(service);
    let kept = service.tasks.spawn(async move { commit(&committing, record, event, place).await });
    kept.await.unwrap_or_else(|error| Err(Refusal::NotKept(error.to_string())))
}

async fn commit(
    service: &Service,
    record: RunRecord,
    event: InboundEvent,
    place: Place,
) -> Result<Kept, Refusal> {
    match service.engine.durable().submit_event(record, event).await {
        Ok(Received::First(receipt)) => {
            if receipt.started {
                service.queue.push(receipt.run_id.clone(), Some(place));
            }
            Ok(Kept { receipt, is_repeat: false })
        }
        Ok(Received::Repeated(receipt)) => Ok(Kept { receipt, is_repeat: true }),
        Ok(Received::Conflict) => Err(Refusal::IdReused),
        Err(EngineError::Store(StoreError::CorrelationTaken { .. })) => Err(Refusal::CorrelationTaken),
        Err(error) => Err(Refusal::NotKept(format!("{:#}", anyhow::Error::from(error)))),
    }
}

fn status_url(receipt: &Receipt) -> String {
    format!("/api/runs/{}", receipt.run_id)
}

/// What the sender of a committed event is told.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Taken {
    /// The run that the event leads to.
    run_id: RunId,
    /// Its account.
    account_id: AccountId,
    /// The correlation id that leads to the run.
    correlation_id: CorrelationId,
    /// Whether the event started the run, or met one that was there already.
    started: bool,
    /// Where the run is read, with an API key.
    status_url: String,
    /// The run, when it came to rest while the sender waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunSummary>,
}

fn answer(receipt: &Receipt, rested: Option<&RunRecord>) -> Taken {
    Taken {
        run_id: receipt.run_id.clone(),
        account_id: receipt.account_id.clone(),
        correlation_id: receipt.correlation_id.clone(),
        started: receipt.started,
        status_url: status_url(receipt),
        run: rested.map(summary_of),
    }
}
