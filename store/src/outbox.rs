//! The outbox: messages to receivers that know no idempotency key. Claimed → sent, failed, or UNKNOWN; never repeated silently.
//!
//! It sends nothing itself.

mod message;

use crate::codec::{from_json, to_json, to_time};
use crate::filter::Filter;
use crate::instance::Liveness;
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::{CorrelationId, RunId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};
use uuid::Uuid;

pub use message::{Channel, NewMessage, OutboxClaim, OutboxFilter, OutboxMessage, OutboxState};

const TABLE: &str = "outbox";

/// The outbox of a store.
#[derive(Debug, Clone, Copy)]
pub struct Outbox<'a>(pub(crate) &'a Store);

impl Outbox<'_> {
    /// Claims a message. A message that failed may be claimed again.
    ///
    /// One that this instance or a dead one left claimed becomes UNKNOWN. So the caller must make sure that nothing in
    /// this process is sending the same key at the moment; the idempotency claim around the tool call does.
    ///
    /// # Errors
    /// Nothing was claimed: the message must not be sent.
    pub async fn claim(self, message: NewMessage) -> Result<OutboxClaim, StoreError> {
        let body = to_json(&message.body)?;
        let liveness = self.0.liveness().clone();
        // Each path writes with one statement.
        self.0
            .write(Shape::OneStatement, move |connection| {
                let Some(found) = find(connection, &message)? else {
                    return insert(connection, &message, &body, liveness.own()).map(OutboxClaim::Fresh);
                };
                let message_id = found.message_id;
                match found.state {
                    OutboxState::Sent => Ok(OutboxClaim::Sent { message_id, reference: found.reference }),
                    OutboxState::Unknown => Ok(OutboxClaim::Unknown { message_id }),
                    OutboxState::Failed => {
                        claim_again(connection, &message, &body, liveness.own())?;
                        Ok(OutboxClaim::Fresh(message_id))
                    }
                    OutboxState::Claimed => {
                        let is_others = found.instance != **liveness.own();
                        // A living neighbour may still say how it ended.
                        if !(is_others && liveness.is_alive(&found.instance)) {
                            lose(connection, &message_id)?;
                        }
                        Ok(OutboxClaim::Unknown { message_id })
                    }
                }
            })
            .await
    }

    /// The receiver took it.
    ///
    /// # Errors
    /// [`StoreError::NotWaiting`] when the message is neither claimed nor unknown.
    pub async fn sent(self, message_id: &str, reference: Option<&str>) -> Result<(), StoreError> {
        self.settle(message_id, OutboxState::Sent, reference, None).await
    }

    /// The receiver's answer was lost.
    ///
    /// # Errors
    /// As [`Outbox::sent`].
    pub async fn unknown(self, message_id: &str, why: &str) -> Result<(), StoreError> {
        self.settle(message_id, OutboxState::Unknown, None, Some(why)).await
    }

    /// It certainly did not arrive.
    ///
    /// # Errors
    /// As [`Outbox::sent`].
    pub async fn failed(self, message_id: &str, why: &str) -> Result<(), StoreError> {
        self.settle(message_id, OutboxState::Failed, None, Some(why)).await
    }

    async fn settle(
        self,
        message_id: &str,
        state: OutboxState,
        reference: Option<&str>,
        why: Option<&str>,
    ) -> Result<(), StoreError> {
        let message_id = message_id.to_owned();
        let (reference, why) = (reference.map(str::to_owned), why.map(str::to_owned));
        self.0
            .write(Shape::OneStatement, move |connection| {
                let changed = connection
                    .prepare_cached(
                        "UPDATE outbox SET state = ?2, reference = ?3, why = ?4 \
                         WHERE message_id = ?1 AND state IN ('claimed', 'unknown')",
                    )?
                    .execute(params![message_id, state.name(), reference, why])?;
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
            .select(
                "SELECT message_id, key, channel, target, body, run_id, correlation_id, state, attempts, \
                 claimed_us, reference, why FROM outbox",
                "seq DESC",
                filter.limit,
            );
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(&sql)?;
                let mut rows = select.query(params_from_iter(values))?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(message(row)?);
                }
                Ok(found)
            })
            .await
    }
}

