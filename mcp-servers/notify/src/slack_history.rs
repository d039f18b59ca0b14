//! Looks for a message of unknown fate in its Slack channel, by the key in its metadata.
//!
//! It answers "absent" only when everything posted since then was read; whatever leaves doubt (a missing scope, a channel
//! that cannot be read or named, too many messages) is "unclear".

use crate::slack::{EVENT_TYPE, Slack};
use gangway_governance::vendor::{VendorRequest, percent_encode};
use gangway_protocol::ApiError;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Slack advises at most 200 a page.
const PAGE: u32 = 200;
/// Pages read of a channel's history, and of the list of channels, before the search is given up as unclear.
const MOST_PAGES: usize = 20;
/// How far Slack's clock may be behind ours.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(60);

/// What the channel says.
pub(crate) enum Sight {
    /// It is there; its reference.
    Found(String),
    /// It is certainly not there now.
    Absent,
    /// It cannot be told, for this reason.
    Unclear(String),
}

#[derive(Deserialize)]
struct Channels {
    channels: Vec<Named>,
    #[serde(default)]
    response_metadata: Paging,
}

#[derive(Deserialize)]
struct Named {
    id: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct History {
    messages: Vec<Message>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    response_metadata: Paging,
}

#[derive(Default, Deserialize)]
struct Paging {
    #[serde(default)]
    next_cursor: String,
}

#[derive(Deserialize)]
struct Message {
    ts: String,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    event_type: String,
    #[serde(default)]
    event_payload: Payload,
}

#[derive(Default, Deserialize)]
struct Payload {
    #[serde(default)]
    idempotency_key: Option<String>,
}

impl Slack {
    /// Looks for the message of that key in what was posted since shortly before `tried`.
    pub(crate) async fn look_for(&self, channel: &str, key: &str, tried: Timestamp) -> Sight {
        let found = match self.channel_id(channel).await {
            Ok(Some(id)) => self.read_since(&id, key, tried).await,
            Ok(None) => return Sight::Unclear("its channel is not among those the bot can list".to_owned()),
            Err(error) => Err(error),
        };
        found.unwrap_or_else(|error| Sight::Unclear(error.to_string()))
    }

    /// History wants a channel's id, where a message may be posted to a name.
    async fn channel_id(&self, channel: &str) -> Result<Option<String>, ApiError> {
        let Some(name) = channel.strip_prefix('#') else {
            return Ok(Some(channel.to_owned()));
        };
        let mut cursor = String::new();
        for _ in 0..MOST_PAGES {
            let path = format!(
                "/api/conversations.list?exclude_archived=true&limit={PAGE}&cursor={}",
                percent_encode(&cursor)
            );
            let page: Channels = self.read("list_channels", path).await?;
            if let Some(found) = page.channels.into_iter().find(|known| known.name == name) {
                return Ok(Some(found.id));
            }
            cursor = page.response_metadata.next_cursor;
            if cursor.is_empty() {
                return Ok(None);
            }
        }
        Ok(None)
    }

    async fn read_since(&self, channel_id: &str, key: &str, tried: Timestamp) -> Result<Sight, ApiError> {
        let oldest = tried.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::UNIX_EPOCH).as_second();
        let mut cursor = String::new();
        for _ in 0..MOST_PAGES {
            let path = format!(
                "/api/conversations.history?channel={}&oldest={oldest}&inclusive=true&include_all_metadata=true&limit={PAGE}&cursor={}",
                percent_encode(channel_id),
                percent_encode(&cursor)
            );
            let page: History = self.read("read_history", path).await?;
            if let Some(found) = page.messages.iter().find(|message| message.is(key)) {
                return Ok(Sight::Found(format!("{channel_id}/{}", found.ts)));
            }
            cursor = page.response_metadata.next_cursor;
            match (page.has_more, cursor.is_empty()) {
                (false, true) => return Ok(Sight::Absent),
                (true, true) => return Ok(Sight::Unclear("Slack holds back part of the history".to_owned())),
                (_, false) => {}
            }
        }
        Ok(Sight::Unclear("too much was posted to the channel since".to_owned()))
    }

    async fn read<T: DeserializeOwned>(&self, operation: &'static str, path: String) -> Result<T, ApiError> {
        self.client().send_json(&VendorRequest::get(operation, path)).await
    }
}

impl Message {
    fn is(&self, key: &str) -> bool {
        self.metadata.as_ref().is_some_and(|metadata| {
            metadata.event_type == EVENT_TYPE
                && metadata.event_payload.idempotency_key.as_deref() == Some(key)
        })
    }
}
