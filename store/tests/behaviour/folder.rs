//! The data folder: private when we make it, and a clear refusal where it cannot be used.

use crate::records::{account, audit, key, open, run};
use gangway_store::{Claim, Store, StoreError};
use std::fs;

#[cfg(unix)]
#[tokio::test]
async fn folder_and_database_belong_to_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/b");
    let store = Store::open(&folder).unwrap();
    store.runs().accept(&run("run-1", "A", "c")).await.unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for file in ["gangway.db", "gangway.db-wal", "gangway.db-shm"] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
}

#[test]
fn a_file_in_the_folders_place_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("file");
    fs::write(&path, "x").unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::NotAFolder { .. }), "{error:?}");
    let below = Store::open(&path.join("below")).unwrap_err();
    assert!(matches!(below, StoreError::Folder { .. }), "{below:?}");
    assert!(below.to_string().contains("GANGWAY_DATA_DIR"), "{below}");
}

/// `/proc/self` takes no new file, not even from root, whom ordinary permissions do not stop.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let error = Store::open(std::path::Path::new("/proc/self")).unwrap_err();
    assert!(matches!(error, StoreError::Folder { .. }), "{error:?}");
    assert!(error.to_string().contains("/proc/self/opening.lock"), "{error}");
}

#[test]
fn something_else_in_the_databases_place_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gangway.db");
    let text = "not a database, but somebody's notes; ".repeat(40);
    fs::write(&path, &text).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_newer_database_is_refused_and_kept() {
    let (folder, store) = open();
    store.close().await;
    let raw = rusqlite::Connection::open(folder.path().join("gangway.db")).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }), "{error:?}");
}

#[tokio::test]
async fn many_may_open_a_new_folder_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let stores: Vec<Store> = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..8).map(|_| scope.spawn(|| Store::open(folder.path()).unwrap())).collect();
        opening.into_iter().map(|opened| opened.join().unwrap()).collect()
    });
    for (number, store) in stores.iter().enumerate() {
        let claim = || key(&format!("k-{number}"));
        assert_eq!(store.idempotency().claim("t", &claim(), "d", audit("call")).await.unwrap(), Claim::Fresh);
        for other in &stores {
            // Another's claim would be abandoned if its owner were taken for dead.
            let seen = other.idempotency().claim("t", &claim(), "d", audit("call")).await.unwrap();
            assert_eq!(seen, Claim::InProgress);
        }
    }
}

#[tokio::test]
async fn every_store_of_a_folder_reads_what_another_wrote() {
    let (folder, store) = open();
    let second = Store::open(folder.path()).unwrap();
    let record = run("run-1", "A", "c");
    store.runs().accept(&record).await.unwrap();
    assert_eq!(second.runs().newest_of(&account("A")).await.unwrap(), Some(record));
}

#[tokio::test]
async fn a_store_in_memory_is_a_store_of_its_own() {
    let (one, other) = (Store::in_memory().unwrap(), Store::in_memory().unwrap());
    let record = run("run-1", "A", "c");
    one.runs().accept(&record).await.unwrap();
    assert_eq!(one.runs().get(&record.run_id).await.unwrap().as_ref(), Some(&record));
    assert!(other.runs().get(&record.run_id).await.unwrap().is_none());
}
