//! Delivers a message once: claimed in the outbox, handed to its channel, then sent, failed or UNKNOWN.
//!
//! A message whose answer was lost is UNKNOWN: an answer, not an error, and never sent again by itself. What is a
//! definite refusal and what may have arrived anyway is each channel's knowledge.

use gangway_governance::Call;
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::tools::notify::{Delivery, DeliveryStatus};
use gangway_protocol::{ApiError, ErrorType, IdempotencyKey};
use gangway_store::{Channel, NewMessage, OutboxClaim, Store, StoreError};
use jiff::Timestamp;
use serde_json::Value;

/// How one attempt to hand a message over ended.
pub(crate) enum Attempt {
    /// The channel took it and calls it so.
    Delivered(String),
    /// It was written and the answer was lost.
    Lost(String),
    /// It certainly did not arrive; of a page, that its answer may have been lost.
    Refused(ApiError),
}

/// What a claimed message of unknown fate means for a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// The receiver cannot tell a repeat: it is not sent again.
    Never,
    /// The receiver recognises the key: sending again is harmless.
    Harmless,
}

/// What the outbox says of a message.
enum Claimed {
    /// It is to be sent now.
    Send(String),
    /// It had its end before.
    Ended(Delivery),
}

/// A message about to be delivered.
pub(crate) struct Outgoing {
    pub channel: Channel,
    pub key: IdempotencyKey,
    pub target: String,
    /// What the outbox keeps: enough to see, or to send, the message later. No secret.
    pub body: Value,
}

/// Delivers messages through the outbox.
#[derive(Clone)]
pub(crate) struct Courier {
    store: Store,
    crash: CrashPoints,
    clock: fn() -> Timestamp,
}

impl Courier {
    pub(crate) fn new(store: Store, crash: CrashPoints, clock: fn() -> Timestamp) -> Self {
        Self { store, crash, clock }
    }

    /// Delivers once. The delivery runs in a task of its own: a caller whose deadline ends does not leave a message
    /// behind that was sent but not recorded.
    pub(crate) async fn deliver<F>(
        &self,
        call: Call,
        message: Outgoing,
        send: F,
    ) -> Result<Delivery, ApiError>
    where
        F: Future<Output = Attempt> + Send + 'static,
    {
        let courier = self.clone();
        let broken =
            call.error(ErrorType::ServerError, "DELIVERY_BROKEN", "the delivery ended without an answer");
        let task = tokio::spawn(async move { courier.carry(&call, message, send).await });
        task.await.unwrap_or(Err(broken))
    }

    async fn carry(
        &self,
        call: &Call,
        message: Outgoing,
        send: impl Future<Output = Attempt>,
    ) -> Result<Delivery, ApiError> {
        let channel = message.channel;
        let message_id = match self.claim(call, message).await? {
            Claimed::Send(message_id) => message_id,
            Claimed::Ended(earlier) => return Ok(earlier),
        };
        self.crash.reach("outbox.claimed", channel.name());
        let attempt = send.await;
        self.crash.reach("outbox.delivered", channel.name());
        let outbox = self.store.outbox();
        let unrecorded = |error: StoreError| unavailable(call, &error);
        match attempt {
            Attempt::Delivered(reference) => {
                outbox.sent(&message_id, Some(&reference)).await.map_err(unrecorded)?;
                Ok(Delivery { message_id, status: DeliveryStatus::Sent, reference: Some(reference) })
            }
            Attempt::Lost(why) => {
                tracing::warn!(message_id, channel = channel.name(), "the answer to a message was lost");
                outbox.unknown(&message_id, &why).await.map_err(unrecorded)?;
                Ok(Delivery { message_id, status: DeliveryStatus::Unknown, reference: None })
            }
            Attempt::Refused(error) => {
                outbox.failed(&message_id, &error.to_string()).await.map_err(unrecorded)?;
                Err(match channel {
                    Channel::Slack | Channel::Mail => error.unsent(),
                    // A lost answer of the pager is among its refusals, because it recognises a repeat.
                    Channel::Page => error,
                })
            }
        }
    }

    /// Claims the message in the outbox.
    async fn claim(&self, call: &Call, message: Outgoing) -> Result<Claimed, ApiError> {
        let repeat = match message.channel {
            Channel::Slack | Channel::Mail => Repeat::Never,
            Channel::Page => Repeat::Harmless,
        };
        let new = NewMessage {
            key: message.key,
            channel: message.channel,
            target: message.target,
            body: message.body,
            run_id: call.run_id.clone(),
            correlation_id: call.correlation_id.clone(),
            at: (self.clock)(),
        };
        let claim = self.store.outbox().claim(new).await;
        let claim = claim.map_err(|error| unavailable(call, &error).unsent())?;
        Ok(match (claim, repeat) {
            (OutboxClaim::Fresh(message_id), _) | (OutboxClaim::Unknown { message_id }, Repeat::Harmless) => {
                Claimed::Send(message_id)
            }
            (OutboxClaim::Sent { message_id, reference }, _) => {
                Claimed::Ended(Delivery { message_id, status: DeliveryStatus::Sent, reference })
            }
            (OutboxClaim::Unknown { message_id }, Repeat::Never) => {
                Claimed::Ended(Delivery { message_id, status: DeliveryStatus::Unknown, reference: None })
            }
        })
    }
}

/// The outbox could not be read or written.
fn unavailable(call: &Call, error: &StoreError) -> ApiError {
    call.error(ErrorType::ServerError, "STORE_UNAVAILABLE", &error.with_cause())
}
