//! A Salesforce Outbound Message (SOAP): opportunities were won, told by orgs that cannot run Apex.
//!
//! It carries no signature: it is believed only when it names the organization that was configured, and needs an
//! allow-list of Salesforce's addresses, or mutual TLS, in front of it.

use crate::{Disbelief, Doubt};
use gangway_protocol::{AccountId, OpportunityId};
use roxmltree::{Document, Node};

/// A message carries at most 100 notifications (Salesforce, SOAP API: Outbound Messaging).
const MOST: usize = 100;
/// Longest id of a notification; Salesforce's have 18 characters.
const LONGEST_ID: usize = 256;

/// One notification: an opportunity was won.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Salesforce's id of the notification, the same in every delivery.
    pub id: String,
    /// Whose deal was won.
    pub account_id: AccountId,
    /// Which deal.
    pub opportunity_id: OpportunityId,
}

/// The notifications of a message of this organization: 1 to 100. A document type, and with it any entity, is refused by
/// the parser.
///
/// # Errors
/// Another organization's is disbelieved; what is no such message is unreadable.
pub fn read(body: &[u8], organization: &str) -> Result<Vec<Notification>, Doubt> {
    let unreadable =
        |why: &str| Doubt::unreadable(&format!("this is no Outbound Message of an opportunity: {why}"));
    let text = std::str::from_utf8(body).map_err(|error| unreadable(&error.to_string()))?;
    let document = Document::parse(text).map_err(|error| unreadable(&error.to_string()))?;
    let message = document
        .descendants()
        .find(|node| node.tag_name().name() == "notifications")
        .ok_or_else(|| unreadable("it has no notifications"))?;
    // An id of 15 characters and the same of 18 name one organization.
    let named = child(message, "OrganizationId").ok_or_else(|| unreadable("it names no organization"))?;
    if named.get(..15) != organization.get(..15) || named.len() < 15 {
        return Err(Doubt::Disbelieved(Disbelief::Wrong));
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
        id: child(node, "Id").filter(|id| (1..=LONGEST_ID).contains(&id.len()))?.to_owned(),
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

    use super::{Disbelief, Doubt, read};

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
        let read = read(message("00D8Z000001abcdUAA", "").as_bytes(), "00D8Z000001abcd").unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].id, "04l8Z00000ABCDEQA4");
        assert_eq!(read[0].account_id.as_str(), "0018Z00003ACMEQQA5");
    }

    #[test]
    fn another_organization_is_not_believed() {
        let refused = read(message("00D8Z000001abceUAA", "").as_bytes(), "00D8Z000001abcd").unwrap_err();
        assert_eq!(refused, Doubt::Disbelieved(Disbelief::Wrong));
        assert!(read(message("00D", "").as_bytes(), "00D").is_err());
    }

    #[test]
    fn entities_are_refused_not_expanded() {
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>"#;
        assert!(matches!(
            read(message("00D8Z000001abcd", bomb).as_bytes(), "00D8Z000001abcd"),
            Err(Doubt::Unreadable(_))
        ));
    }

    #[test]
    fn a_notification_without_an_id_is_not_remembered_under_a_blank() {
        for id in [" ", &"4".repeat(257)] {
            let message = message("00D8Z000001abcd", "").replace("04l8Z00000ABCDEQA4", id);
            assert!(matches!(read(message.as_bytes(), "00D8Z000001abcd"), Err(Doubt::Unreadable(_))));
        }
    }

    #[test]
    fn what_is_said_of_an_odd_message_is_bounded() {
        let Err(Doubt::Unreadable(why)) = read(format!("<a>&{};</a>", "b".repeat(9_000)).as_bytes(), "00D")
        else {
            unreachable!("an unknown entity is refused")
        };
        assert!(why.chars().count() < 600, "{why}");
    }
}
