//! A copy of the database while others write to it, and the look at such a copy before it is trusted.
//!
//! `VACUUM INTO` reads one consistent state in one transaction and disturbs no writer. Reading and writing here waits for
//! the disk: call it off the asynchronous threads. What else belongs to a backup is the caller's business.

use crate::audit::verify_all;
use crate::{AuditVerdict, StoreError, open, schema};
use rusqlite::Connection;
use std::fs::File;
use std::path::Path;

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Schema version it was written with.
    pub schema_version: i64,
    /// Whether every audit entry is as it was written.
    pub audit: AuditVerdict,
    /// How many runs.
    pub runs: u32,
    /// How many of them were live.
    pub live_runs: u32,
    /// How many tenants.
    pub tenants: u32,
}

/// Copies the database of `folder` to the new file `target`, readable by its owner only, and has it on disk.
///
/// The database is not migrated: a backup must not change what it saves.
///
/// # Errors
/// There is no database, it cannot be read, or the copy cannot be written.
pub fn copy_database(folder: &Path, target: &Path) -> Result<(), StoreError> {
    let source = folder.join(open::DATABASE);
    if !source.is_file() {
        return Err(StoreError::Absent { what: "database", id: source.display().to_string() });
    }
    let failed = |source| StoreError::folder("write the backup", target, source);
    // An empty file is what SQLite takes for a target that it may fill; made here, for its permissions.
    drop(open::private_file(target).map_err(failed)?);
    let connection = open::existing(&source)?;
    connection
        .execute("VACUUM INTO ?1", [target.display().to_string()])
        .map_err(|error| StoreError::from(error).at(target))?;
    File::open(target).and_then(|file| file.sync_all()).map_err(failed)
}

/// Looks whether a copied database is sound: SQLite's own check of structure and keys, a schema version this Gangway
/// knows, and the audit's chain.
///
/// # Errors
/// [`StoreError::Damaged`] and [`StoreError::NewerSchema`]; or the file is no database.
pub fn check_database(file: &Path) -> Result<Checked, StoreError> {
    let connection = open::existing(file)?;
    check(&connection, file).map_err(|error| error.at(file))
}

fn check(connection: &Connection, file: &Path) -> Result<Checked, StoreError> {
    let schema_version = schema::known_version(connection, file)?;
    let says: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if says != "ok" {
        return Err(StoreError::Damaged { path: file.to_owned(), says });
    }
    let strangers: i64 =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if strangers > 0 {
        let says = format!("{strangers} rows point at rows that are not there");
        return Err(StoreError::Damaged { path: file.to_owned(), says });
    }
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u32>(0));
    Ok(Checked {
        schema_version,
        audit: verify_all(connection)?,
        runs: count("SELECT count(*) FROM runs")?,
        live_runs: count(
            "SELECT count(*) FROM runs WHERE state IN ('assessing', 'awaiting_approval', 'fulfilling')",
        )?,
        tenants: count("SELECT count(*) FROM tenants")?,
    })
}
