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
    const ALL: [Self; 3] = [Self::Slack, Self::Mail, Self::Page];

    pub(super) fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == text)
    }

    /// Its name in the store and in crash points.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Mail => "mail",
            Self::Page => "page",
        }
    }

    /// Whether the receiver recognises our key: a message of unknown fate may then simply be sent again.
    #[must_use]
    pub fn recognises_repeats(self) -> bool {
        match self {
            Self::Slack | Self::Mail => false,
            Self::Page => true,
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutboxState {
    /// Accepted and certainly not delivered; it waits for its next attempt.
    Queued,
    /// About to be handed over, or being handed over: the only state in which a crash leaves doubt.
    Sending,
    /// The receiver took it.
    Sent,
    /// It may or may not have arrived. Slack is asked; of a mail a person finds out.
    Unknown,
    /// It did not arrive and is not tried again by itself.
    Dead,
    /// A person decided that it is not to be sent.
    Dropped,
}

impl OutboxState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Sending, Self::Sent, Self::Unknown, Self::Dead, Self::Dropped];

    /// Its name in the store, in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
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
    /// Now.
    pub at: Timestamp,
}

/// Leave to hand one message over, once. Whoever has it says how that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// The message.
    pub message_id: String,
    /// Which attempt this is, from 1, since `since`.
    pub attempt: u32,
    /// When it was accepted, or put back by a person.
    pub since: Timestamp,
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxClaim {
    /// The caller hands it over now, then says how that ended.
    Fresh(Sending),
    /// It was sent before.
    Sent {
        /// The message.
        message_id: String,
        /// The receiver's reference, when it gave one.
        reference: Option<String>,
    },
    /// It waits for a later attempt, or a living process is handing it over.
    Waiting {
        /// The message.
        message_id: String,
    },
    /// It may have been sent before. It must not be sent again.
    Unknown {
        /// The message.
        message_id: String,
    },
    /// A person decided that it is not to be sent.
    Dropped {
        /// The message.
        message_id: String,
    },
}

/// How handing a message over ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendEnd {
    /// The receiver took it.
    Sent {
        /// The receiver's reference.
        reference: String,
    },
    /// The answer was lost.
    Unknown {
        /// In words.
        why: String,
    },
    /// It certainly did not arrive and is tried again.
    Later {
        /// In words.
        why: String,
        /// Not before this.
        due: Timestamp,
    },
    /// It certainly did not arrive and is not tried again by itself.
    Dead {
        /// In words.
        why: String,
    },
}

/// Who handed a message over, and so whether somebody else must be told how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deliverer {
    /// The call that wanted it sent; it has the answer.
    Caller,
    /// A round of the outbox, later; what hangs on the delivery is still to be done.
    Round,
}

/// A queued message taken for delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// Leave to hand it over.
    pub sending: Sending,
    /// The message.
    pub message: OutboxMessage,
    /// What is sent.
    pub body: Value,
}

/// What a person says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxVerdict {
    /// It arrived.
    Delivered,
    /// It is not to be sent.
    Drop,
    /// It is to be sent (again), as new.
    Retry,
}

impl OutboxVerdict {
    /// Whether it may be said of a message in this state.
    #[must_use]
    pub fn fits(self, state: OutboxState) -> bool {
        match state {
            OutboxState::Unknown | OutboxState::Dead => true,
            OutboxState::Queued => matches!(self, Self::Drop | Self::Retry),
            OutboxState::Sending | OutboxState::Sent | OutboxState::Dropped => false,
        }
    }

    /// What it makes of the message, for `it cannot be …`.
    pub(super) fn wanted(self) -> &'static str {
        match self {
            Self::Delivered => "called delivered",
            Self::Drop => "dropped",
            Self::Retry => "sent again",
        }
    }
}

/// A message and how it stands. What it says is asked for by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessage {
    /// Its place in the list.
    pub seq: i64,
    /// Its id.
    pub message_id: String,
    /// The key it is sent under.
    pub key: String,
    /// How it travels.
    pub channel: Channel,
    /// Its receiver; empty once forgotten.
    pub target: String,
    /// The run it belongs to.
    pub run_id: Option<String>,
    /// The correlation id it carries.
    pub correlation_id: Option<String>,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was handed over since `since`.
    pub attempts: u32,
    /// When it was accepted, or put back by a person.
    pub since: Timestamp,
    /// When it was handed over last.
    pub tried_at: Timestamp,
    /// When it is tried, or looked for, next; means nothing once it is settled.
    pub due_at: Timestamp,
    /// When it was sent, given up or dropped.
    pub settled_at: Option<Timestamp>,
    /// The receiver's reference, once sent.
    pub reference: Option<String>,
    /// Why it stands as it does.
    pub why: Option<String>,
}

/// Which messages to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxFilter {
    /// Only in this state.
    pub state: Option<OutboxState>,
    /// Only this run's.
    pub run_id: Option<RunId>,
    /// Older than this place.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl Default for OutboxFilter {
    fn default() -> Self {
        Self { state: None, run_id: None, before: None, limit: 100 }
    }
}