/// What dead processes were sending is UNKNOWN; nobody else will come to say so. Runs once at opening.
pub(crate) fn lose_abandoned(connection: &Connection, liveness: &Liveness) -> Result<(), StoreError> {
    let mut select = connection
        .prepare("SELECT message_id, instance FROM outbox WHERE state <> 'sent' AND state = 'claimed'")?;
    let claimed: Vec<(String, String)> =
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (message_id, instance) in claimed {
        if !liveness.is_alive(&instance) {
            lose(connection, &message_id)?;
        }
    }
    Ok(())
}

struct Found {
    message_id: String,
    state: OutboxState,
    instance: String,
    reference: Option<String>,
}

fn find(connection: &Connection, message: &NewMessage) -> Result<Option<Found>, StoreError> {
    let row: Option<(String, String, String, Option<String>)> = connection
        .prepare_cached(
            "SELECT message_id, state, instance, reference FROM outbox WHERE channel = ?1 AND key = ?2",
        )?
        .query_row([message.channel.name(), message.key.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    row.map(|(message_id, state, instance, reference)| {
        Ok(Found { message_id, state: state_named(&state)?, instance, reference })
    })
    .transpose()
}

fn insert(
    connection: &Connection,
    message: &NewMessage,
    body: &str,
    own: &str,
) -> Result<String, StoreError> {
    let message_id = format!("msg-{}", id_of(message.at).simple());
    connection
        .prepare_cached(
            "INSERT INTO outbox (message_id, channel, key, target, body, run_id, correlation_id, state, instance, \
             attempts, claimed_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'claimed', ?8, 1, ?9)",
        )?
        .execute(params![
            message_id,
            message.channel.name(),
            message.key.as_str(),
            message.target,
            body,
            message.run_id.as_ref().map(RunId::as_str),
            message.correlation_id.as_ref().map(CorrelationId::as_str),
            own,
            message.at.as_microsecond(),
        ])?;
    Ok(message_id)
}

/// Sorts by the time handed in; the rest is random.
fn id_of(at: Timestamp) -> Uuid {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    let nanoseconds = u32::try_from(at.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds))
}

fn claim_again(
    connection: &Connection,
    message: &NewMessage,
    body: &str,
    own: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE outbox SET state = 'claimed', attempts = attempts + 1, why = NULL, target = ?3, body = ?4, \
             instance = ?5, claimed_us = ?6 WHERE channel = ?1 AND key = ?2",
        )?
        .execute(params![
            message.channel.name(),
            message.key.as_str(),
            message.target,
            body,
            own,
            message.at.as_microsecond(),
        ])?;
    Ok(())
}

fn lose(connection: &Connection, message_id: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE outbox SET state = 'unknown', why = ?2 WHERE message_id = ?1")?
        .execute([message_id, "the process that was sending it ended before it saw an answer"])?;
    Ok(())
}

fn message(row: &Row<'_>) -> Result<OutboxMessage, StoreError> {
    let channel: String = row.get(2)?;
    let channel = Channel::ALL
        .into_iter()
        .find(|known| known.name() == channel)
        .ok_or_else(|| StoreError::Row { table: TABLE, reason: format!("unknown channel {channel}") })?;
    Ok(OutboxMessage {
        message_id: row.get(0)?,
        key: row.get(1)?,
        channel,
        target: row.get(3)?,
        body: from_json(TABLE, row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?)?,
        run_id: row.get(5)?,
        correlation_id: row.get(6)?,
        state: state_named(row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)?)?,
        attempts: row.get(8)?,
        claimed_at: to_time(TABLE, row.get(9)?)?,
        reference: row.get(10)?,
        why: row.get(11)?,
    })
}

fn state_named(name: &str) -> Result<OutboxState, StoreError> {
    OutboxState::ALL
        .into_iter()
        .find(|known| known.name() == name)
        .ok_or_else(|| StoreError::Row { table: TABLE, reason: format!("unknown state {name}") })
}
