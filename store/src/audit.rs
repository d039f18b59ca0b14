//! The audit table: entries are appended to one chain by every process that shares the file, and never changed.
//!
//! The head is read and extended inside one transaction. What an entry says is the caller's; it must be redacted already.

mod broken;
mod chain;
mod export;
mod inspection;
mod line;
mod witness;

use crate::codec::from_json;
use crate::writer::Shape;
use crate::{Store, StoreError};
pub use broken::{AuditBreak, AuditVerdict};
use chain::Hash;
pub use chain::{GENESIS, link_hash};
pub use export::inspect_export;
use gangway_protocol::RunId;
use gangway_protocol::audit::{AuditEntry, AuditRecord};
pub use inspection::{Beginning, Inspected, Inspection};
use jiff::Timestamp;
use line::Link;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
pub use witness::{ToldRestore, Witness};

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

    /// Where the chain ends now; the place before the first entry while there is none. Asked of the writer: what was
    /// appended before, be it by [`Audit::append_later`], is committed and stands before that place.
    ///
    /// # Errors
    /// The database cannot be read, or what was appended before could not be committed.
    pub async fn head(self) -> Result<Beginning, StoreError> {
        self.0
            .write(Shape::OneStatement, |connection| {
                let (seq, hash) = newest(connection)?;
                Ok(Beginning { after: position(seq)?, head: chain::text(&hash) })
            })
            .await
    }

    /// The place after the entry at `seq`; none when there is no such entry.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn place_after(self, seq: u64) -> Result<Option<Beginning>, StoreError> {
        if seq == 0 {
            return Ok(Some(Beginning::of_all()));
        }
        self.0
            .read(move |connection| {
                let hash: Option<Hash> = connection
                    .prepare_cached("SELECT hash FROM audit WHERE seq = ?1")?
                    .query_row([i64::try_from(seq).unwrap_or(i64::MAX)], |row| row.get(0))
                    .optional()?;
                Ok(hash.map(|hash| Beginning { after: seq, head: chain::text(&hash) }))
            })
            .await
    }

    /// The place after the last entry that is older than `since`, where an export of what came since begins.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn place_before(self, since: Timestamp) -> Result<Beginning, StoreError> {
        let seconds = since.as_duration().as_secs_f64();
        let first: Option<i64> = self
            .0
            .read(move |connection| {
                Ok(connection.query_row(
                    "SELECT min(seq) FROM audit WHERE unixepoch(record ->> '$.at', 'subsec') >= ?1",
                    [seconds],
                    |row| row.get(0),
                )?)
            })
            .await?;
        let Some(first) = first else { return self.head().await };
        let place = self.place_after(position(first)?.saturating_sub(1)).await?;
        place.ok_or_else(|| StoreError::Absent {
            what: "audit entry",
            id: first.saturating_sub(1).to_string(),
        })
    }

    /// Entries after a position as lines of an export, in order, at most `limit`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lines(self, after: u64, limit: u32) -> Result<Vec<String>, StoreError> {
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT seq, previous, hash, record FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                )?;
                let mut rows = select.query(params![i64::try_from(after).unwrap_or(i64::MAX), limit])?;
                let mut lines = Vec::new();
                while let Some(row) = rows.next()? {
                    lines.push(line::write(&link(row)?));
                }
                Ok(lines)
            })
            .await
    }

    /// Takes an inspection, which begins before the first entry, through the whole audit as it stands now.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn inspect(self, inspection: Inspection) -> Result<Inspected, StoreError> {
        self.0.read(|connection| inspect(connection, inspection)).await
    }

    /// Walks the whole chain and names the first break: an edit, a deletion, an insertion, a reordering or a gap.
    /// A cut tail leaves a whole, shorter chain: only [`Audit::inspect`] with checkpoints finds that.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn verify(self) -> Result<AuditVerdict, StoreError> {
        self.0.read(verify_all).await
    }
}

/// Walks the whole chain of a database.
pub(crate) fn verify_all(connection: &Connection) -> Result<AuditVerdict, StoreError> {
    Ok(inspect(connection, Inspection::of_whole(Witness::default()))?.verdict())
}

fn inspect(connection: &Connection, mut inspection: Inspection) -> Result<Inspected, StoreError> {
    let mut select = connection.prepare("SELECT seq, previous, hash, record FROM audit ORDER BY seq")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        inspection.link(&link(row)?);
    }
    Ok(inspection.end())
}

/// An entry ready to be written; made on the caller's thread, for the writer's time is everybody's.
pub(crate) struct Line {
    record: String,
}

impl Line {
    pub(crate) fn new(record: &AuditRecord) -> Result<Self, StoreError> {
        Ok(Self { record: chain::canonical_record(record)? })
    }
}

/// Extends the chain. One writing statement, the last thing that can fail.
pub(crate) fn insert(connection: &Connection, line: &Line) -> Result<u64, StoreError> {
    let (last, previous) = newest(connection)?;
    let seq = last.saturating_add(1);
    let place = position(seq)?;
    let hash = chain::hash(place, &previous, line.record.as_bytes());
    connection
        .prepare_cached("INSERT INTO audit (seq, previous, hash, record) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![seq, previous, hash, line.record])?;
    Ok(place)
}

fn newest(connection: &Connection) -> Result<(i64, Hash), StoreError> {
    let head: Option<(i64, Hash)> = connection
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(head.unwrap_or((0, chain::NO_HASH)))
}

pub(crate) fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<AuditEntry>, StoreError> {
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let link = link(row)?;
        entries.push(AuditEntry {
            seq: link.seq,
            previous: chain::text(&link.previous),
            hash: chain::text(&link.hash),
            record: from_json(TABLE, row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?,
        });
    }
    Ok(entries)
}

/// A row of `seq, previous, hash, record`. A hash of another length than 32 bytes was not written by us: it matches nothing.
fn link<'a>(row: &'a Row<'_>) -> Result<Link<'a>, StoreError> {
    let hash = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_blob()?.try_into().ok());
    let (previous, own): (Option<Hash>, Option<Hash>) = (hash(1)?, hash(2)?);
    Ok(Link {
        seq: position(row.get(0)?)?,
        previous: previous.unwrap_or(chain::NO_HASH),
        hash: own.unwrap_or(chain::NO_HASH),
        record: row.get_ref(3)?.as_bytes().map_err(rusqlite::Error::from)?,
    })
}

fn position(seq: i64) -> Result<u64, StoreError> {
    u64::try_from(seq)
        .map_err(|_| StoreError::Row { table: TABLE, reason: format!("position {seq} is negative") })
}

#[cfg(test)]
mod tampering;
#[cfg(test)]
mod tests;
