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
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{MIGRATIONS, migrate, migrate_with};
    use crate::StoreError;
    use rusqlite::Connection;
    use std::path::Path;

    fn version(connection: &Connection) -> i64 {
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn applies_only_what_is_missing() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("x.db");
        migrate_with(&mut connection, path, &["CREATE TABLE a (x) "]).unwrap();
        migrate_with(&mut connection, path, &["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y"]).unwrap();
        migrate_with(&mut connection, path, &["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y"]).unwrap();
        assert_eq!(version(&connection), 2);
        connection.execute("INSERT INTO a (x, y) VALUES (1, 2)", []).unwrap();
    }

    #[test]
    fn a_failing_migration_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("x.db");
        migrate_with(&mut connection, path, &["CREATE TABLE a (x)", "NONSENSE"]).unwrap_err();
        assert_eq!(version(&connection), 0);
        connection.execute("INSERT INTO a (x) VALUES (1)", []).unwrap_err();
    }

    #[test]
    fn refuses_a_newer_schema() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("x.db")).unwrap();
        let newer = i64::try_from(MIGRATIONS.len()).unwrap() + 1;
        connection.pragma_update(None, "user_version", newer).unwrap();
        let error = migrate(&mut connection, Path::new("x.db")).unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found, .. } if found == newer), "{error}");
    }

    #[test]
    fn an_old_database_keeps_its_rows() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("x.db");
        let (first, _) = MIGRATIONS.split_at(1);
        migrate_with(&mut connection, path, first).unwrap();
        connection
            .execute_batch(
                "INSERT INTO runs VALUES (7, 'run-1', 'ACME-001', 'completed', '{}');
                 INSERT INTO correlations VALUES ('c-1', 'ACME-001', 'run-1');
                 INSERT INTO idempotency VALUES ('t', 'k', 'd', 'answered', 'i', '1');",
            )
            .unwrap();
        migrate(&mut connection, path).unwrap();
        let kept: (String, String, Option<i64>) = connection
            .query_row("SELECT run_id, key, claimed_us FROM correlations, idempotency", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .unwrap();
        assert_eq!(kept, ("run-1".to_owned(), "k".to_owned(), None));
        assert_eq!(version(&connection), i64::try_from(MIGRATIONS.len()).unwrap());
    }
}
