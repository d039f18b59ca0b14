//! Which processes that share the data folder are alive: each holds a lock on a file of its own.
//!
//! The operating system drops the lock however the process ends, so the claims of a dead one are recognised at once,
//! without leases or clocks.

use crate::StoreError;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

const FOLDER: &str = "instances";

/// Keeps this instance alive in the eyes of the others until it is dropped.
#[derive(Debug)]
pub(crate) struct InstanceLock {
    path: PathBuf,
    _file: File,
}

impl Drop for InstanceLock {
    fn drop(&mut self) {
        // A missing file means dead as well; one that stays is swept by the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Tells the living from the dead.
#[derive(Debug, Clone)]
pub(crate) struct Liveness {
    own: Arc<str>,
    /// None for a store in memory, which nobody shares.
    folder: Option<Arc<Path>>,
}

impl Liveness {
    pub(crate) fn alone() -> Self {
        Self { own: Uuid::new_v4().to_string().into(), folder: None }
    }

    pub(crate) fn own(&self) -> &Arc<str> {
        &self.own
    }

    pub(crate) fn is_alive(&self, instance: &str) -> bool {
        if instance == &*self.own {
            return true;
        }
        match &self.folder {
            Some(folder) if Uuid::try_parse(instance).is_ok() => {
                is_locked(&folder.join(format!("{instance}.lock")))
            }
            _ => false,
        }
    }
}

/// Registers a new instance and sweeps away the files of dead ones.
///
/// The caller holds the folder's opening lock: between making the file and locking it, a sweeper would take it for dead.
pub(crate) fn register(data_folder: &Path) -> Result<(InstanceLock, Liveness), StoreError> {
    let folder = data_folder.join(FOLDER);
    fs::create_dir_all(&folder)
        .map_err(|source| StoreError::folder("create the instance folder", &folder, source))?;
    sweep(&folder);
    let own = Uuid::new_v4().to_string();
    let path = folder.join(format!("{own}.lock"));
    let file = File::create(&path)
        .map_err(|source| StoreError::folder("create the instance lock", &path, source))?;
    file.try_lock().map_err(|error| StoreError::folder("lock the instance lock", &path, error.into()))?;
    Ok((InstanceLock { path, _file: file }, Liveness { own: own.into(), folder: Some(folder.into()) }))
}

fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_lock = path.extension().is_some_and(|extension| extension == "lock");
        if is_lock && !is_locked(&path) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// A shared probe, so that two processes asking at once do not take each other for the owner.
fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    match file.try_lock_shared() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        // Cannot tell: a claim that may still be running must not be taken over.
        Err(TryLockError::Error(_)) => true,
    }
}
