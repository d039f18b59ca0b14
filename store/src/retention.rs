//! Forgetting by age: which rows of each kind are old enough, found by a reader and removed in small batches, so that
//! nobody waits for long behind a batch.
//!
//! It never touches runs, the audit, tenants, tasks, approvals, nor anything that is still under way or UNKNOWN: those
//! have no kind here.

use crate::writer::Shape;
use crate::{Store, StoreError};
use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

/// Rows (for journals and correlation ids: runs) per commit. At some 10 µs a row this is a few milliseconds.
const BATCH: usize = 200;
/// Free pages given back to the file system per commit.
const PAGES: usize = 256;

/// What can be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Forgettable {
    /// First answers of writing tools. A repeat after that runs again, so this is long.
    IdempotencyAnswers,
    /// What was said, and to which address, in messages that were sent or dropped; that they were is kept.
    MessageBodies,
    /// Recorded steps of runs that completed or were blocked.
    Journals,
    /// Correlation ids of such runs: a request with the same id starts a run after that.
    CorrelationIds,
    /// Events from outside: one that comes again after that counts as new.
    InboundEvents,
    /// Records of calls to a language model, masked input and output with them.
    LlmCalls,
}

impl Forgettable {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::IdempotencyAnswers,
        Self::MessageBodies,
        Self::Journals,
        Self::CorrelationIds,
        Self::InboundEvents,
        Self::LlmCalls,
    ];

    /// The name in settings and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IdempotencyAnswers => "idempotency_answers",
            Self::MessageBodies => "message_bodies",
            Self::Journals => "journals",
            Self::CorrelationIds => "correlation_ids",
            Self::InboundEvents => "inbound_events",
            Self::LlmCalls => "llm_calls",
        }
    }

    /// Gives keys of rows that end before `?1` (microseconds), at most `?2`.
    fn find(self) -> &'static str {
        match self {
            Self::IdempotencyAnswers => {
                "SELECT rowid FROM idempotency WHERE state = 'answered' AND claimed_us < ?1 ORDER BY rowid LIMIT ?2"
            }
            Self::MessageBodies => {
                "SELECT seq FROM outbox WHERE state IN ('sent', 'dropped') AND settled_us < ?1 \
                 AND EXISTS (SELECT 1 FROM outbox_bodies WHERE outbox_bodies.seq = outbox.seq) ORDER BY seq LIMIT ?2"
            }
            Self::Journals => {
                "SELECT run_id FROM runs WHERE state IN ('completed', 'blocked') \
                 AND unixepoch(json_extract(record, '$.updated_at')) * 1000000 < ?1 \
                 AND EXISTS (SELECT 1 FROM journal WHERE journal.run_id = runs.run_id) ORDER BY seq LIMIT ?2"
            }
            Self::CorrelationIds => {
                "SELECT run_id FROM runs WHERE state IN ('completed', 'blocked') \
                 AND unixepoch(json_extract(record, '$.updated_at')) * 1000000 < ?1 \
                 AND EXISTS (SELECT 1 FROM correlations WHERE correlations.run_id = runs.run_id) ORDER BY seq LIMIT ?2"
            }
            Self::LlmCalls => "SELECT seq FROM llm_calls WHERE at_us < ?1 ORDER BY seq LIMIT ?2",
            Self::InboundEvents => {
                "SELECT rowid FROM intake WHERE received_us < ?1 ORDER BY received_us LIMIT ?2"
            }
        }
    }

    /// Forgets what one key names. Nothing that was found can have come back to life: an answer, a sent message and an
    /// ended run stay what they are.
    fn forget(self) -> &'static str {
        match self {
            Self::IdempotencyAnswers => "DELETE FROM idempotency WHERE rowid = ?1 AND state = 'answered'",
            Self::MessageBodies => "DELETE FROM outbox_bodies WHERE seq = ?1",
            Self::Journals => "DELETE FROM journal WHERE run_id = ?1",
            Self::CorrelationIds => "DELETE FROM correlations WHERE run_id = ?1",
            Self::LlmCalls => "DELETE FROM llm_calls WHERE seq = ?1",
            Self::InboundEvents => "DELETE FROM intake WHERE rowid = ?1",
        }
    }
}

/// Forgetting in a store.
#[derive(Debug, Clone, Copy)]
pub struct Retention<'a>(pub(crate) &'a Store);

impl Retention<'_> {
    /// Forgets one batch of what ended before `before`; gives how many rows that was. Zero: nothing is left to forget.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn forget_some(self, kind: Forgettable, before: Timestamp) -> Result<usize, StoreError> {
        let before_us = before.as_microsecond();
        let keys = self.keys(kind.find(), vec![Value::from(before_us), limit(BATCH)]).await?;
        self.apply(kind.forget(), keys).await
    }

    /// Dates idempotency keys of before they had a date with `now`. Zero: all have one.
    ///
    /// # Errors
    /// As [`Retention::forget_some`].
    pub async fn date_some(self, now: Timestamp) -> Result<usize, StoreError> {
        let find = "SELECT rowid FROM idempotency WHERE claimed_us IS NULL ORDER BY rowid LIMIT ?1";
        let keys = self.keys(find, vec![limit(BATCH)]).await?;
        let now_us = now.as_microsecond();
        let update = format!("UPDATE idempotency SET claimed_us = {now_us} WHERE rowid = ?1");
        let count = keys.len();
        self.0
            .write(Shape::Several, move |connection| {
                let mut update = connection.prepare(&update)?;
                for key in keys {
                    update.execute([key])?;
                }
                Ok(count)
            })
            .await
    }

    /// Gives some free pages back to the file system; the flag says whether more are free. A database that was made
    /// without incremental vacuum keeps its free pages and fills them again.
    ///
    /// # Errors
    /// As [`Retention::forget_some`].
    pub async fn shrink_some(self) -> Result<bool, StoreError> {
        self.0
            .write(Shape::Several, |connection| {
                let mode: i64 = connection.query_row("PRAGMA auto_vacuum", [], |row| row.get(0))?;
                let free = || connection.query_row("PRAGMA freelist_count", [], |row| row.get::<_, i64>(0));
                if mode != 2 || free()? == 0 {
                    return Ok(false);
                }
                let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
                let mut rows = vacuum.query([])?;
                while rows.next()?.is_some() {}
                Ok(free()? > 0)
            })
            .await
    }

    async fn keys(self, find: &'static str, values: Vec<Value>) -> Result<Vec<Value>, StoreError> {
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(find)?;
                let keys = select.query_map(params_from_iter(values), |row| row.get::<_, Value>(0))?;
                Ok(keys.collect::<Result<_, _>>()?)
            })
            .await
    }

    async fn apply(self, sql: &'static str, keys: Vec<Value>) -> Result<usize, StoreError> {
        if keys.is_empty() {
            return Ok(0);
        }
        self.0
            .write(Shape::Several, move |connection| {
                let mut change = connection.prepare_cached(sql)?;
                let mut changed = 0;
                for key in keys {
                    changed += change.execute([key])?;
                }
                Ok(changed)
            })
            .await
    }
}

fn limit(rows: usize) -> Value {
    Value::from(i64::try_from(rows).unwrap_or(i64::MAX))
}
