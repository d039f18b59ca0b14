//! The journal: what each step of a run gave, by position. Written once, read back to replay.

use crate::writer::{Pending, Shape};
use crate::{Store, StoreError};
use gangway_protocol::RunId;
use rusqlite::{Connection, params};

/// One recorded step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Position in the run, from 0.
    pub seq: u32,
    /// The step's label.
    pub label: String,
    /// What it gave, as JSON.
    pub output: String,
}

/// The journals of a store.
#[derive(Debug, Clone, Copy)]
pub struct Journal<'a>(pub(crate) &'a Store);

impl Journal<'_> {
    /// The run's entries in order; empty when it has none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn load(self, run_id: &RunId) -> Result<Vec<JournalEntry>, StoreError> {
        let run_id = run_id.clone();
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT seq, label, output FROM journal WHERE run_id = ?1 ORDER BY seq",
                )?;
                let rows = select.query_map([run_id.as_str()], |row| {
                    Ok(JournalEntry { seq: row.get(0)?, label: row.get(1)?, output: row.get(2)? })
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Records a step and waits for the commit. `output` is JSON.
    ///
    /// # Errors
    /// [`StoreError::StepTaken`] when the position is recorded already.
    pub async fn append(
        self,
        run_id: &RunId,
        seq: u32,
        label: &str,
        output: String,
    ) -> Result<(), StoreError> {
        self.append_queued(run_id, seq, label, output).await?.await
    }

    /// As [`Journal::append`], but returns when the entry is queued; the caller waits for the commit before anything
    /// that depends on it.
    ///
    /// # Errors
    /// [`StoreError::Closed`]; the rest comes from what is returned.
    pub async fn append_queued(
        self,
        run_id: &RunId,
        seq: u32,
        label: &str,
        output: String,
    ) -> Result<Pending<()>, StoreError> {
        let (run_id, label) = (run_id.clone(), label.to_owned());
        self.0
            .queue(Shape::OneStatement, move |connection| insert(connection, &run_id, seq, &label, &output))
            .await
    }
}

pub(crate) fn insert(
    connection: &Connection,
    run_id: &RunId,
    seq: u32,
    label: &str,
    output: &str,
) -> Result<(), StoreError> {
    let end = connection
        .prepare_cached("INSERT INTO journal (run_id, seq, label, output) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![run_id.as_str(), seq, label, output]);
    match end {
        Ok(_) => Ok(()),
        Err(error) => Err(match error.sqlite_extended_error_code() {
            Some(rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
                StoreError::StepTaken { run_id: run_id.clone(), seq }
            }
            Some(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => {
                StoreError::Absent { what: "run", id: run_id.to_string() }
            }
            _ => error.into(),
        }),
    }
}
