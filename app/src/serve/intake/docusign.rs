//! `POST /webhook/docusign`: DocuSign Connect says that an envelope changed; the Contract Agent looks again at the runs
//! that a contract blocks.
//!
//! The event is believed only as a hint: what the contract is now is read from DocuSign. The look is asked of the
//! schedule's own timer, which survives a crash; the event is remembered after that, so a lost one is asked for twice at worst.

use super::{Delivery, Refusal, Signed, Turned};
use crate::schedule::JobName;
use crate::serve::Service;
use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use gangway_intake::Disbelief;
use gangway_intake::docusign::Event;
use gangway_intake::signature::is_docusign;
use gangway_protocol::canonical::digest_bytes;
use gangway_store::InboundEvent;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

const SENDER: &str = "docusign";
/// Connect sends one signature header for each active key; an account has few.
const MOST_SIGNATURES: usize = 10;
/// The handler.
pub async fn receive(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let delivery = Delivery { service: &service, webhook: "webhook.docusign", peer: peer.ip(), headers };
    match take_in(&delivery, body).await {
        Ok(answer) => Json(answer).into_response(),
        Err(turned) => delivery.refuse(turned).await,
    }
}

async fn take_in(delivery: &Delivery<'_>, body: Body) -> Result<Value, Turned> {
    let policy = delivery.service.intake.policy();
    if policy.docusign_keys.is_empty() {
        return Err(Refusal::NoSecret("serve.docusign_keys").into());
    }
    let body = delivery.body(&policy, "application/json", body).await?;
    let signatures: Vec<&str> = (1..=MOST_SIGNATURES)
        .filter_map(|number| delivery.headers.get(format!("x-docusign-signature-{number}"))?.to_str().ok())
        .collect();
    if signatures.is_empty() {
        return Err(Refusal::Disbelieved(Disbelief::Unsigned, Signed::ByDocuSign).into());
    }
    if !is_docusign(&signatures, &body, &policy.docusign_keys) {
        return Err(Refusal::Disbelieved(Disbelief::Wrong, Signed::ByDocuSign).into());
    }
    policy.rates.accept(SENDER).map_err(|wait| Turned::away(SENDER)(Refusal::TooMany(wait)))?;
    let event = Event::read(&body).map_err(|doubt| Turned::away(SENDER)(doubt.into()))?;
    act(delivery.service, event, &body).await.map_err(Turned::away(SENDER))
}

async fn act(service: &Service, event: Event, body: &[u8]) -> Result<Value, Refusal> {
    let store = service.installation.store();
    let now = Timestamp::now();
    let event_id = event.id();
    let not_kept = |error: gangway_store::StoreError| Refusal::NotKept(error.with_cause());
    if store.intake().is_noted(SENDER, &event_id).await.map_err(not_kept)? {
        return Ok(json!({ "status": "repeated" }));
    }
    if event.is_telling() {
        store.timers().ask(JobName::Contracts.name(), now).await.map_err(not_kept)?;
        service.installation.crash_points().reach("schedule.asked", JobName::Contracts.name());
    }
    let noted = InboundEvent {
        source: SENDER.to_owned(),
        event_id,
        body_digest: digest_bytes(body),
        received_at: now,
    };
    store.intake().note(noted).await.map_err(not_kept)?;
    service.installation.crash_points().reach("intake.committed", SENDER);
    Ok(json!({ "status": if event.is_telling() { "contracts are looked at" } else { "nothing to do" } }))
}
