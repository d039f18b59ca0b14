//! Delivers a message: claimed in the outbox, handed to its channel, and its end recorded: sent, UNKNOWN, queued again or dead.
//!
//! A message whose answer was lost is UNKNOWN: an answer, not an error, and never sent again by itself. What certainly did
//! not arrive is queued; the call that wanted it sent waits a little for it, and the delivering rounds (`round`) do the rest.

use crate::parcel::{Attempt, Parcel};
use crate::schedule::{Schedule, later};
use gangway_governance::vendor::RetryPolicy;
use gangway_governance::{Call, Ours, trace};
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::tools::notify::{Delivery, DeliveryStatus};
use gangway_protocol::{ApiError, ErrorType, IdempotencyKey};
use gangway_store::{
    Channel, Deliverer, NewMessage, OutboxClaim, OutboxState, SendEnd, Sending, Store, StoreError,
};
use jiff::Timestamp;
use serde_json::Value;
use std::time::{Duration, Instant};

/// A message about to be delivered.
pub(crate) struct Outgoing {
    pub channel: Channel,
    pub key: IdempotencyKey,
    pub target: String,
    /// What the outbox keeps: enough to send the message later. No secret.
    pub body: Value,
}

/// How one attempt ended and was recorded.
pub(crate) enum Ended {
    Sent(String),
    Unknown,
    /// Queued, for an attempt after this wait.
    Queued(Duration),
    Dead(ApiError),
}

/// Delivers messages through the outbox.
#[derive(Clone)]
pub(crate) struct Courier {
    pub(crate) store: Store,
    pub(crate) crash: CrashPoints,
    pub(crate) clock: fn() -> Timestamp,
    pub(crate) schedule: Schedule,
    /// How often and how long a call itself waits for another attempt.
    pub(crate) patience: RetryPolicy,
}

