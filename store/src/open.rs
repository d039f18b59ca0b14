//! Makes the data folder and opens connections: owner-only permissions, WAL, FULL sync, busy waiting.

use crate::instance::{self, InstanceLock, Liveness};
use crate::{StoreError, schema};
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the database inside the data folder.
pub(crate) const DATABASE: &str = "gangway.db";
/// Held while a process opens the folder, so that migrating, switching to WAL and registering happen one at a time.
const OPENING: &str = "opening.lock";
/// 5 s in steps of 1 ms. SQLite's own waiting grows to 100 ms steps, in which a process that commits
/// batch after batch starves its neighbours.
const BUSY_STEPS: i32 = 5_000;
/// The store has about fifty distinct statements, filters included.
const CACHED_STATEMENTS: usize = 96;
/// Pages in the WAL before they are moved into the database (16 MB).
const CHECKPOINT_PAGES: i64 = 4_000;

/// An opened data folder.
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) connection: Connection,
    pub(crate) lock: InstanceLock,
    pub(crate) liveness: Liveness,
}

pub(crate) fn open(folder: &Path) -> Result<Opened, StoreError> {
    prepare_folder(folder)?;
    let opening = folder.join(OPENING);
    let guard = private_file(&opening)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|source| StoreError::folder("lock", &opening, source))?;
    let path = folder.join(DATABASE);
    // Made before SQLite makes it, for its permissions; WAL and shared-memory file take over the database's.
    private_file(&path).map_err(|source| StoreError::folder("open the database", &path, source))?;
    let connection = migrated(&path).map_err(|error| error.at(&path))?;
    let (lock, liveness) = instance::register(folder)?;
    drop(guard);
    Ok(Opened { path, connection, lock, liveness })
}

pub(crate) fn in_memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    settings(&mut connection)?;
    schema::migrate(&mut connection, Path::new(":memory:"))?;
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let open = || -> Result<Connection, StoreError> {
        let mut connection = Connection::open(path)?;
        settings(&mut connection)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    open().map_err(|error| error.at(path))
}

/// A connection to a database that must be there, without changing its schema or settings.
pub(crate) fn existing(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> Result<Connection, StoreError> {
        let mut connection = Connection::open_with_flags(path, flags)?;
        settings(&mut connection)?;
        Ok(connection)
    };
    open().map_err(|error| error.at(path))
}

fn migrated(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    settings(&mut connection)?;
    // Only has an effect on a file that is still empty: retention then gives pages back without rewriting everything.
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    schema::migrate(&mut connection, path)?;
    Ok(connection)
}

fn settings(connection: &mut Connection) -> Result<(), StoreError> {
    connection.busy_handler(Some(wait_a_little))?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

fn wait_a_little(steps_so_far: i32) -> bool {
    if steps_so_far >= BUSY_STEPS {
        return false;
    }
    std::thread::sleep(Duration::from_millis(1));
    true
}

fn prepare_folder(folder: &Path) -> Result<(), StoreError> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(StoreError::NotAFolder { path: folder.to_owned() }),
        Err(_) => private_folder(folder)
            .map_err(|source| StoreError::folder("create the data folder", folder, source)),
    }
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn private_folder(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

#[cfg(not(unix))]
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}
