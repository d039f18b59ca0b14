//! A message ready for its channel: what is handed over, and how one attempt can end. Knows no outbox.

use crate::Channels;
use crate::mail::Mailer;
use crate::mail::compose::Mail;
use crate::pager::Pager;
use crate::slack::Slack;
use gangway_protocol::redact::{Email, Personal};
use gangway_protocol::tools::notify::SendEmailArgs;
use gangway_protocol::{ApiError, ErrorType, IdempotencyKey, System};
use gangway_store::{Channel, OutboxMessage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// How one attempt to hand a message over ended.
pub(crate) enum Attempt {
    /// The channel took it and calls it so.
    Delivered(String),
    /// It was written and the answer was lost.
    Lost(String),
    /// It certainly did not arrive, or a repeat is harmless; another attempt may help.
    Later(ApiError),
    /// It certainly did not arrive, and would not at another attempt.
    Refused(ApiError),
}

impl Attempt {
    /// Sorts an error of which it is certain that nothing was delivered.
    pub(crate) fn undelivered(error: ApiError) -> Self {
        if error.retryable { Self::Later(error) } else { Self::Refused(error) }
    }
}

/// A message with the channel that takes it. Clones are the same message.
#[derive(Clone)]
pub(crate) enum Parcel {
    /// For a Slack channel.
    Slack(Arc<Slack>, Arc<Value>),
    /// For a mail address.
    Mail(Arc<Mailer>, Arc<Mail>),
    /// For whoever is on call.
    Page(Arc<Pager>, Arc<Value>),
}

/// What the outbox keeps of a mail.
#[derive(Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) subject: Personal,
    pub(crate) text: Personal,
    #[serde(default)]
    pub(crate) html: Option<Personal>,
}

impl Parcel {
    /// The message as the outbox kept it; the caller has made sure that its channel is configured.
    pub(crate) fn unpack(
        channels: &Channels,
        message: &OutboxMessage,
        body: Value,
    ) -> Result<Self, ApiError> {
        let unreadable = |why: &str| {
            ApiError::new(System::Notify, ErrorType::Validation, "deliver_due", "UNREADABLE_MESSAGE", why)
        };
        let absent = || unreadable("its channel is not configured");
        match message.channel {
            Channel::Slack => Ok(Self::Slack(channels.slack.clone().ok_or_else(absent)?, Arc::new(body))),
            Channel::Page => Ok(Self::Page(channels.pager.clone().ok_or_else(absent)?, Arc::new(body))),
            Channel::Mail => {
                let mailer = channels.mailer.clone().ok_or_else(absent)?;
                let letter: Letter =
                    serde_json::from_value(body).map_err(|error| unreadable(&error.to_string()))?;
                let key =
                    IdempotencyKey::parse(&message.key).map_err(|error| unreadable(&error.to_string()))?;
                let args = SendEmailArgs {
                    to: Email::parse(&message.target).map_err(|error| unreadable(&error.to_string()))?,
                    subject: letter.subject,
                    text: letter.text,
                    html: letter.html,
                    idempotency_key: key.clone(),
                    once_key: None,
                };
                let mail = mailer.compose(&args, &key)?;
                Ok(Self::Mail(mailer, Arc::new(mail)))
            }
        }
    }

    /// One attempt.
    pub(crate) async fn hand_over(&self) -> Attempt {
        match self {
            Self::Slack(slack, message) => slack.post(message).await,
            Self::Mail(mailer, mail) => mailer.hand_over(mail).await,
            Self::Page(pager, event) => pager.trigger(event).await,
        }
    }
}
