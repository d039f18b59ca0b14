//! Which processes that share the data folder are alive: each holds a lock on a file of its own.
//!
//! The operating system drops the lock however the process ends, so the claims of a dead one are recognised at once,
//! without leases or clocks.

use crate::StoreError;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
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
    let file = match File::open(path) {
        Ok(file) => file,
        // Out of descriptors, or not permitted: that says nothing about the owner, who may well be alive.
        Err(error) => return error.kind() != ErrorKind::NotFound,
    };
    match file.try_lock_shared() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        // Cannot tell: a claim that may still be running must not be taken over.
        Err(TryLockError::Error(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::{FOLDER, Liveness, is_locked, register};
    use std::fs::{self, File};
    use uuid::Uuid;

    #[test]
    fn only_a_missing_or_unlocked_file_means_dead() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        assert!(!is_locked(&path));
        let file = File::create(&path).unwrap();
        assert!(!is_locked(&path));
        file.lock().unwrap();
        assert!(is_locked(&path));
    }

    /// A link to itself cannot be opened by anybody, root included, and yet it is there.
    #[cfg(unix)]
    #[test]
    fn a_lock_file_that_cannot_be_opened_may_have_a_living_owner() {
        let folder = tempfile::tempdir().unwrap();
        let (_lock, liveness) = register(folder.path()).unwrap();
        let other = Uuid::new_v4().to_string();
        let path = folder.path().join(FOLDER).join(format!("{other}.lock"));
        std::os::unix::fs::symlink(&path, &path).unwrap();
        assert!(File::open(&path).is_err());
        assert!(liveness.is_alive(&other));
        let (_second, _) = register(folder.path()).unwrap();
        assert!(fs::symlink_metadata(&path).is_ok(), "nobody sweeps it away");
    }

    #[test]
    fn an_instance_is_alive_until_its_lock_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (first, seen) = register(folder.path()).unwrap();
        let (_second, seeing) = register(folder.path()).unwrap();
        assert!(seeing.is_alive(seen.own()));
        drop(first);
        assert!(!seeing.is_alive(seen.own()));
        assert!(!Liveness::alone().is_alive(seen.own()));
    }
}
