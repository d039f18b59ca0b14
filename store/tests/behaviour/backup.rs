//! A backup is whole although others write, and a restored one repeats nothing by itself.

use crate::records::{at, audit, key, open, run};
use gangway_protocol::RunState;
use gangway_store::{
    AuditVerdict, Channel, Claim, Deliverer, NewMessage, OutboxClaim, OutboxFilter, OutboxState, Restore,
    SendEnd, Store, StoreError, check_database, copy_database,
};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

async fn settle(store: &Store, message_id: &str, end: SendEnd) {
    let at = at("2026-01-01T00:00:00Z");
    store.outbox().settle(message_id, end, Deliverer::Caller, at).await.unwrap();
}

fn restore() -> Restore {
    Restore { backup_at: at("2026-02-01T03:00:00Z"), restored_at: at("2026-02-01T12:00:00Z") }
}

/// Puts a copy in the place of a database.
fn folder_of(copy: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(copy, folder.path().join("gangway.db")).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_others_write_is_one_sound_state() {
    let (folder, store) = open();
    let target = folder.path().join("copy.db");
    let stop = AtomicBool::new(false);
    let (copied, ()) = futures::join!(
        async {
            let (from, to) = (folder.path().to_owned(), target.clone());
            let copied = tokio::task::spawn_blocking(move || copy_database(&from, &to)).await.unwrap();
            stop.store(true, Ordering::SeqCst);
            copied
        },
        async {
            let mut number = 0;
            while !stop.load(Ordering::SeqCst) || number < 20 {
                let record = run(&format!("run-{number}"), &format!("A-{number}"), &format!("c-{number}"));
                store.runs().accept(&record).await.unwrap();
                store.audit().append(audit("call")).await.unwrap();
                number += 1;
            }
        }
    );
    copied.unwrap();
    let checked = check_database(&target).unwrap();
    assert!(matches!(checked.audit, AuditVerdict::Whole { .. }));
    assert_eq!(checked.runs, checked.live_runs);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }
    copy_database(folder.path(), &target).unwrap_err();
}

#[tokio::test]
async fn what_was_under_way_in_the_backup_is_parked_or_unknown() {
    let (folder, store) = open();
    for (id, state) in
        [("1", RunState::Assessing), ("2", RunState::AwaitingApproval), ("3", RunState::Completed)]
    {
        let mut record = run(&format!("run-{id}"), &format!("A-{id}"), &format!("c-{id}"));
        store.runs().accept(&record).await.unwrap();
        record.state = state;
        store.runs().save(&record).await.unwrap();
    }
    let message = |name: &str| NewMessage {
        key: key(name),
        channel: Channel::Mail,
        target: "a@northwind.example".to_owned(),
        body: json!({}),
        run_id: None,
        correlation_id: None,
        at: at("2026-01-01T00:00:00Z"),
    };
    for name in ["sent", "failed", "claimed"] {
        let OutboxClaim::Fresh(sending) = store.outbox().claim(message(name)).await.unwrap() else {
            panic!()
        };
        match name {
            "sent" => settle(&store, &sending.message_id, SendEnd::Sent { reference: "1".to_owned() }).await,
            "failed" => settle(&store, &sending.message_id, SendEnd::Dead { why: "no".to_owned() }).await,
            _ => {}
        }
    }
    store.idempotency().claim("t", &key("k"), "d", audit("call")).await.unwrap();
    let copy = folder.path().join("copy.db");
    copy_database(folder.path(), &copy).unwrap();

    let restored = folder_of(&copy);
    let store = Store::open(restored.path()).unwrap();
    let interrupted = store.restores().begin(restore(), audit("restore")).await.unwrap();

    assert_eq!((interrupted.runs, interrupted.calls), (2, 1));
    assert!(store.runs().unfinished().await.unwrap().is_empty(), "nothing goes on by itself");
    let parked = store.runs().get(&run("run-1", "A", "c").run_id).await.unwrap().unwrap();
    assert_eq!(parked.state, RunState::Parked);
    let why = parked.parked_because.unwrap();
    assert!(why.contains("2026-02-01T03:00:00Z"), "{why}");
    for row in store.outbox().list(OutboxFilter::default()).await.unwrap() {
        let expected = if row.key == "sent" { OutboxState::Sent } else { OutboxState::Unknown };
        assert_eq!(row.state, expected, "{}", row.key);
    }
    let again = store.idempotency().claim("t", &key("k"), "d", audit("call")).await.unwrap();
    assert_eq!(again, Claim::Unknown);
}

#[tokio::test]
async fn schedules_are_held_until_somebody_releases_them() {
    let (_folder, store) = open();
    assert_eq!(store.restores().held().await.unwrap(), None);
    store.restores().begin(restore(), audit("restore")).await.unwrap();
    assert_eq!(store.restores().held().await.unwrap(), Some(restore()));
    assert!(store.restores().release(audit("release")).await.unwrap());
    assert_eq!(store.restores().held().await.unwrap(), None);
    assert!(!store.restores().release(audit("release")).await.unwrap());
    let told = store.audit().tail(9).await.unwrap();
    let told: Vec<&str> = told.iter().map(|entry| entry.record.call_id.as_str()).collect();
    assert_eq!(told, ["restore", "release"], "what changed nothing is not on record");
}

#[tokio::test]
async fn a_damaged_or_newer_copy_is_refused() {
    let (folder, store) = open();
    for number in 0..200 {
        let record = run(&format!("run-{number}"), &format!("A-{number}"), &format!("c-{number}"));
        store.runs().accept(&record).await.unwrap();
    }
    let copy = folder.path().join("copy.db");
    copy_database(folder.path(), &copy).unwrap();
    let sound = fs::read(&copy).unwrap();
    let mut damaged = sound.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4_096].fill(0xA5);
    fs::write(&copy, damaged).unwrap();
    let error = check_database(&copy).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. } | StoreError::NotADatabase { .. }), "{error:?}");
    fs::write(&copy, sound).unwrap();
    rusqlite::Connection::open(&copy).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = check_database(&copy).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }), "{error:?}");
}
