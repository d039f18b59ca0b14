//! One unbroken chain, however many processes write it.

use crate::records::{audit, open, other_process, shared};
use gangway_store::{AuditVerdict, Store};

const EACH: u64 = 40;

async fn append_many(store: &Store, name: &str) {
    for number in 0..EACH {
        store.audit().append(audit(&format!("{name}-{number}"))).await.unwrap();
    }
}

#[tokio::test]
async fn what_nobody_waits_for_stands_before_the_head() {
    let (_folder, store) = open();
    for number in 1..=EACH {
        store.audit().append_later(audit(&format!("later-{number}"))).await.unwrap();
        assert_eq!(store.audit().head().await.unwrap().after, number);
    }
}

#[tokio::test]
#[ignore = "runs as the other process of another test"]
async fn appends_from_another_process() {
    let Some(store) = shared() else { return };
    append_many(&store, "other").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_and_two_stores_make_one_chain() {
    let (folder, store) = open();
    let second = Store::open(folder.path()).unwrap();
    let path = folder.path().to_owned();
    let process =
        tokio::task::spawn_blocking(move || other_process("audit::appends_from_another_process", &path));
    tokio::join!(append_many(&store, "first"), append_many(&second, "second"));
    assert!(process.await.unwrap().unwrap().success());

    assert_eq!(store.audit().verify().await.unwrap(), AuditVerdict::Whole { entries: 3 * EACH });
    let entries = store.audit().tail(1_000).await.unwrap();
    for name in ["first", "second", "other"] {
        let order: Vec<&str> = entries
            .iter()
            .filter_map(|entry| entry.record.call_id.strip_prefix(name)?.strip_prefix('-'))
            .collect();
        let expected: Vec<String> = (0..EACH).map(|number| number.to_string()).collect();
        assert_eq!(order, expected, "{name}");
    }
}
