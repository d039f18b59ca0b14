//! `POST /webhook/salesforce`: a Salesforce Outbound Message (SOAP) for orgs that cannot run Apex.
//!
//! It carries no signature. It is heard only when an organization id is configured, and believed only when it names that
//! organization: put it behind an allow-list of Salesforce's addresses, or mutual TLS. `<Ack>true</Ack>` is said only when
//! every notification in it is committed; otherwise Salesforce sends all of them again, and a notification's id makes
//! that harmless.

use super::onboarding::{Event, keep};
use super::signature::Disbelief;
use super::{Delivery, Refusal, Turned};
use crate::serve::Service;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::{AccountId, OpportunityId};
use gangway_store::InboundEvent;
use jiff::Timestamp;
use roxmltree::{Document, Node};
use std::net::SocketAddr;
use std::sync::Arc;

const SENDER: &str = "salesforce";
/// A message carries at most 100 notifications (Salesforce, SOAP API: Outbound Messaging).
const MOST: usize = 100;
const ACK: &str = r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>"#;

/// One notification: an opportunity was won.
#[derive(Debug, PartialEq, Eq)]
struct Notification {
    id: String,
    account_id: AccountId,
    opportunity_id: OpportunityId,
}

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
    let text = std::str::from_utf8(&body).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let notifications = read(text, organization)?;
    let turned = Turned::away(SENDER);
    for notification in notifications {
        policy.rates.accept(SENDER).map_err(|wait| turned(Refusal::TooMany(wait)))?;
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
            trace: delivery.trace(),
        };
        keep(delivery.service, asked, event).await.map_err(&turned)?;
    }
    Ok(())
}

/// The notifications of a message of this organization. A document type, and with it any entity, is refused by the parser.
fn read(text: &str, organization: &str) -> Result<Vec<Notification>, Refusal> {
    let unreadable =
        |why: &str| Refusal::Unreadable(format!("this is no Outbound Message of an opportunity: {why}"));
    let document = Document::parse(text).map_err(|error| unreadable(&error.to_string()))?;
    let message = document
        .descendants()
        .find(|node| node.tag_name().name() == "notifications")
        .ok_or_else(|| unreadable("it has no notifications"))?;
    // An id of 15 characters and the same of 18 name one organization.
    let named = child(message, "OrganizationId").ok_or_else(|| unreadable("it names no organization"))?;
    if named.get(..15) != organization.get(..15) || named.len() < 15 {
        return Err(Refusal::Disbelieved(Disbelief::Wrong));
    }
    let found: Vec<Node<'_, '_>> =
        message.children().filter(|node| node.tag_name().name() == "Notification").collect();
    if found.is_empty() || found.len() > MOST {
        return Err(unreadable("it has no notification, or too many"));
    }
    found
        .into_iter()
        .map(|node| {
            notification(node).ok_or_else(|| unreadable("a notification lacks Id, sObject Id or AccountId"))
        })
        .collect()
}

fn notification(node: Node<'_, '_>) -> Option<Notification> {
    let object = node.children().find(|node| node.tag_name().name() == "sObject")?;
    Some(Notification {
        id: child(node, "Id")?.to_owned(),
        account_id: AccountId::parse(child(object, "AccountId")?).ok()?,
        opportunity_id: OpportunityId::parse(child(object, "Id")?).ok()?,
    })
}

/// The text of a child element, whatever its prefix.
fn child<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.children().find(|node| node.tag_name().name() == name)?.text().map(str::trim)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{Disbelief, Refusal, read};

    fn message(organization: &str, head: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>{head}
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">
  <OrganizationId>{organization}</OrganizationId><ActionId>04k8Z0000000001</ActionId><SessionId xsi:nil="true"/>
  <Notification><Id>04l8Z00000ABCDEQA4</Id>
   <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
    <sf:Id>0068Z00001ACMEQQA5</sf:Id><sf:AccountId>0018Z00003ACMEQQA5</sf:AccountId></sObject></Notification>
 </notifications></soapenv:Body></soapenv:Envelope>"#
        )
    }

    #[test]
    fn a_message_of_our_organization_is_read() {
        let read = read(&message("00D8Z000001abcdUAA", ""), "00D8Z000001abcd").unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].id, "04l8Z00000ABCDEQA4");
        assert_eq!(read[0].account_id.as_str(), "0018Z00003ACMEQQA5");
    }

    #[test]
    fn another_organization_is_not_believed() {
        let refused = read(&message("00D8Z000001abceUAA", ""), "00D8Z000001abcd").unwrap_err();
        assert_eq!(refused, Refusal::Disbelieved(Disbelief::Wrong));
        assert!(read(&message("00D", ""), "00D").is_err());
    }

    #[test]
    fn entities_are_refused_not_expanded() {
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>"#;
        assert!(matches!(
            read(&message("00D8Z000001abcd", bomb), "00D8Z000001abcd"),
            Err(Refusal::Unreadable(_))
        ));
    }
}
