//! Brings a database file to the newest schema: numbered SQL files, forward only, all in one transaction.

use crate::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Schema version N is the state after the first N of these.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_ground.sql"),
    include_str!("../migrations/0002_approvals.sql"),
    include_str!("../migrations/0003_outbox.sql"),
    include_str!("../migrations/0004_intake.sql"),
    include_str!("../migrations/0005_keys_feed.sql"),
    include_str!("../migrations/0006_rules.sql"),
    include_str!("../migrations/0007_llm_calls.sql"),
    include_str!("../migrations/0009_schedules.sql"),
    include_str!("../migrations/0010_salesforce_ids.sql"),
    include_str!("../migrations/0011_audit.sql"),
    include_str!("../migrations/0012_lists.sql"),
    include_str!("../migrations/0013_seals.sql"),
    include_str!("../migrations/0014_callers_keys.sql"),
    include_str!("../migrations/0015_spellings.sql"),
];

/// The schema this code works with.
#[expect(clippy::cast_possible_wrap, reason = "there are fewer migrations than that")]
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// The version of a database that this code can read; nothing is changed.
pub(crate) fn known_version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found, known });
    }
    Ok(found)
}

/// Applies what is missing. Several processes may call this at once: the version is read inside the transaction.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    migrate_with(connection, path, MIGRATIONS)
}

fn migrate_with(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for sql in migrations.iter().skip(done) {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests;
