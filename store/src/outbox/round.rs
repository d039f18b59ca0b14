//! What the delivering rounds ask of the outbox: what is due, what is in doubt, what hangs on a delivery.
//!
//! Nobody holds a message by a lease of time: a slow sender would be overtaken and the message doubled. A message that is
//! being sent belongs to its process for as long as that process lives, and is in doubt the moment it does not.

use super::message::{Channel, Due, OutboxMessage, OutboxState, Sending};
use super::{Outbox, lose, row};
use crate::StoreError;
use crate::instance::Liveness;
use crate::writer::Shape;
use jiff::Timestamp;
use rusqlite::{Connection, params};

impl Outbox<'_> {
    /// Turns what dead processes were sending into UNKNOWN; pages, whose receiver knows the key, are queued again.
    /// Gives how many there were.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn recover(self) -> Result<usize, StoreError> {
        let liveness = self.0.liveness().clone();
        let seen = liveness.clone();
        if self.0.read(move |connection| abandoned(connection, &seen)).await?.is_empty() {
            return Ok(0);
        }
        self.0.write(Shape::Several, move |connection| lose_abandoned(connection, &liveness)).await
    }

    /// Messages whose next attempt is due, longest waiting first. Nothing is claimed.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn due(self, now: Timestamp, limit: u32) -> Result<Vec<OutboxMessage>, StoreError> {
        self.waiting("state = 'queued'", now, limit).await
    }

    /// Slack messages of unknown fate that may be looked for now, longest waiting first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn doubtful(self, now: Timestamp, limit: u32) -> Result<Vec<OutboxMessage>, StoreError> {
        self.waiting("state = 'unknown' AND channel = 'slack'", now, limit).await
    }

    async fn waiting(
        self,
        which: &'static str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        self.0
            .read(move |connection| {
                let sql = format!(
                    "{} WHERE {which} AND state <> 'sent' AND due_us <= ?1 ORDER BY due_us, seq LIMIT ?2",
                    row::SELECT
                );
                row::messages(connection, &sql, params![now.as_microsecond(), limit])
            })
            .await
    }

    /// Claims a queued message for sending; none when somebody else was first or its text is forgotten.
    ///
    /// # Errors
    /// Nothing was claimed: the message must not be sent.
    pub async fn claim_queued(self, message_id: &str, at: Timestamp) -> Result<Option<Due>, StoreError> {
        let message_id = message_id.to_owned();
        let own = self.0.liveness().own().to_string();
        self.0
            .write(Shape::OneStatement, move |connection| {
                let Some(message) = row::by_id(connection, &message_id)? else { return Ok(None) };
                let Some(body) = row::body(connection, &message_id)? else { return Ok(None) };
                let changed = connection
                    .prepare_cached(
                        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, tried_us = ?2, instance = ?3 \
                         WHERE message_id = ?1 AND state = 'queued'",
                    )?
                    .execute(params![message_id, at.as_microsecond(), own])?;
                let attempt = message.attempts + 1;
                let sending = Sending { message_id, attempt, since: message.since };
                Ok((changed == 1).then_some(Due { sending, message, body }))
            })
            .await
    }

    /// The message of unknown fate was found with its receiver.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn found(
        self,
        doubtful: &OutboxMessage,
        reference: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let reference = reference.to_owned();
        let settled = at.as_microsecond();
        self.resolve(
            doubtful,
            "state = 'sent', why = NULL, follow_up = 1, settled_us = ?3, reference = ?4",
            settled,
            Some(reference),
        )
        .await
    }

    /// The message of unknown fate certainly did not arrive: it is due again.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn absent(self, doubtful: &OutboxMessage, due: Timestamp) -> Result<bool, StoreError> {
        self.resolve(doubtful, "state = 'queued', due_us = ?3, reference = ?4", due.as_microsecond(), None)
            .await
    }

    /// The message of unknown fate could not be looked for; it is looked for again, not before `due`.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn look_later(self, doubtful: &OutboxMessage, due: Timestamp) -> Result<bool, StoreError> {
        self.resolve(doubtful, "due_us = ?3, reference = ?4", due.as_microsecond(), None).await
    }

    /// Changes a message if it is still in the doubt it was found in: meanwhile somebody may have queued and sent it
    /// again, and what was seen before that says nothing about the new attempt.
    async fn resolve(
        self,
        doubtful: &OutboxMessage,
        change: &'static str,
        time_us: i64,
        reference: Option<String>,
    ) -> Result<bool, StoreError> {
        let (message_id, tried) = (doubtful.message_id.clone(), doubtful.tried_at.as_microsecond());
        self.0
            .write(Shape::OneStatement, move |connection| {
                let sql = format!(
                    "UPDATE outbox SET {change} WHERE message_id = ?1 AND tried_us = ?2 AND state = 'unknown'"
                );
                let changed = connection
                    .prepare_cached(&sql)?
                    .execute(params![message_id, tried, time_us, reference])?;
                Ok(changed == 1)
            })
            .await
    }

    /// Messages whose end somebody must still act on (delivered later than their caller waited, or given up), oldest
    /// first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn to_follow_up(self, limit: u32) -> Result<Vec<OutboxMessage>, StoreError> {
        self.0
            .read(move |connection| {
                let sql = format!("{} WHERE follow_up = 1 ORDER BY seq LIMIT ?1", row::SELECT);
                row::messages(connection, &sql, [limit])
            })
            .await
    }

    /// What hung on the message's end is done. One whose end changed meanwhile stays to be followed up.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn followed_up(self, message: &OutboxMessage) -> Result<(), StoreError> {
        let (message_id, state) = (message.message_id.clone(), message.state);
        self.0
            .write(Shape::OneStatement, move |connection| {
                connection
                    .prepare_cached("UPDATE outbox SET follow_up = 0 WHERE message_id = ?1 AND state = ?2")?
                    .execute([&message_id, state.name()])?;
                Ok(())
            })
            .await
    }
}

/// What dead processes were sending, and what becomes of it.
fn abandoned(connection: &Connection, liveness: &Liveness) -> Result<Vec<(String, OutboxState)>, StoreError> {
    let mut select = connection.prepare(
        "SELECT message_id, instance, channel FROM outbox WHERE state <> 'sent' AND state = 'sending'",
    )?;
    let sending: Vec<(String, String, String)> =
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
    Ok(sending
        .into_iter()
        .filter(|(_, instance, _)| !liveness.is_alive(instance))
        .map(|(message_id, _, channel)| {
            let harmless = Channel::named(&channel).is_some_and(Channel::recognises_repeats);
            (message_id, if harmless { OutboxState::Queued } else { OutboxState::Unknown })
        })
        .collect())
}

/// What dead processes were sending is in doubt; nobody else will come to say so. Runs also once at opening.
pub(crate) fn lose_abandoned(connection: &Connection, liveness: &Liveness) -> Result<usize, StoreError> {
    let abandoned = abandoned(connection, liveness)?;
    for (message_id, state) in &abandoned {
        lose(connection, message_id, *state)?;
    }
    Ok(abandoned.len())
}
