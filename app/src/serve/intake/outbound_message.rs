//! `POST /webhook/salesforce`: a Salesforce Outbound Message (SOAP) for orgs that cannot run Apex.
//!
//! It carries no signature. It is heard only when an organization id is configured, and believed only when it names that
//! organization: put it behind an allow-list of Salesforce's addresses, or mutual TLS. `<Ack>true</Ack>` is said only when
//! every notification in it is committed; otherwise Salesforce sends all of them again, and a notification's id makes
//! that harmless.

use super::onboarding::keep;
use super::{Delivery, Refusal, Turned};
use crate::serve::Service;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use gangway_intake::onboarding::Event;
use gangway_intake::outbound_message::read;
use gangway_protocol::canonical::digest_bytes;
use gangway_store::{InboundEvent, Received};
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
        Ok(()) => {
            service.installation.crash_points().reach("intake.acknowledging", SENDER);
            (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], ACK).into_response()
        }
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
    let turned = Turned::away(SENDER);
    for notification in notifications {
        let event = InboundEvent {
            source: SENDER.to_owned(),
            // The id of the notification is the same in every delivery; the message around it is not.
            body_digest: digest_bytes(notification.opportunity_id.as_str().as_bytes()),
            event_id: notification.id,
            received_at: Timestamp::now(),
        };
        // A repeat does not count: else a message of more notifications than the limit would never be committed whole.
        if is_kept(delivery.service, &event).await.map_err(&turned)? {
            continue;
        }
        policy.rates.accept(SENDER).map_err(|wait| turned(Refusal::TooMany(wait)))?;
        let asked = Event {
            account_id: notification.account_id,
            opportunity_id: Some(notification.opportunity_id),
            correlation_id: None,
            trace: delivery.trace(),
        };
        keep(delivery.service, asked, event).await.map_err(&turned)?;
    }
    Ok(())
}

/// Whether an earlier delivery of it was committed.
async fn is_kept(service: &Service, event: &InboundEvent) -> Result<bool, Refusal> {
    match service.installation.store().intake().find(event).await {
        Ok(Some(Received::Conflict)) => Err(Refusal::IdReused),
        Ok(found) => Ok(found.is_some()),
        Err(error) => Err(Refusal::NotKept(error.with_cause())),
    }
}
