//! Why the store could not do what it was asked: one enum, each text naming the place and the next step.
//!
//! Cloneable, because one failed commit is the answer to everybody who waited for it.

use gangway_protocol::{AccountId, CorrelationId, RunId};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What went wrong in the store.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The data folder, or a file in it, cannot be made or opened.
    #[error(
        "cannot {attempt} {path}; check that it exists and belongs to this user, or set GANGWAY_DATA_DIR to another folder"
    )]
    Folder {
        /// What was attempted, e.g. `create the data folder`.
        attempt: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: Arc<io::Error>,
    },
    /// The data folder's path is taken by something else.
    #[error("{path} is not a folder; set GANGWAY_DATA_DIR to a folder")]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The file is no database, or a damaged one.
    #[error(
        "{path} is not a Gangway database or is damaged; restore it from a backup, or use another data folder"
    )]
    NotADatabase {
        /// The database file.
        path: PathBuf,
    },
    /// SQLite's own check found damage.
    #[error("{path} is damaged: {says}; use another backup")]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What the check found first.
        says: String,
    },
    /// A newer Gangway wrote the database.
    #[error(
        "{path} has schema version {found}, this Gangway knows up to {known}; use the newer Gangway, or another data folder"
    )]
    NewerSchema {
        /// The database file.
        path: PathBuf,
        /// Version found in the file.
        found: i64,
        /// Newest version this code knows.
        known: i64,
    },
    /// No space is left; the batch was rolled back.
    #[error("the disk that holds {path} is full; nothing was half-written: free some space and repeat")]
    DiskFull {
        /// The database file.
        path: PathBuf,
    },
    /// Other processes kept the database locked for five seconds.
    #[error(
        "{path} stayed locked by another process for 5 s; nothing was written: repeat, or stop the other process"
    )]
    Busy {
        /// The database file.
        path: PathBuf,
    },
    /// Any other failure of SQLite.
    #[error("the database refused a statement")]
    Sql(#[source] Arc<rusqlite::Error>),
    /// A record cannot be written as JSON.
    #[error("a record cannot be written as JSON")]
    Encode(#[source] Arc<serde_json::Error>),
    /// A stored row cannot be read back.
    #[error("a row of table {table} cannot be read: {reason}")]
    Row {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A correlation id belongs to one request, so to one account.
    #[error("correlation id {correlation_id} already belongs to a run of account {account}; use a new one")]
    CorrelationTaken {
        /// The correlation id.
        correlation_id: CorrelationId,
        /// The account it belongs to.
        account: AccountId,
    },
    /// The record to change is not there.
    #[error("there is no {what} {id}")]
    Absent {
        /// What kind of record.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A name stands for one person, so it has one usable key.
    #[error(
        "{name} has the key {key_id} already; take that back first with gangway keys revoke {key_id}, or use another name"
    )]
    KeyNameTaken {
        /// The name.
        name: String,
        /// Its key.
        key_id: String,
    },
    /// A name that could be read as an agent's, a process's or another's in the audit.
    #[error(
        "no person can be called {name:?}: agents' names, names with a colon, and those that begin with agent, person, host, local, process, webhook or slack are not given; use another name"
    )]
    KeyNameReserved {
        /// The name.
        name: String,
    },
    /// A journal position is written once.
    #[error("step {seq} of {run_id} is recorded already; another engine must be driving this run")]
    StepTaken {
        /// The run.
        run_id: RunId,
        /// The position.
        seq: u32,
    },
    /// An idempotency claim that this process does not hold (any more) cannot be settled by it.
    #[error("{tool} with key {key} is not claimed by this process, so its end cannot be recorded")]
    NotClaimed {
        /// The tool.
        tool: String,
        /// The idempotency key.
        key: String,
    },
    /// Only the process that hands a message over can say how that ended, and only once.
    #[error("outbox message {message_id} is not being sent by this process, so its end cannot be recorded")]
    NotWaiting {
        /// The message.
        message_id: String,
    },
    /// A person's word does not fit the state the message is in.
    #[error(
        "outbox message {message_id} is {state}, so it cannot be {wanted}; gangway outbox show {message_id} tells what became of it"
    )]
    NotSettleable {
        /// The message.
        message_id: String,
        /// Where it stands.
        state: &'static str,
        /// What was asked, e.g. `sent again`.
        wanted: &'static str,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sql(Arc::new(source))
    }
}

impl StoreError {
    /// The text with every cause behind it, for people: the operating system's or SQLite's own words say which it was.
    #[must_use]
    pub fn with_cause(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        text
    }

    pub(crate) fn folder(attempt: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Folder { attempt, path: path.to_owned(), source: Arc::new(source) }
    }

    /// Gives SQLite's plain codes the words and the path a person needs.
    pub(crate) fn at(self, path: &Path) -> Self {
        let Self::Sql(source) = &self else { return self };
        match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull { path: path.to_owned() },
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Self::Busy { path: path.to_owned() }
            }
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                Self::NotADatabase { path: path.to_owned() }
            }
            Some(
                rusqlite::ErrorCode::CannotOpen
                | rusqlite::ErrorCode::ReadOnly
                | rusqlite::ErrorCode::PermissionDenied,
            ) => Self::folder("open the database", path, io::Error::other(source.to_string())),
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StoreError;

    #[test]
    fn the_reason_of_sqlite_stands_in_the_text_for_people() {
        let error = StoreError::from(rusqlite::Error::InvalidColumnName("tier".to_owned()));
        assert_eq!(error.with_cause(), "the database refused a statement: Invalid column name: tier");
        assert_eq!(StoreError::Closed.with_cause(), "the store is closed");
    }
}
