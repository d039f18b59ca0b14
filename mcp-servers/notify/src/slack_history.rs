//! Looks for a message of unknown fate in its Slack channel, by the key in its metadata.
//!
//! It answers "absent" only when everything posted since then was read; whatever leaves doubt (a missing scope, a channel
//! that cannot be read or named, too many messages) is "unclear". When "then" was, is told by Slack's clock: the date of
//! its answer, less the time that passed here.

use crate::slack::{EVENT_TYPE, Slack};
use gangway_governance::vendor::reading::read_json;
use gangway_governance::vendor::{Answer, VendorRequest, percent_encode};
use gangway_protocol::{ApiError, System};
use gangway_store::OutboxMessage;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

const READ: &str = "read_history";

/// Slack advises at most 200 a page.
const PAGE: u32 = 200;
/// Pages read of a channel's history, and of the list of channels, before the search is given up as unclear.
const MOST_PAGES: usize = 20;
/// How far the two clocks may drift apart, or Slack's own date and message times differ, between attempt and look.
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
    /// Looks for a message in what was posted since shortly before it was handed over.
    pub(crate) async fn look_for(&self, message: &OutboxMessage, clock: fn() -> Timestamp) -> Sight {
        let found = match self.channel_id(&message.target).await {
            Ok(Some(id)) => self.read_back(&id, message, clock).await,
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
            let page: Channels = self.client().send_json(&VendorRequest::get("list_channels", path)).await?;
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

    /// Newest first, until what is older than the attempt.
    async fn read_back(
        &self,
        channel_id: &str,
        message: &OutboxMessage,
        clock: fn() -> Timestamp,
    ) -> Result<Sight, ApiError> {
        let (mut cursor, mut began) = (String::new(), None);
        for _ in 0..MOST_PAGES {
            let path = format!(
                "/api/conversations.history?channel={}&include_all_metadata=true&limit={PAGE}&cursor={}",
                percent_encode(channel_id),
                percent_encode(&cursor)
            );
            let answer = self.client().send(&VendorRequest::get(READ, path)).await?;
            let page: History = read_json(System::Notify, READ, &answer)?;
            if let Some(found) = page.messages.iter().find(|shown| shown.is(&message.key)) {
                return Ok(Sight::Found(format!("{channel_id}/{}", found.ts)));
            }
            let began = *began.get_or_insert_with(|| since(message.tried_at, clock(), dated(&answer)));
            let is_past = page.messages.iter().any(|shown| shown.seconds().is_some_and(|at| at < began));
            cursor = page.response_metadata.next_cursor;
            match (page.has_more, cursor.is_empty()) {
                _ if is_past => return Ok(Sight::Absent),
                (false, true) => return Ok(Sight::Absent),
                (true, true) => return Ok(Sight::Unclear("Slack holds back part of the history".to_owned())),
                (_, false) => {}
            }
        }
        Ok(Sight::Unclear("too much was posted to the channel since".to_owned()))
    }
}

/// Slack's time of an answer.
fn dated(answer: &Answer) -> Option<Timestamp> {
    let date = answer.headers.get(http::header::DATE)?.to_str().ok()?;
    rfc2822::parse(date).ok().map(|date| date.timestamp())
}

/// The second since which everything must be read, by Slack's clock: the earlier of what its clock and ours make of it,
/// since ours may have been set in between.
fn since(tried: Timestamp, now: Timestamp, slacks_now: Option<Timestamp>) -> i64 {
    let passed = now.duration_since(tried).max(SignedDuration::ZERO);
    let by_slack = slacks_now.and_then(|there| there.checked_sub(passed).ok());
    let earliest = by_slack.map_or(tried, |by_slack| by_slack.min(tried));
    earliest.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::UNIX_EPOCH).as_second()
}

impl Message {
    /// When it was posted.
    fn seconds(&self) -> Option<i64> {
        self.ts.split('.').next()?.parse().ok()
    }

    fn is(&self, key: &str) -> bool {
        self.metadata.as_ref().is_some_and(|metadata| {
            metadata.event_type == EVENT_TYPE
                && metadata.event_payload.idempotency_key.as_deref() == Some(key)
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::since;
    use jiff::Timestamp;

    #[test]
    fn everything_since_the_attempt_is_read_whichever_clock_is_wrong() {
        let at = |text: &str| format!("2026-03-01T{text}Z").parse::<Timestamp>().unwrap();
        let table = [
            // Both right; no date; Slack's an hour behind, an hour ahead; ours set back meanwhile.
            ("09:00:00", "09:10:00", Some("09:10:00"), "08:59:00"),
            ("09:00:00", "09:10:00", None, "08:59:00"),
            ("09:00:00", "09:10:00", Some("08:10:00"), "07:59:00"),
            ("09:00:00", "09:10:00", Some("10:10:00"), "08:59:00"),
            ("09:00:00", "08:10:00", Some("08:10:00"), "08:09:00"),
        ];
        for (tried, now, there, expected) in table {
            assert_eq!(
                since(at(tried), at(now), there.map(at)),
                at(expected).as_second(),
                "{tried} {now} {there:?}"
            );
        }
    }
}
