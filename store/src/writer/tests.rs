//! The group commit's promises, on a real file: order, no harm to neighbours, no half-written batch.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{BATCH, Pending, Shape};
use crate::{Store, StoreError};
use rusqlite::Connection;
use tempfile::TempDir;

async fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let create = |connection: &Connection| {
        connection.execute_batch("CREATE TABLE note (seq INTEGER PRIMARY KEY, text TEXT UNIQUE) STRICT")?;
        Ok(())
    };
    store.write(Shape::OneStatement, create).await.unwrap();
    (folder, store)
}

fn note(text: impl Into<String>) -> impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static {
    let text = text.into();
    move |connection| {
        connection.prepare_cached("INSERT INTO note (text) VALUES (?1)")?.execute([text])?;
        Ok(())
    }
}

async fn notes(store: &Store) -> Vec<String> {
    let read = |connection: &Connection| {
        let mut select = connection.prepare("SELECT text FROM note ORDER BY seq")?;
        Ok(select.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?)
    };
    store.read(read).await.unwrap()
}

/// Keeps the writer busy until the returned sender speaks, so that what is queued meanwhile shares one batch.
async fn hold(store: &Store) -> (std::sync::mpsc::Sender<()>, Pending<()>) {
    let (open, gate) = std::sync::mpsc::channel();
    let wait = move |_: &Connection| {
        gate.recv().unwrap();
        Ok(())
    };
    let held = store.queue(Shape::OneStatement, wait).await.unwrap();
    (open, held)
}

#[tokio::test]
async fn commands_keep_their_order_across_batches() {
    let (_folder, store) = store().await;
    let (open, held) = hold(&store).await;
    let mut waiting = Vec::new();
    for number in 0..BATCH * 2 + 10 {
        let text = format!("{number:04}");
        waiting.push(store.queue(Shape::OneStatement, note(text)).await.unwrap());
    }
    open.send(()).unwrap();
    held.await.unwrap();
    for pending in waiting {
        pending.await.unwrap();
    }
    let found = notes(&store).await;
    assert_eq!(found.len(), BATCH * 2 + 10);
    assert!(found.is_sorted());
}

#[tokio::test]
async fn a_failing_command_leaves_nothing_and_harms_no_neighbour() {
    let (_folder, store) = store().await;
    let (open, held) = hold(&store).await;
    let first = store.queue(Shape::OneStatement, note("first")).await.unwrap();
    let half = |connection: &Connection| {
        note("half")(connection)?;
        note("first")(connection)
    };
    let failing = store.queue(Shape::Several, half).await.unwrap();
    let clash = store.queue(Shape::OneStatement, note("first")).await.unwrap();
    let last = store.queue(Shape::Several, note("last")).await.unwrap();
    open.send(()).unwrap();
    held.await.unwrap();
    first.await.unwrap();
    failing.await.unwrap_err();
    clash.await.unwrap_err();
    last.await.unwrap();
    assert_eq!(notes(&store).await, ["first", "last"]);
}

#[tokio::test]
async fn a_full_disk_is_said_to_everybody_in_the_batch_and_the_store_goes_on() {
    let (_folder, store) = store().await;
    let limit = |connection: &Connection| {
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        connection.pragma_update(None, "max_page_count", pages + 2)?;
        Ok(())
    };
    store.write(Shape::OneStatement, limit).await.unwrap();
    let (open, held) = hold(&store).await;
    let small = store.queue(Shape::OneStatement, note("small")).await.unwrap();
    let big = store.queue(Shape::Several, note("x".repeat(1_000_000))).await.unwrap();
    let after = store.queue(Shape::OneStatement, note("after")).await.unwrap();
    open.send(()).unwrap();
    let small = match held.await {
        Ok(()) => small.await,
        Err(error) => Err(error),
    };
    let error = big.await.unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
    after.await.unwrap();
    // Whether SQLite took the whole transaction with it or only the command, answer and table must agree.
    let expected: &[&str] = if small.is_ok() { &["small", "after"] } else { &["after"] };
    assert_eq!(notes(&store).await, expected);
}

