//! The outbox: messages to receivers that know no idempotency key. Queued → sending → sent, unknown, queued again or
//! dead; a person may drop one. Never repeated silently, never lost silently.
//!
//! It sends nothing itself. What a caller does with a message is here; what the delivering rounds do in `round`, what a
//! person says in `verdict`.

mod message;
mod round;
mod row;
mod verdict;

use crate::codec::{to_json, to_time};
use crate::filter::Filter;
use crate::instance::Liveness;
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::{CorrelationId, IdempotencyKey, RunId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use serde_json::Value;
use uuid::Uuid;

pub use message::{
    Channel, Deliverer, Due, NewMessage, OutboxClaim, OutboxFilter, OutboxMessage, OutboxState,
    OutboxVerdict, SendEnd, Sending,
};
pub(crate) use round::lose_abandoned;

const TABLE: &str = "outbox";
const LOST: &str = "the process that was sending it ended before it saw an answer";

/// The outbox of a store.
#[derive(Debug, Clone, Copy)]
pub struct Outbox<'a>(pub(crate) &'a Store);

impl Outbox<'_> {
    /// Takes a message in and claims it for sending, in one commit. One that is due, or dead, is claimed again with what
    /// is handed in now: nothing of it was delivered.
    ///
    /// One that a dead process was sending becomes UNKNOWN; a page is claimed again, for its receiver knows the key.
    ///
    /// # Errors
    /// Nothing was claimed: the message must not be sent.
    pub async fn claim(self, message: NewMessage) -> Result<OutboxClaim, StoreError> {
        let body = to_json(&message.body)?;
        let liveness = self.0.liveness().clone();
        self.0.write(Shape::Several, move |connection| claim(connection, &message, &body, &liveness)).await
    }

    /// Records how handing over ended.
    ///
    /// # Errors
    /// [`StoreError::NotWaiting`] when this process is not sending it.
    pub async fn settle(
        self,
        message_id: &str,
        end: SendEnd,
        by: Deliverer,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let message_id = message_id.to_owned();
        let own = self.0.liveness().own().to_string();
        self.0
            .write(Shape::OneStatement, move |connection| {
                let (state, reference, why, due) = match end {
                    SendEnd::Sent { reference } => (OutboxState::Sent, Some(reference), None, at),
                    SendEnd::Unknown { why } => (OutboxState::Unknown, None, Some(why), at),
                    SendEnd::Later { why, due } => (OutboxState::Queued, None, Some(why), due),
                    SendEnd::Dead { why } => (OutboxState::Dead, None, Some(why), at),
                };
                let settled = matches!(state, OutboxState::Sent | OutboxState::Dead).then(|| at.as_microsecond());
                // Whoever gave the message up, an operator is to hear of it.
                let follow_up = match (state, by) {
                    (OutboxState::Dead, _) | (OutboxState::Sent, Deliverer::Round) => 1,
                    _ => 0,
                };
                let changed = connection
                    .prepare_cached(
                        "UPDATE outbox SET state = ?3, reference = ?4, why = ?5, due_us = ?6, settled_us = ?7, \
                         follow_up = ?8 WHERE message_id = ?1 AND instance = ?2 AND state = 'sending'",
                    )?
                    .execute(params![
                        message_id,
                        own,
                        state.name(),
                        reference,
                        why,
                        due.as_microsecond(),
                        settled,
                        follow_up
                    ])?;
                if changed == 0 { Err(StoreError::NotWaiting { message_id }) } else { Ok(()) }
            })
            .await
    }

    /// Messages, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(self, filter: OutboxFilter) -> Result<Vec<OutboxMessage>, StoreError> {
        let (sql, values) = Filter::default()
            .and("state = ?", filter.state.map(|state| state.name().to_owned()))
            .and("run_id = ?", filter.run_id.map(String::from))
            .and("seq < ?", filter.before)
            .select(row::SELECT, "seq DESC", filter.limit);
        self.0.read(move |connection| row::messages(connection, &sql, params_from_iter(values))).await
    }

    /// The message of that id.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(self, message_id: &str) -> Result<Option<OutboxMessage>, StoreError> {
        let message_id = message_id.to_owned();
        self.0.read(move |connection| row::by_id(connection, &message_id)).await
    }

    /// The message of that key.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of_key(
        self,
        channel: Channel,
        key: &IdempotencyKey,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        let key = key.clone();
        self.0
            .read(move |connection| {
                let sql = format!("{} WHERE channel = ?1 AND key = ?2", row::SELECT);
                Ok(row::messages(connection, &sql, [channel.name(), key.as_str()])?.pop())
            })
            .await
    }

    /// What a message says; none once it is forgotten.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn body(self, message_id: &str) -> Result<Option<Value>, StoreError> {
        let message_id = message_id.to_owned();
        self.0.read(move |connection| row::body(connection, &message_id)).await
    }
}

