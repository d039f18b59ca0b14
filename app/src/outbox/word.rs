//! A person's word on a message: the one way to say it, for the command line and for HTTP.
//!
//! What may be said of a message in which state is the store's matter; nothing is delivered here.

use gangway_protocol::Person;
use gangway_protocol::audit::AuditRecord;
use gangway_store::{OutboxMessage, OutboxState, OutboxVerdict, Store, StoreError};
use jiff::Timestamp;
use serde_json::json;
use std::fmt;

/// What a person says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It is to be sent again.
    Retry,
    /// It is to be sent again, and certainly did not arrive.
    RetryForItDidNotArrive,
    /// It arrived.
    Delivered,
    /// It is not to be sent any more.
    Drop,
}

/// Why a word was not taken.
#[derive(Debug)]
pub enum WordError {
    /// A message of unknown fate is not sent again on a mere wish.
    MayHaveArrived {
        /// The message.
        message_id: String,
        /// Its receiver.
        target: String,
    },
    /// There is no such message, its state does not fit, or the store cannot be used.
    Store(StoreError),
}

impl From<StoreError> for WordError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MayHaveArrived { message_id, target } => {
                write!(
                    f,
                    "{message_id} may have arrived: ask {target} first, and say so if it certainly did not"
                )
            }
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::MayHaveArrived { .. } => None,
            Self::Store(error) => error.source(),
        }
    }
}

/// Does what the person says and records it, in one commit.
pub async fn judge(
    store: &Store,
    by: &Person,
    message_id: &str,
    word: Word,
    reason: &str,
) -> Result<OutboxMessage, WordError> {
    if word == Word::Retry {
        let found = store.outbox().get(message_id).await?;
        if let Some(message) = found.filter(|message| message.state == OutboxState::Unknown) {
            return Err(WordError::MayHaveArrived { message_id: message.message_id, target: message.target });
        }
    }
    let (verdict, tool) = match word {
        Word::Retry | Word::RetryForItDidNotArrive => (OutboxVerdict::Retry, "outbox.retry"),
        Word::Delivered => (OutboxVerdict::Delivered, "outbox.settle_delivered"),
        Word::Drop => (OutboxVerdict::Drop, "outbox.settle_dropped"),
    };
    let at = Timestamp::now();
    let record =
        AuditRecord::done(tool, &by.actor(), json!({ "message_id": message_id }), at).because(reason);
    Ok(store.outbox().judge(message_id, verdict, at, record).await?)
}
