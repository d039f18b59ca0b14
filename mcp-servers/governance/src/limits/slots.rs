//! Slots of one vendor that every process on a data folder shares: what the vendor allows at once, it allows the account.
//!
//! A slot is a lock file, locked while a call runs. The operating system frees it however its process ends, so there is
//! nothing to sweep and no lease to renew. Who looks for a slot first takes the *turn*, a lock like the others, and keeps
//! it until it has one: a process with much to do cannot pass its slots on to itself for ever.
//!
//! It decides no limit and refuses nobody; [`super::gate`] has given a seat among this process's calls before it asks here.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Between two looks at slots that other processes hold: short beside a vendor's answer, long beside a look.
const LOOK_AGAIN: Duration = Duration::from_millis(3);
/// Below the data folder, one folder per vendor.
const FOLDER: &str = "limits";

/// The slots of one vendor, as this process sees them.
pub(super) struct Slots {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    /// Whoever of this process is next to look for a slot, with the file all processes take turns by.
    turn: tokio::sync::Mutex<Option<File>>,
    files: Mutex<Vec<Slot>>,
}

/// A slot's file, opened once.
enum Slot {
    Unopened,
    Free(File),
    /// Held by a call of this process.
    Ours,
}

/// A slot held by one call; freed when dropped.
pub(super) struct Held {
    inner: Arc<Inner>,
    index: usize,
    file: Option<File>,
}

impl Slots {
    /// The slots of the vendor called `name` below a data folder. Nothing is made before the first call.
    pub(super) fn of(name: &str, data_folder: &Path) -> Self {
        let folder = data_folder.join(FOLDER).join(name);
        Self {
            inner: Arc::new(Inner { folder, turn: tokio::sync::Mutex::default(), files: Mutex::default() }),
        }
    }

    /// Waits for one of the first `limit` slots, in turn with other processes, for as long as the caller does.
    ///
    /// # Errors
    /// The lock files cannot be used.
    pub(super) async fn take(&self, limit: u16) -> io::Result<Held> {
        let mut turn = self.inner.turn.lock().await;
        let turn = match &*turn {
            Some(file) => file,
            None => turn.insert(self.inner.open("turn")?),
        };
        while !lock(turn)? {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let _ours = Turn(turn);
        loop {
            if let Some(held) = self.look(limit.max(1).into())? {
                return Ok(held);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn look(&self, limit: usize) -> io::Result<Option<Held>> {
        let mut files = self.inner.files();
        let known = files.len().max(limit);
        files.resize_with(known, || Slot::Unopened);
        for (index, slot) in files.iter_mut().enumerate().take(limit) {
            let file = match mem::replace(slot, Slot::Unopened) {
                Slot::Free(file) => file,
                Slot::Unopened => self.inner.open(&format!("slot-{index}"))?,
                Slot::Ours => {
                    *slot = Slot::Ours;
                    continue;
                }
            };
            if lock(&file)? {
                *slot = Slot::Ours;
                return Ok(Some(Held { inner: Arc::clone(&self.inner), index, file: Some(file) }));
            }
            *slot = Slot::Free(file);
        }
        Ok(None)
    }
}

impl Inner {
    fn open(&self, name: &str) -> io::Result<File> {
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(format!("{name}.lock"));
        OpenOptions::new().create(true).truncate(false).write(true).open(path)
    }

    fn files(&self) -> MutexGuard<'_, Vec<Slot>> {
        // Entries are whole values; a poisoned lock still guards a sound list.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A file that cannot be unlocked is closed, which frees it as well.
        let file = self.file.take().filter(|file| file.unlock().is_ok());
        if let Some(slot) = self.inner.files().get_mut(self.index) {
            *slot = file.map_or(Slot::Unopened, Slot::Free);
        }
    }
}

/// The turn to look for a slot; passed on when dropped.
struct Turn<'a>(&'a File);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the turn for a vendor's slots is passed on only when this process ends");
        }
    }
}

/// Locks a file unless somebody else has.
fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