fn claim(
    connection: &Connection,
    message: &NewMessage,
    body: &str,
    liveness: &Liveness,
) -> Result<OutboxClaim, StoreError> {
    let Some(found) = find(connection, message)? else {
        return insert(connection, message, body, liveness.own()).map(OutboxClaim::Fresh);
    };
    let message_id = found.message_id;
    let again = |message_id: String, attempt: u32, since: Timestamp| {
        let sending = Sending { message_id, attempt, since };
        claim_again(connection, message, body, &sending, liveness.own())?;
        Ok(OutboxClaim::Fresh(sending))
    };
    match found.state {
        OutboxState::Sent => Ok(OutboxClaim::Sent { message_id, reference: found.reference }),
        OutboxState::Dropped => Ok(OutboxClaim::Dropped { message_id }),
        OutboxState::Dead => again(message_id, 1, message.at),
        OutboxState::Queued if found.due_us <= message.at.as_microsecond() => {
            again(message_id, found.attempts + 1, found.since)
        }
        OutboxState::Queued => Ok(OutboxClaim::Waiting { message_id }),
        OutboxState::Sending if liveness.is_alive(&found.instance) => Ok(OutboxClaim::Waiting { message_id }),
        OutboxState::Sending | OutboxState::Unknown if message.channel.recognises_repeats() => {
            again(message_id, found.attempts + 1, found.since)
        }
        OutboxState::Sending => {
            lose(connection, &message_id, OutboxState::Unknown)?;
            Ok(OutboxClaim::Unknown { message_id })
        }
        OutboxState::Unknown => Ok(OutboxClaim::Unknown { message_id }),
    }
}

struct Found {
    message_id: String,
    state: OutboxState,
    instance: String,
    reference: Option<String>,
    attempts: u32,
    since: Timestamp,
    due_us: i64,
}

fn find(connection: &Connection, message: &NewMessage) -> Result<Option<Found>, StoreError> {
    type Columns = (String, String, String, Option<String>, u32, i64, i64);
    let row: Option<Columns> = connection
        .prepare_cached(
            "SELECT message_id, state, instance, reference, attempts, since_us, due_us FROM outbox \
             WHERE channel = ?1 AND key = ?2",
        )?
        .query_row([message.channel.name(), message.key.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        })
        .optional()?;
    row.map(|(message_id, state, instance, reference, attempts, since_us, due_us)| {
        let (state, since) = (row::state_named(&state)?, to_time(TABLE, since_us)?);
        Ok(Found { message_id, state, instance, reference, attempts, since, due_us })
    })
    .transpose()
}

fn insert(
    connection: &Connection,
    message: &NewMessage,
    body: &str,
    own: &str,
) -> Result<Sending, StoreError> {
    let message_id = format!("msg-{}", id_of(message.at).simple());
    connection
        .prepare_cached(
            "INSERT INTO outbox (message_id, channel, key, target, run_id, correlation_id, state, instance, \
             attempts, since_us, tried_us, due_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'sending', ?7, 1, ?8, ?8, ?8)",
        )?
        .execute(params![
            message_id,
            message.channel.name(),
            message.key.as_str(),
            message.target,
            message.run_id.as_ref().map(RunId::as_str),
            message.correlation_id.as_ref().map(CorrelationId::as_str),
            own,
            message.at.as_microsecond(),
        ])?;
    connection
        .prepare_cached("INSERT INTO outbox_bodies (seq, body) VALUES (?1, ?2)")?
        .execute(params![connection.last_insert_rowid(), body])?;
    Ok(Sending { message_id, attempt: 1, since: message.at })
}

/// Sorts by the time handed in; the rest is random.
fn id_of(at: Timestamp) -> Uuid {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    let nanoseconds = u32::try_from(at.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds))
}

/// The message becomes the one handed in now, of the run that hands it in.
fn claim_again(
    connection: &Connection,
    message: &NewMessage,
    body: &str,
    sending: &Sending,
    own: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE outbox SET state = 'sending', attempts = ?2, since_us = ?3, tried_us = ?4, due_us = ?4, \
             settled_us = NULL, why = NULL, follow_up = 0, instance = ?5, target = ?6, run_id = ?7, \
             correlation_id = ?8 WHERE message_id = ?1",
        )?
        .execute(params![
            sending.message_id,
            sending.attempt,
            sending.since.as_microsecond(),
            message.at.as_microsecond(),
            own,
            message.target,
            message.run_id.as_ref().map(RunId::as_str),
            message.correlation_id.as_ref().map(CorrelationId::as_str),
        ])?;
    connection
        .prepare_cached(
            "INSERT INTO outbox_bodies (seq, body) SELECT seq, ?2 FROM outbox WHERE message_id = ?1 \
             ON CONFLICT (seq) DO UPDATE SET body = excluded.body",
        )?
        .execute([&sending.message_id, body])?;
    Ok(())
}

fn lose(connection: &Connection, message_id: &str, state: OutboxState) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE outbox SET state = ?2, why = ?3 WHERE message_id = ?1 AND state = 'sending'")?
        .execute([message_id, state.name(), LOST])?;
    Ok(())
}
