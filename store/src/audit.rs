//! The audit table: entries are appended to one chain by every process that shares the file, and never changed.
//!
//! The head is read and extended inside one transaction. What an entry says is the caller's; it must be redacted already.

mod chain;

use crate::codec::from_json;
use crate::writer::Shape;
use crate::{Store, StoreError};
pub use chain::{AuditBreak, AuditVerdict, GENESIS, link_hash};
use chain::{Check, Hash};
use gangway_protocol::RunId;
use gangway_protocol::audit::{AuditEntry, AuditRecord};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

const TABLE: &str = "audit";

/// The audit of a store.
#[derive(Debug, Clone, Copy)]
pub struct Audit<'a>(pub(crate) &'a Store);

impl Audit<'_> {
    /// Appends an entry and waits for the commit; gives its position.
    ///
    /// # Errors
    /// Nothing was recorded.
    pub async fn append(self, record: AuditRecord) -> Result<u64, StoreError> {
        let line = Line::new(&record)?;
        self.0.write(Shape::OneStatement, move |connection| insert(connection, &line)).await
    }

    /// Queues an entry; it is committed in order with everything queued before and after. A failure is logged.
    ///
    /// # Errors
    /// [`StoreError::Closed`].
    pub async fn append_later(self, record: AuditRecord) -> Result<(), StoreError> {
        let line = Line::new(&record)?;
        self.0
            .writer()
            .enqueue_unwatched(Shape::OneStatement, "append to the audit", move |connection| {
                insert(connection, &line)
            })
            .await
    }

    /// The newest `limit` entries, oldest of them first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn tail(self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT seq, previous, hash, record FROM audit ORDER BY seq DESC LIMIT ?1",
                )?;
                let mut entries = collect(select.query([limit])?)?;
                entries.reverse();
                Ok(entries)
            })
            .await
    }

    /// The run's entries in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of_run(self, run_id: &RunId) -> Result<Vec<AuditEntry>, StoreError> {
        let run_id = run_id.clone();
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT seq, previous, hash, record FROM audit WHERE run_id = ?1 ORDER BY seq",
                )?;
                collect(select.query([run_id.as_str()])?)
            })
            .await
    }

    /// Walks the whole chain and names the first break: an edit, a deletion, an insertion, a reordering or a gap.
    /// A cut tail leaves a whole, shorter chain and is not found here.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn verify(self) -> Result<AuditVerdict, StoreError> {
        self.0.read(verify_all).await
    }
}

/// Walks the whole chain of a database.
pub(crate) fn verify_all(connection: &Connection) -> Result<AuditVerdict, StoreError> {
    let mut select = connection.prepare("SELECT seq, previous, hash, record FROM audit ORDER BY seq")?;
    let mut rows = select.query([])?;
    let mut check = Check::new();
    while let Some(row) = rows.next()? {
        let (seq, previous, hash) = (seq_of(row)?, blob(row, 1)?, blob(row, 2)?);
        let record = row.get_ref(3)?.as_bytes().map_err(rusqlite::Error::from)?;
        if let Err(found) = check.next(seq, previous, hash, record) {
            return Ok(AuditVerdict::Broken(found));
        }
    }
    Ok(AuditVerdict::Whole { entries: check.seen() })
}

/// An entry ready to be written; made on the caller's thread, for the writer's time is everybody's.
pub(crate) struct Line {
    run_id: Option<String>,
    record: String,
}

impl Line {
    pub(crate) fn new(record: &AuditRecord) -> Result<Self, StoreError> {
        Ok(Self {
            run_id: record.run_id.as_ref().map(ToString::to_string),
            record: chain::canonical_record(record)?,
        })
    }
}

/// Extends the chain. One writing statement, the last thing that can fail.
pub(crate) fn insert(connection: &Connection, line: &Line) -> Result<u64, StoreError> {
    let head: Option<(i64, Hash)> = connection
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (last, previous) = head.unwrap_or((0, chain::NO_HASH));
    let seq = last.saturating_add(1);
    let position = u64::try_from(seq).unwrap_or_default();
    let hash = chain::hash(position, &previous, line.record.as_bytes());
    connection
        .prepare_cached(
            "INSERT INTO audit (seq, previous, hash, run_id, record) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![seq, previous, hash, line.run_id, line.record])?;
    Ok(position)
}

pub(crate) fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<AuditEntry>, StoreError> {
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(AuditEntry {
            seq: seq_of(row)?,
            previous: chain::text(blob(row, 1)?),
            hash: chain::text(blob(row, 2)?),
            record: from_json(TABLE, row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?,
        });
    }
    Ok(entries)
}

fn seq_of(row: &Row<'_>) -> Result<u64, StoreError> {
    let seq: i64 = row.get(0)?;
    u64::try_from(seq)
        .map_err(|_| StoreError::Row { table: TABLE, reason: format!("position {seq} is negative") })
}

fn blob<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], StoreError> {
    Ok(row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?)
}

#[cfg(test)]
mod tests;
