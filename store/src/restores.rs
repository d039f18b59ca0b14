//! After a restore: what was under way when the backup was made may have gone on after it. Nobody here knows how far, so
//! runs are parked, messages and calls become UNKNOWN, and schedules rest until a person releases them.

use crate::audit::{self, Line};
use crate::codec::{from_json, to_json, to_time};
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::RunRecord;
use gangway_protocol::audit::AuditRecord;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

/// What was under way when a restored backup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted {
    /// Runs that are parked now.
    pub runs: usize,
    /// Messages that are UNKNOWN now.
    pub messages: usize,
    /// Calls of writing tools whose end is UNKNOWN now.
    pub calls: usize,
}

/// A restore whose schedules nobody has released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restore {
    /// When the backup was made.
    pub backup_at: Timestamp,
    /// When it was restored.
    pub restored_at: Timestamp,
}

/// The restores of a store.
#[derive(Debug, Clone, Copy)]
pub struct Restores<'a>(pub(crate) &'a Store);

impl Restores<'_> {
    /// Marks, in one commit, everything that was under way in the backup, holds the schedules, and records that.
    ///
    /// # Errors
    /// The database cannot be written; then nothing is marked.
    pub async fn begin(self, restore: Restore, record: AuditRecord) -> Result<Interrupted, StoreError> {
        let line = Line::new(&record)?;
        self.0
            .write(Shape::Several, move |connection| {
                let why = format!(
                    "restored from the backup of {:.0}: whether this went on after that is not known here",
                    restore.backup_at
                );
                let runs = park_live(connection, &why, restore.restored_at)?;
                // Of a run that is parked, nobody needs to decide.
                connection.execute(
                    "UPDATE approvals SET state = 'void', record = json_set(record, '$.state', 'void', '$.reason', ?1) \
                     WHERE state = 'pending'",
                    [&why],
                )?;
                let messages = connection.execute(
                    "UPDATE outbox SET state = 'unknown', why = ?1 WHERE state NOT IN ('sent', 'unknown', 'dropped')",
                    [&why],
                )?;
                let calls = connection
                    .execute("UPDATE idempotency SET state = 'unknown' WHERE state = 'claimed'", [])?;
                connection
                    .execute("UPDATE timers SET claimed_by = NULL, claimed_us = NULL, attempts = 0", [])?;
                connection.execute(
                    "INSERT INTO restores (restored_us, backup_us) VALUES (?1, ?2)",
                    params![restore.restored_at.as_microsecond(), restore.backup_at.as_microsecond()],
                )?;
                audit::insert(connection, &line)?;
                Ok(Interrupted { runs, messages, calls })
            })
            .await
    }

    /// The newest restore that nobody has released; none when schedules may run.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn held(self) -> Result<Option<Restore>, StoreError> {
        self.0
            .read(|connection| {
                let found: Option<(i64, i64)> = connection
                    .prepare_cached(
                        "SELECT backup_us, restored_us FROM restores WHERE released_us IS NULL \
                         ORDER BY restored_us DESC LIMIT 1",
                    )?
                    .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let time = |micros| to_time("restores", micros);
                found
                    .map(|(backup, restored)| {
                        Ok(Restore { backup_at: time(backup)?, restored_at: time(restored)? })
                    })
                    .transpose()
            })
            .await
    }

    /// Lets schedules run again, as of the record's time, and records that in the same commit; the flag says whether they
    /// were held. If they were not, nothing is recorded.
    ///
    /// # Errors
    /// The database cannot be written; then they stay held.
    pub async fn release(self, record: AuditRecord) -> Result<bool, StoreError> {
        let line = Line::new(&record)?;
        self.0
            .write(Shape::Several, move |connection| {
                let released = connection
                    .prepare_cached("UPDATE restores SET released_us = ?1 WHERE released_us IS NULL")?
                    .execute([record.at.as_microsecond()])?;
                if released > 0 {
                    audit::insert(connection, &line)?;
                }
                Ok(released > 0)
            })
            .await
    }
}

fn park_live(connection: &Connection, why: &str, now: Timestamp) -> Result<usize, StoreError> {
    let mut select = connection.prepare(
        "SELECT record FROM runs WHERE state IN ('assessing', 'awaiting_approval', 'fulfilling') ORDER BY seq",
    )?;
    let records: Vec<String> = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for json in &records {
        let mut parked = from_json::<RunRecord>("runs", json)?.parked(why);
        parked.updated_at = now;
        connection.execute(
            "UPDATE runs SET state = ?2, record = ?3 WHERE run_id = ?1",
            params![parked.run_id.as_str(), parked.state.name(), to_json(&parked)?],
        )?;
    }
    Ok(records.len())
}
