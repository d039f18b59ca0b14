//! `POST /webhook/salesforce`: a Salesforce Outbound Message (SOAP) for orgs that cannot run Apex.
//!
//! It carries no signature. It is heard only when an organization id is configured, and believed only when it names that
//! organization: put it behind an allow-list of Salesforce's addresses, or mutual TLS. `<Ack>true</Ack>` is said only when
//! every notification in it is committed; otherwise Salesforce sends all of them again, for a day, and a notification's id
//! makes that harmless. One that is refused keeps no other from being committed. That holds for an account nobody knows
//! too: the org itself named it, so most likely our user may not see it, and once it may the next delivery is taken in;
//! acknowledged, the won deal would be gone.

use super::onboarding::{Arrived, admit, keep};
use super::{Delivery, Refusal, Turned};
use crate::serve::Service;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::future::join_all;
use gangway_intake::onboarding::Event;
use gangway_intake::outbound_message::{Notification, read};
use gangway_protocol::canonical::digest_bytes;
use gangway_store::InboundEvent;
use jiff::Timestamp;
use std::net::SocketAddr;
use std::sync::Arc;

const SENDER: &str = "salesforce";
const ACK: &str = r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>"#;

/// The handler.
pub async fn receive(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let delivery = Delivery { service: &service, webhook: "webhook.salesforce", peer: peer.ip(), headers };
    match take_in(&delivery, body).await {
        Ok(()) => (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], ACK).into_response(),
        Err(turned) => delivery.refuse(turned).await,
    }
}

async fn take_in(delivery: &Delivery<'_>, body: Body) -> Result<(), Turned> {
    let policy = delivery.service.intake.policy();
    let Some(organization) = &policy.organization_id else {
        return Err(Refusal::NoSecret("serve.salesforce_organization_id").into());
    };
    let body = delivery.body(&policy, "text/xml", body).await?;
    let notifications = read(&body, organization).map_err(Refusal::from)?;
    let arrived: Vec<Arrived<'_>> =
        notifications.into_iter().map(|notification| arrived(delivery, notification)).collect();
    // Looked at together, so that their accounts are one question; committed in their order.
    let admitted = join_all(arrived.iter().map(|arrived| admit(delivery.service, arrived))).await;
    let mut refused = Vec::new();
    for (arrived, admitted) in arrived.into_iter().zip(admitted) {
        let kept = match admitted {
            Ok(admitted) => keep(delivery.service, arrived, admitted).await.map(drop),
            Err(refusal) => Err(refusal),
        };
        refused.extend(kept.err().map(Turned::away(SENDER)));
    }
    // The answer is one for all of them: that of the last, once the others are on record.
    let Some(last) = refused.pop() else { return Ok(()) };
    for turned in &refused {
        delivery.put_on_record(turned).await;
    }
    Err(last)
}

fn arrived(delivery: &Delivery<'_>, notification: Notification) -> Arrived<'static> {
    let event = InboundEvent {
        source: SENDER.to_owned(),
        // The id of the notification is the same in every delivery; the message around it is not.
        body_digest: digest_bytes(notification.opportunity_id.as_str().as_bytes()),
        event_id: notification.id,
        received_at: Timestamp::now(),
    };
    let asked = Event {
        account_id: notification.account_id,
        opportunity_id: Some(notification.opportunity_id),
        correlation_id: None,
        trace: Some(delivery.trace()),
    };
    Arrived { sender: SENDER, asked, event }
}