#[tokio::test]
async fn a_transaction_that_is_lost_half_way_fails_all_its_commands() {
    let (_folder, store) = store().await;
    let (open, held) = hold(&store).await;
    let before = store.queue(Shape::OneStatement, note("before")).await.unwrap();
    // What a disk error makes SQLite do by itself.
    let lose = |connection: &Connection| {
        connection.execute_batch("ROLLBACK")?;
        Err::<(), _>(StoreError::Absent { what: "disk", id: "sda".to_owned() })
    };
    let lost = store.queue(Shape::Several, lose).await.unwrap();
    let after = store.queue(Shape::OneStatement, note("after")).await.unwrap();
    open.send(()).unwrap();
    // The one that held the writer may have had a batch to itself.
    let _ = held.await;
    before.await.unwrap_err();
    lost.await.unwrap_err();
    after.await.unwrap();
    assert_eq!(notes(&store).await, ["after"]);
}

#[tokio::test]
async fn a_failing_commit_is_said_to_everybody_in_the_batch() {
    let (_folder, store) = store().await;
    let deferred = |connection: &Connection| {
        connection.execute_batch(
            "CREATE TABLE child (parent INTEGER REFERENCES note (seq) DEFERRABLE INITIALLY DEFERRED) STRICT",
        )?;
        Ok(())
    };
    store.write(Shape::OneStatement, deferred).await.unwrap();
    let (open, held) = hold(&store).await;
    let neighbour = store.queue(Shape::OneStatement, note("neighbour")).await.unwrap();
    let orphan = |connection: &Connection| {
        connection.execute("INSERT INTO child (parent) VALUES (99)", [])?;
        Ok(())
    };
    let orphan = store.queue(Shape::OneStatement, orphan).await.unwrap();
    open.send(()).unwrap();
    let _ = held.await;
    neighbour.await.unwrap_err();
    orphan.await.unwrap_err();
    store.write(Shape::OneStatement, note("later")).await.unwrap();
    assert_eq!(notes(&store).await, ["later"]);
}

#[tokio::test]
async fn closing_commits_what_is_queued_and_then_refuses() {
    let (folder, store) = store().await;
    let queued = store.queue(Shape::OneStatement, note("queued")).await.unwrap();
    store.close().await;
    queued.await.unwrap();
    let error = store.write(Shape::OneStatement, note("late")).await.unwrap_err();
    assert!(matches!(error, StoreError::Closed));
    let reopened = Store::open(folder.path()).unwrap();
    assert_eq!(notes(&reopened).await, ["queued"]);
}

#[tokio::test]
async fn an_unwatched_write_stands_before_a_later_awaited_one() {
    let (_folder, store) = store().await;
    store.writer().enqueue_unwatched(Shape::OneStatement, "note", note("unwatched")).await.unwrap();
    store.write(Shape::OneStatement, note("awaited")).await.unwrap();
    assert_eq!(notes(&store).await, ["unwatched", "awaited"]);
}

#[tokio::test]
async fn what_nobody_awaits_is_committed_with_what_somebody_does_and_else_by_itself() {
    let (_folder, store) = store().await;
    let mut commits = store.writer().committed();
    for text in ["one", "two"] {
        store.writer().enqueue_unwatched(Shape::OneStatement, "write a note", note(text)).await.unwrap();
    }
    store.write(Shape::OneStatement, note("three")).await.unwrap();
    assert_eq!(notes(&store).await, ["one", "two", "three"]);
    commits.mark_unchanged();
    store.writer().enqueue_unwatched(Shape::OneStatement, "write a note", note("four")).await.unwrap();
    commits.changed().await.unwrap();
    assert_eq!(notes(&store).await, ["one", "two", "three", "four"]);
}

#[tokio::test]
async fn what_nobody_awaits_is_committed_when_the_store_closes() {
    let (folder, store) = store().await;
    store.writer().enqueue_unwatched(Shape::OneStatement, "write a note", note("last")).await.unwrap();
    store.close().await;
    assert_eq!(notes(&Store::open(folder.path()).unwrap()).await, ["last"]);
}