impl Courier {
    /// Delivers once. The delivery runs in a task of its own: a caller whose deadline ends does not leave a message
    /// behind that was sent but not recorded.
    ///
    /// `room` waits until the channel takes one more message. That comes before the claim: what only waits for a
    /// connection when a process dies is not among the messages of unknown fate.
    pub(crate) async fn deliver<R: Send + 'static>(
        &self,
        call: Call,
        message: Outgoing,
        parcel: Parcel,
        room: impl Future<Output = R> + Send + 'static,
    ) -> Result<Delivery, ApiError> {
        let courier = self.clone();
        let broken =
            call.error(ErrorType::ServerError, "DELIVERY_BROKEN", "the delivery ended without an answer");
        let broken = broken.mended_by("IT/DevOps", "See gangway outbox list what became of the message");
        let carrying = async move { courier.carry(&call, message, &parcel, room).await };
        let task = tokio::spawn(trace::carried(carrying));
        task.await.unwrap_or(Err(broken))
    }

    /// The room is kept through the waits, because a server that asks for patience is not offered more mails meanwhile.
    async fn carry<R>(
        &self,
        call: &Call,
        message: Outgoing,
        parcel: &Parcel,
        room: impl Future<Output = R>,
    ) -> Result<Delivery, ApiError> {
        let asked = Instant::now();
        let channel = message.channel;
        let _room = room.await;
        let mut sending = match self.claim(call, message).await? {
            Ok(sending) => sending,
            Err(earlier) => return Ok(earlier),
        };
        let mut repeats = 0;
        loop {
            let ended = self.attempt(parcel, &sending, (channel, Deliverer::Caller), (self.clock)()).await;
            let message_id = sending.message_id.clone();
            match ended.map_err(|error| unavailable(call, &error))? {
                Ended::Sent(reference) => {
                    return Ok(delivery(message_id, DeliveryStatus::Sent, Some(reference)));
                }
                Ended::Unknown => return Ok(delivery(message_id, DeliveryStatus::Unknown, None)),
                Ended::Dead(error) => {
                    return Err(match channel {
                        Channel::Slack | Channel::Mail => error.unsent(),
                        // A lost answer of the pager is among its failures, because it recognises a repeat.
                        Channel::Page => error,
                    });
                }
                Ended::Queued(wait) if repeats < self.patience.retries && self.bears(asked, wait) => {
                    repeats += 1;
                    tokio::time::sleep(wait).await;
                }
                Ended::Queued(_) => return Ok(delivery(message_id, DeliveryStatus::Queued, None)),
            }
            let again = self.store.outbox().claim_queued(&message_id, (self.clock)()).await;
            match again.map_err(|error| unavailable(call, &error))? {
                Some(due) => sending = due.sending,
                // A delivering round was faster, or a person spoke.
                None => return self.standing(call, message_id).await,
            }
        }
    }

    /// Whether the call waits that long for the next attempt itself.
    fn bears(&self, asked: Instant, wait: Duration) -> bool {
        wait <= self.patience.longest_wait && asked.elapsed().saturating_add(wait) <= self.patience.total
    }

    /// Hands the message over once and records how that ended.
    pub(crate) async fn attempt(
        &self,
        parcel: &Parcel,
        sending: &Sending,
        (channel, by): (Channel, Deliverer),
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let message_id = sending.message_id.as_str();
        self.crash.reach("outbox.sending", channel.name());
        // A task of its own contains a panic: it may have come after the message was written.
        let handed = parcel.clone();
        let handed = tokio::spawn(trace::carried(async move { handed.hand_over().await })).await;
        let attempt = handed.unwrap_or_else(|_| Attempt::Lost("the attempt broke off".to_owned()));
        self.crash.reach("outbox.delivered", channel.name());
        let (end, ended) = match attempt {
            Attempt::Delivered(reference) => {
                (SendEnd::Sent { reference: reference.clone() }, Ended::Sent(reference))
            }
            Attempt::Lost(why) => {
                tracing::warn!(message_id, channel = channel.name(), "the answer to a message was lost");
                (SendEnd::Unknown { why }, Ended::Unknown)
            }
            Attempt::Later(error) => match self.schedule.wait(sending, &error, now) {
                Some(wait) => {
                    (SendEnd::Later { why: error.to_string(), due: later(now, wait) }, Ended::Queued(wait))
                }
                None => {
                    let why = format!("given up after {} attempts: {error}", sending.attempt);
                    (SendEnd::Dead { why }, Ended::Dead(error))
                }
            },
            Attempt::Refused(error) => (SendEnd::Dead { why: error.to_string() }, Ended::Dead(error)),
        };
        self.store.outbox().settle(message_id, end, by, now).await?;
        let place = match &ended {
            Ended::Queued(_) => "outbox.queued",
            Ended::Sent(_) | Ended::Unknown | Ended::Dead(_) => "outbox.recorded",
        };
        self.crash.reach(place, channel.name());
        Ok(ended)
    }

    /// Claims the message in the outbox; the answer it has already, when it is not to be sent now.
    async fn claim(&self, call: &Call, message: Outgoing) -> Result<Result<Sending, Delivery>, ApiError> {
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
        match claim.map_err(|error| unavailable(call, &error).unsent())? {
            OutboxClaim::Fresh(sending) => Ok(Ok(sending)),
            OutboxClaim::Sent { message_id, reference } => {
                Ok(Err(delivery(message_id, DeliveryStatus::Sent, reference)))
            }
            OutboxClaim::Waiting { message_id } => {
                Ok(Err(delivery(message_id, DeliveryStatus::Queued, None)))
            }
            OutboxClaim::Unknown { message_id } => {
                Ok(Err(delivery(message_id, DeliveryStatus::Unknown, None)))
            }
            OutboxClaim::Dropped { message_id } => Err(dropped(call, &message_id)),
        }
    }

    /// How a message stands that somebody else took up.
    async fn standing(&self, call: &Call, message_id: String) -> Result<Delivery, ApiError> {
        let found = self.store.outbox().get(&message_id).await.map_err(|error| unavailable(call, &error))?;
        let state = found.as_ref().map(|message| message.state);
        Ok(match state {
            Some(OutboxState::Sent) => {
                delivery(message_id, DeliveryStatus::Sent, found.and_then(|message| message.reference))
            }
            Some(OutboxState::Unknown) => delivery(message_id, DeliveryStatus::Unknown, None),
            Some(OutboxState::Dropped) => return Err(dropped(call, &message_id)),
            Some(OutboxState::Dead) => {
                let why = found.and_then(|message| message.why).unwrap_or_default();
                let dead = call.error(ErrorType::ServerError, "DEAD_LETTER", &why).unsent();
                return Err(dead.mended_by("Support Team", "Mend what it says, then gangway outbox retry"));
            }
            Some(OutboxState::Queued | OutboxState::Sending) | None => {
                delivery(message_id, DeliveryStatus::Queued, None)
            }
        })
    }
}

fn delivery(message_id: String, status: DeliveryStatus, reference: Option<String>) -> Delivery {
    Delivery { message_id, status, reference }
}

fn dropped(call: &Call, message_id: &str) -> ApiError {
    let text = format!("a person decided that {message_id} is not to be sent; gangway outbox show tells who");
    let dropped = call.error(ErrorType::Validation, "DROPPED", &text).unsent();
    dropped.mended_by("Caller", "Leave it; or send it anew with another key, if it is wanted after all")
}

/// The outbox could not be read or written.
fn unavailable(call: &Call, error: &StoreError) -> ApiError {
    call.failure(Ours::StoreUnavailable, &error.with_cause())
}
