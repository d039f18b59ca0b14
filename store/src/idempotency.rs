//! Idempotency: a write's key is claimed before it runs and answered after, each in one commit with its audit entry.
//!
//! It remembers answers; what to do about an abandoned claim, and whose keys are one caller's, is the caller's decision.

use crate::audit::{Line, insert};
use crate::codec::{from_json, to_json};
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::IdempotencyKey;
use gangway_protocol::audit::AuditRecord;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;

const TABLE: &str = "idempotency";

/// What a claim found.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// Nobody used the key, or what used it failed without effect: the caller runs.
    Fresh,
    /// It ran before; this is the answer.
    Answered(Value),
    /// It ran before and its answer was lost.
    Unknown,
    /// Another call with this key is running now.
    InProgress,
    /// An earlier call began and its process died before it answered. The claim is the caller's now.
    Abandoned,
    /// The key was used with other arguments.
    Conflict,
}

/// The idempotency keys of a store.
#[derive(Debug, Clone, Copy)]
pub struct Idempotency<'a> {
    store: &'a Store,
    formerly: Option<&'a IdempotencyKey>,
}

impl<'a> Idempotency<'a> {
    pub(crate) fn of(store: &'a Store) -> Self {
        Self { store, formerly: None }
    }

    /// The same for a key that was claimed as `key` before callers had keys of their own. Claims of that time are met by
    /// every caller, for they do not say whose they are; those of today only under their own key.
    #[must_use]
    pub fn formerly(self, key: &'a IdempotencyKey) -> Self {
        Self { formerly: Some(key), ..self }
    }

    /// Claims `key` for one call of `tool` and records the call's intent, in one commit. The intent is recorded
    /// whatever the claim finds, for somebody did call; the outcome of a call that does not run is the caller's to append.
    ///
    /// # Errors
    /// Nothing was recorded: the call must not run.
    pub async fn claim(
        self,
        tool: &str,
        key: &IdempotencyKey,
        arguments_digest: &str,
        intent: AuditRecord,
    ) -> Result<Claim, StoreError> {
        let call = Call::new(tool, key).formerly(self.formerly);
        let digest = arguments_digest.to_owned();
        let line = Line::new(&intent)?;
        let claimed_us = intent.at.as_microsecond();
        let liveness = self.store.liveness().clone();
        self.store
            .write(Shape::Several, move |connection| {
                insert(connection, &line)?;
                let Some(row) = find(connection, &call)? else {
                    connection
                        .prepare_cached(
                            "INSERT INTO idempotency (tool, key, arguments_digest, state, instance, claimed_us, is_callers) \
                             VALUES (?1, ?2, ?3, 'claimed', ?4, ?5, 1)",
                        )?
                        .execute(params![call.tool, call.key, digest, &**liveness.own(), claimed_us])?;
                    return Ok(Claim::Fresh);
                };
                if row.arguments_digest != digest {
                    return Ok(Claim::Conflict);
                }
                match (row.state.as_str(), row.answer) {
                    ("answered", Some(json)) => Ok(Claim::Answered(from_json(TABLE, &json)?)),
                    ("unknown", _) => Ok(Claim::Unknown),
                    _ if liveness.is_alive(&row.instance) => Ok(Claim::InProgress),
                    _ => {
                        connection
                            .prepare_cached(
                                "UPDATE idempotency SET instance = ?4, key = ?2, is_callers = 1 \
                                 WHERE tool = ?1 AND (key = ?2 OR key = ?3 AND is_callers = 0)",
                            )?
                            .execute([&call.tool, &call.key, &call.formerly, &**liveness.own()])?;
                        Ok(Claim::Abandoned)
                    }
                }
            })
            .await
    }

    /// Keeps the answer for every repeat, with the call's outcome in the audit.
    ///
    /// # Errors
    /// [`StoreError::NotClaimed`] when this process does not hold the claim.
    pub async fn answer(
        self,
        tool: &str,
        key: &IdempotencyKey,
        answer: &Value,
        outcome: AuditRecord,
    ) -> Result<(), StoreError> {
        let json = to_json(answer)?;
        self.settle(tool, key, outcome, move |connection, call, own| {
            connection
                .prepare_cached(
                    "UPDATE idempotency SET state = 'answered', answer = ?4 \
                     WHERE tool = ?1 AND key = ?2 AND instance = ?3 AND state = 'claimed'",
                )?
                .execute(params![call.tool, call.key, own, json])
        })
        .await
    }

    /// Gives the key back after a call that had no effect: a repeat may run, with the same or other arguments.
    ///
    /// # Errors
    /// As [`Idempotency::answer`].
    pub async fn release(
        self,
        tool: &str,
        key: &IdempotencyKey,
        outcome: AuditRecord,
    ) -> Result<(), StoreError> {
        self.settle(tool, key, outcome, |connection, call, own| {
            connection
                .prepare_cached(
                    "DELETE FROM idempotency WHERE tool = ?1 AND key = ?2 AND instance = ?3 AND state = 'claimed'",
                )?
                .execute([&call.tool, &call.key, own])
        })
        .await
    }

    /// Records that the call may or may not have had its effect; no repeat runs.
    ///
    /// # Errors
    /// As [`Idempotency::answer`].
    pub async fn unknown(
        self,
        tool: &str,
        key: &IdempotencyKey,
        outcome: AuditRecord,
    ) -> Result<(), StoreError> {
        self.settle(tool, key, outcome, |connection, call, own| {
            connection
                .prepare_cached(
                    "UPDATE idempotency SET state = 'unknown' \
                     WHERE tool = ?1 AND key = ?2 AND instance = ?3 AND state = 'claimed'",
                )?
                .execute([&call.tool, &call.key, own])
        })
        .await
    }

    async fn settle(
        self,
        tool: &str,
        key: &IdempotencyKey,
        outcome: AuditRecord,
        change: impl FnOnce(&Connection, &Call, &str) -> rusqlite::Result<usize> + Send + 'static,
    ) -> Result<(), StoreError> {
        let call = Call::new(tool, key);
        let line = Line::new(&outcome)?;
        let liveness = self.store.liveness().clone();
        self.store
            .write(Shape::Several, move |connection| {
                if change(connection, &call, liveness.own())? == 0 {
                    return Err(StoreError::NotClaimed { tool: call.tool, key: call.key });
                }
                insert(connection, &line)?;
                Ok(())
            })
            .await
    }
}

struct Call {
    tool: String,
    key: String,
    /// The key again, if it never had another form.
    formerly: String,
}

impl Call {
    fn new(tool: &str, key: &IdempotencyKey) -> Self {
        let key = key.as_str().to_owned();
        Self { tool: tool.to_owned(), formerly: key.clone(), key }
    }

    fn formerly(self, key: Option<&IdempotencyKey>) -> Self {
        let formerly = key.map_or_else(|| self.key.clone(), |key| key.as_str().to_owned());
        Self { formerly, ..self }
    }
}

struct Row {
    arguments_digest: String,
    state: String,
    instance: String,
    answer: Option<String>,
}

fn find(connection: &Connection, call: &Call) -> Result<Option<Row>, StoreError> {
    let row = connection
        .prepare_cached(
            "SELECT arguments_digest, state, instance, answer FROM idempotency \
             WHERE tool = ?1 AND (key = ?2 OR key = ?3 AND is_callers = 0)",
        )?
        .query_row([&call.tool, &call.key, &call.formerly], |row| {
            Ok(Row {
                arguments_digest: row.get(0)?,
                state: row.get(1)?,
                instance: row.get(2)?,
                answer: row.get(3)?,
            })
        })
        .optional()?;
    Ok(row)
}
