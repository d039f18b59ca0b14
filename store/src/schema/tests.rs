//! Migrations go only forward, all or nothing, and old rows stay.

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
