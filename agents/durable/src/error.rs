//! Why the engine could not do what it was asked. A run that cannot go on is no error: it is parked.

use gangway_protocol::RunId;
use gangway_store::StoreError;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// What went wrong in the engine.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// Another engine works on the data folder.
    #[error(
        "another engine ({}) is working on the data folder {folder}; stop it, or set GANGWAY_DATA_DIR to another folder",
        owner(*.pid)
    )]
    Taken {
        /// The data folder.
        folder: PathBuf,
        /// Its process, when it could be read.
        pid: Option<u32>,
    },
    /// The lock file cannot be made or locked.
    #[error("cannot lock {path}; check that the data folder belongs to this user")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: Arc<io::Error>,
    },
    /// The store failed; the run stays as it was and goes on another time.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such run.
    #[error("there is no run {0}")]
    UnknownRun(RunId),
    /// A run that is to be retried is not parked, or cannot be put back to where it stood.
    #[error("run {run_id} cannot be tried again: {reason}; start a new run of its account")]
    NotRetriable {
        /// The run.
        run_id: RunId,
        /// Why not.
        reason: String,
    },
    /// The run's task ended without an answer, by a panic or because the program is ending; it goes on at the next start.
    #[error("run {0} was interrupted; it goes on at the next `gangway runs resume` or start")]
    Interrupted(RunId),
}

fn owner(pid: Option<u32>) -> String {
    pid.map_or_else(|| "process unknown".to_owned(), |pid| format!("process {pid}"))
}
