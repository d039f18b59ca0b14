//! Between rows of the outbox and messages.

use super::TABLE;
use super::message::{Channel, OutboxMessage, OutboxState};
use crate::StoreError;
use crate::codec::{from_json, to_time};
use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use serde_json::Value;

/// The columns that [`message`] reads.
pub(super) const SELECT: &str = "SELECT message_id, key, channel, target, run_id, correlation_id, state, \
     attempts, since_us, tried_us, due_us, settled_us, reference, why, seq FROM outbox";

/// Every message that `tail` of the statement (its WHERE, ORDER, LIMIT) selects.
pub(super) fn messages(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<OutboxMessage>, StoreError> {
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(message(row)?);
    }
    Ok(found)
}

/// The message of that id.
pub(super) fn by_id(connection: &Connection, message_id: &str) -> Result<Option<OutboxMessage>, StoreError> {
    Ok(messages(connection, &format!("{SELECT} WHERE message_id = ?1"), [message_id])?.pop())
}

/// What a message says; none once forgotten.
pub(super) fn body(connection: &Connection, message_id: &str) -> Result<Option<Value>, StoreError> {
    let text: Option<String> = connection
        .prepare_cached(
            "SELECT body FROM outbox_bodies WHERE seq = (SELECT seq FROM outbox WHERE message_id = ?1)",
        )?
        .query_row([message_id], |row| row.get(0))
        .optional()?;
    text.map(|text| from_json(TABLE, &text)).transpose()
}

fn message(row: &Row<'_>) -> Result<OutboxMessage, StoreError> {
    let channel: String = row.get(2)?;
    let channel = Channel::named(&channel)
        .ok_or_else(|| StoreError::Row { table: TABLE, reason: format!("unknown channel {channel}") })?;
    let settled: Option<i64> = row.get(11)?;
    Ok(OutboxMessage {
        seq: row.get(14)?,
        message_id: row.get(0)?,
        key: row.get(1)?,
        channel,
        target: row.get(3)?,
        run_id: row.get(4)?,
        correlation_id: row.get(5)?,
        state: state_named(row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?)?,
        attempts: row.get(7)?,
        since: to_time(TABLE, row.get(8)?)?,
        tried_at: to_time(TABLE, row.get(9)?)?,
        due_at: to_time(TABLE, row.get(10)?)?,
        settled_at: settled.map(|micros| to_time(TABLE, micros)).transpose()?,
        reference: row.get(12)?,
        why: row.get(13)?,
    })
}

pub(super) fn state_named(name: &str) -> Result<OutboxState, StoreError> {
    OutboxState::named(name)
        .ok_or_else(|| StoreError::Row { table: TABLE, reason: format!("unknown state {name}") })
}
