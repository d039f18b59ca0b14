//! What a message is, how it travels and where it stands. Plain values; the table is the parent's.

use gangway_protocol::{CorrelationId, IdempotencyKey, RunId};
use jiff::Timestamp;
use serde_json::Value;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A Slack message.
    Slack,
    /// A mail.
    Mail,
    /// A page to whoever is on call.
    Page,
}

impl Channel {
    pub(super) const ALL: [Self; 3] = [Self::Slack, Self::Mail, Self::Page];

    /// Its name in the store and in crash points.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Mail => "mail",
            Self::Page => "page",
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutboxState {
    /// Being sent.
    Claimed,
    /// The receiver took it.
    Sent,
    /// It may or may not have arrived; a person looks.
    Unknown,
    /// It did not arrive; it may be tried again.
    Failed,
}

impl OutboxState {
    pub(super) const ALL: [Self; 4] = [Self::Claimed, Self::Sent, Self::Unknown, Self::Failed];

    /// Its name in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

/// A message about to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// Same key on the same channel, same message.
    pub key: IdempotencyKey,
    /// How it travels.
    pub channel: Channel,
    /// Slack channel, mail address, or what else the channel calls its receiver.
    pub target: String,
    /// What is sent.
    pub body: Value,
    /// The run it belongs to.
    pub run_id: Option<RunId>,
    /// The correlation id it carries.
    pub correlation_id: Option<CorrelationId>,
    /// When it is claimed.
    pub at: Timestamp,
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxClaim {
    /// The caller sends it now, then says how that ended.
    Fresh(String),
    /// It was sent before.
    Sent {
        /// The message.
        message_id: String,
        /// The receiver's reference, when it gave one.
        reference: Option<String>,
    },
    /// It may have been sent before, or is being sent by another living process. It must not be sent again.
    Unknown {
        /// The message.
        message_id: String,
    },
}

/// A message and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxMessage {
    /// Its id.
    pub message_id: String,
    /// Idempotency key it was sent under.
    pub key: String,
    /// How it travels.
    pub channel: Channel,
    /// Its receiver.
    pub target: String,
    /// What is sent.
    pub body: Value,
    /// The run it belongs to.
    pub run_id: Option<String>,
    /// The correlation id it carries.
    pub correlation_id: Option<String>,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was claimed.
    pub attempts: u32,
    /// When it was claimed last.
    pub claimed_at: Timestamp,
    /// The receiver's reference, once sent.
    pub reference: Option<String>,
    /// Why it failed or is unknown.
    pub why: Option<String>,
}

/// Which messages to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxFilter {
    /// Only in this state.
    pub state: Option<OutboxState>,
    /// Only this run's.
    pub run_id: Option<RunId>,
    /// At most so many.
    pub limit: u32,
}

impl Default for OutboxFilter {
    fn default() -> Self {
        Self { state: None, run_id: None, limit: 100 }
    }
}
