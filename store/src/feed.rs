//! The feed: what changed, in order, for whoever watches. Triggers write it (`migrations/0005_keys_feed.sql`); here it is read.
//!
//! It names ids and states, never a person, and is bounded: who was away too long must look anew. Its time is the
//! database's own, the moment of writing, since not every change brings one.

use crate::codec::to_time;
use crate::{Store, StoreError};
use jiff::Timestamp;
use rusqlite::{Connection, Row};
use tokio::sync::watch;

const TABLE: &str = "feed";

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// A run was accepted, or its state changed.
    Run,
    /// An approval was asked for, voted on or settled.
    Approval,
    /// An account got its checklist.
    Checklist,
    /// A task's status changed.
    Task,
    /// A message failed, became UNKNOWN, or was settled after that.
    Message,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Run, Self::Approval, Self::Checklist, Self::Task, Self::Message];

    /// The name as it stands in JSON and in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Approval => "approval",
            Self::Checklist => "checklist",
            Self::Task => "task",
            Self::Message => "message",
        }
    }
}

/// One change. Ids that say nothing about it are absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place, rising, without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What changed.
    pub kind: ChangeKind,
    /// The run, of a run, an approval or a message.
    pub run_id: Option<String>,
    /// The account, of a run, a checklist or a task.
    pub account_id: Option<String>,
    /// The approval.
    pub approval_id: Option<String>,
    /// The task.
    pub task_id: Option<String>,
    /// The message.
    pub message_id: Option<String>,
    /// Where it stands now.
    pub state: String,
}

/// The feed of a store.
#[derive(Debug, Clone, Copy)]
pub struct Feed<'a>(pub(crate) &'a Store);

impl Feed<'_> {
    /// The changes after a place, in order, at most `limit`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn after(self, seq: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.0.read(move |connection| after(connection, seq, limit)).await
    }

    /// The places of the oldest and the newest change that are kept; both 0 while there is none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn bounds(self) -> Result<(u64, u64), StoreError> {
        self.0
            .read(|connection| {
                // Two look-ups at the ends of the key; asked for together, the whole table would be walked.
                let mut select = connection.prepare_cached(
                    "SELECT coalesce((SELECT min(seq) FROM feed), 0), coalesce((SELECT max(seq) FROM feed), 0)",
                )?;
                Ok(select.query_row([], |row| Ok((place(row.get(0)?), place(row.get(1)?))))?)
            })
            .await
    }

    /// Marked as changed after each commit of this process, whatever was in it. Commits of others mark nothing.
    #[must_use]
    pub fn committed(self) -> watch::Receiver<()> {
        self.0.writer().committed()
    }
}

fn after(connection: &Connection, seq: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT seq, at_us, kind, run_id, account_id, approval_id, task_id, message_id, state FROM feed \
         WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let mut rows = select.query((i64::try_from(seq).unwrap_or(i64::MAX), limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(change(row)?);
    }
    Ok(found)
}

fn change(row: &Row<'_>) -> Result<Change, StoreError> {
    let name: String = row.get(2)?;
    let kind = ChangeKind::ALL
        .into_iter()
        .find(|known| known.name() == name)
        .ok_or_else(|| StoreError::Row { table: TABLE, reason: format!("unknown kind {name}") })?;
    Ok(Change {
        seq: place(row.get(0)?),
        at: to_time(TABLE, row.get(1)?)?,
        kind,
        run_id: row.get(3)?,
        account_id: row.get(4)?,
        approval_id: row.get(5)?,
        task_id: row.get(6)?,
        message_id: row.get(7)?,
        state: row.get(8)?,
    })
}

fn place(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or_default()
}
