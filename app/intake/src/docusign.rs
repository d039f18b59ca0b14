//! DocuSign Connect: an envelope changed. The event is a hint, believed only as one: what the contract is now is read
//! from DocuSign.

use crate::{Doubt, Object};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Events that may turn a contract into an executed one.
const TELLING: [&str; 2] = ["envelope-completed", "recipient-completed"];

/// What Connect says of an envelope, as far as we read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// What happened, such as `envelope-completed`.
    pub event: String,
    /// When Connect made the event.
    pub generated_date_time: String,
    /// Of what.
    #[serde(deserialize_with = "Object::only")]
    pub data: Envelope,
}

/// The envelope it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// DocuSign's id of it.
    pub envelope_id: String,
}

impl Event {
    /// Reads a body whose sender is believed.
    ///
    /// # Errors
    /// [`Doubt::Unreadable`].
    pub fn read(body: &[u8]) -> Result<Self, Doubt> {
        serde_json::from_slice(body)
            .map(|Object(event)| event)
            .map_err(|error| Doubt::unreadable(&format!("this is no DocuSign Connect event: {error}")))
    }

    /// Connect signs no time and names no event: envelope, kind and time of making together are the event.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{} {} {}", self.data.envelope_id, self.event, self.generated_date_time)
    }

    /// Whether the contracts are worth a look now.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        TELLING.contains(&self.event.as_str())
    }
}
