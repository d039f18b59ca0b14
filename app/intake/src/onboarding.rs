//! An onboarding event: a deal was won.
//!
//! Signed as Standard Webhooks say, or with `X-Hub-Signature-256`: that one names no event, so the body must name a
//! correlation id. Other fields of a body are ignored, so that a sender may send what it has.

use crate::signature::{Disbelief, Key, Standard, hub_sender};
use crate::{Doubt, Object};
use gangway_protocol::{AccountId, CorrelationId, OpportunityId, TraceParent};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest `webhook-id`.
pub const LONGEST_ID: usize = 256;

/// The headers that say who sent a body, each if it is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers<'a> {
    /// `webhook-id`
    pub id: Option<&'a str>,
    /// `webhook-timestamp`
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`
    pub signatures: Option<&'a str>,
    /// `x-hub-signature-256`
    pub hub: Option<&'a str>,
}

/// What a believed signature proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof<'a> {
    /// Whose key made it.
    pub sender: &'a str,
    /// The event's id, where the scheme names one.
    pub id: Option<&'a str>,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Whose deal was won.
    pub account_id: AccountId,
    /// Which deal, if it says so; the newest won one when absent.
    pub opportunity_id: Option<OpportunityId>,
    /// What the sender calls the matter: the same again gives the same run. Needed with X-Hub-Signature-256, which names no event.
    pub correlation_id: Option<CorrelationId>,
    /// The trace its sender's request is part of: a header, not a field.
    #[serde(skip)]
    pub trace: Option<TraceParent>,
}

impl<'a> Headers<'a> {
    /// Who sent this body. Nothing of it is read before that is known.
    ///
    /// # Errors
    /// [`Disbelief`].
    pub fn proof(&self, body: &[u8], keys: &'a [Key], now: Timestamp) -> Result<Proof<'a>, Disbelief> {
        let Some(signatures) = self.signatures else {
            let signature = self.hub.ok_or(Disbelief::Unsigned)?;
            return Ok(Proof { sender: hub_sender(signature, body, keys)?, id: None });
        };
        let id = self.id.ok_or(Disbelief::Malformed)?;
        let timestamp = self.timestamp.ok_or(Disbelief::Malformed)?;
        let sender = Standard { id, timestamp, signatures }.sender(body, keys, now)?;
        let is_usable =
            (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        Ok(Proof { sender, id: Some(is_usable.then_some(id).ok_or(Disbelief::Malformed)?) })
    }
}

impl Proof<'_> {
    /// The event of the body that this proves, and the id it is remembered by.
    ///
    /// # Errors
    /// [`Doubt::Unreadable`].
    pub fn event(&self, body: &[u8]) -> Result<(Event, String), Doubt> {
        let Object(event): Object<Event> = serde_json::from_slice(body).map_err(|error| {
            Doubt::unreadable(&format!(
                "the body is not an event {{\"account_id\", \"opportunity_id\"?, \"correlation_id\"?}}: {error}"
            ))
        })?;
        let id = match (self.id, &event.correlation_id) {
            (Some(id), _) => id.to_owned(),
            (None, Some(correlation)) => format!("correlation {correlation}"),
            (None, None) => {
                return Err(Doubt::unreadable(
                    "an event signed with X-Hub-Signature-256 must name a correlation_id, by which a repeat is known",
                ));
            }
        };
        Ok((event, id))
    }
}
