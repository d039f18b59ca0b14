//! A person's word on a message, in one commit with its audit entry.

use super::message::{OutboxMessage, OutboxState, OutboxVerdict};
use super::{Outbox, row};
use crate::StoreError;
use crate::audit::{Line, insert};
use crate::writer::Shape;
use gangway_protocol::audit::AuditRecord;
use jiff::Timestamp;
use rusqlite::{Connection, params};

impl Outbox<'_> {
    /// Does what a person says of a message and records who said it; gives the message as it stands then.
    ///
    /// # Errors
    /// [`StoreError::Absent`]; [`StoreError::NotSettleable`] when it stands otherwise. Nothing is changed or recorded then.
    pub async fn judge(
        self,
        message_id: &str,
        verdict: OutboxVerdict,
        at: Timestamp,
        record: AuditRecord,
    ) -> Result<OutboxMessage, StoreError> {
        let message_id = message_id.to_owned();
        let line = Line::new(&record)?;
        let why = format!("settled by {}", record.principal);
        self.0
            .write(Shape::Several, move |connection| {
                let absent = || StoreError::Absent { what: "outbox message", id: message_id.clone() };
                let found = row::by_id(connection, &message_id)?.ok_or_else(absent)?;
                if !verdict.fits(found.state) {
                    let (state, wanted) = (found.state.name(), verdict.wanted());
                    return Err(StoreError::NotSettleable { message_id, state, wanted });
                }
                apply(connection, &message_id, verdict, (at, &why))?;
                insert(connection, &line)?;
                row::by_id(connection, &message_id)?.ok_or_else(absent)
            })
            .await
    }
}

fn apply(
    connection: &Connection,
    message_id: &str,
    verdict: OutboxVerdict,
    (at, why): (Timestamp, &str),
) -> Result<(), StoreError> {
    let now = at.as_microsecond();
    match verdict {
        OutboxVerdict::Delivered => connection
            .prepare_cached(
                "UPDATE outbox SET state = ?2, settled_us = ?3, why = ?4, follow_up = 1 WHERE message_id = ?1",
            )?
            .execute(params![message_id, OutboxState::Sent.name(), now, why])?,
        OutboxVerdict::Drop => connection
            .prepare_cached(
                "UPDATE outbox SET state = ?2, settled_us = ?3, why = ?4, follow_up = 0 WHERE message_id = ?1",
            )?
            .execute(params![message_id, OutboxState::Dropped.name(), now, why])?,
        OutboxVerdict::Retry => connection
            .prepare_cached(
                "UPDATE outbox SET state = ?2, settled_us = NULL, since_us = ?3, due_us = ?3, attempts = 0, \
                 why = ?4, follow_up = 0 WHERE message_id = ?1",
            )?
            .execute(params![message_id, OutboxState::Queued.name(), now, why])?,
    };
    Ok(())
}
