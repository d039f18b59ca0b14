//! What one committed audit entry costs, and how long it takes to verify a million: from an export, and in the store.
//!
//! It judges nothing: the goal (10 s) and the figure stand in the room's README.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its figure and may stop")]

use ed25519_dalek::SigningKey;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::checkpoint::{Attested, Checkpoint, NO_CHECKPOINT};
use gangway_protocol::{Actor, Agent, RunId};
use gangway_store::{Beginning, Inspection, Store, Witness, inspect_export};
use jiff::Timestamp;
use serde_json::json;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

const ENTRIES: u64 = 1_000_000;
const PAGE: u32 = 10_000;
/// Entries that are awaited one by one first: what a write waits for before it runs.
const COMMITTED: u64 = 1_000;

fn record(number: u64) -> AuditRecord {
    let arguments = json!({
        "account_id": format!("SYN-{number:06}"), "tier": "Growth", "grant": "[secret]",
        "idempotency_key": format!("run-0199aaaabbbbccccddddeeeeffff0000/{number}"),
    });
    let run = RunId::parse(format!("run-{}", number / 25)).unwrap();
    AuditRecord::done(
        "provision.create_tenant",
        &Actor::agent(Agent::Coordinator),
        arguments,
        Timestamp::UNIX_EPOCH,
    )
    .of_run(&run, None)
}

async fn write_export(store: &Store, path: &Path, key: &SigningKey) {
    let head = store.audit().head().await.unwrap();
    let attested = Attested {
        number: 1,
        previous: NO_CHECKPOINT.to_owned(),
        seq: head.after,
        head: head.head,
        at: Timestamp::UNIX_EPOCH,
        restored: None,
    };
    let mut out = BufWriter::new(File::create(path).unwrap());
    writeln!(out, "{}", Beginning::of_all().header().unwrap()).unwrap();
    for after in (0..=ENTRIES).step_by(10_000) {
        for line in store.audit().lines(after, PAGE).await.unwrap() {
            writeln!(out, "{line}").unwrap();
        }
    }
    writeln!(out, "{}", Checkpoint::sign(attested, key).unwrap().line().unwrap()).unwrap();
    out.flush().unwrap();
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut times = Vec::new();
    for number in 0..COMMITTED {
        let began = Instant::now();
        store.audit().append(record(number)).await.unwrap();
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("committed   one entry alone: p50 {p50:.2} ms, p99 {p99:.2} ms");

    let began = Instant::now();
    for number in COMMITTED..ENTRIES {
        store.audit().append_later(record(number)).await.unwrap();
    }
    store.audit().append(record(0)).await.unwrap();
    let entries = ENTRIES + 1 - COMMITTED;
    println!("append      {entries} entries in {:.1} s", began.elapsed().as_secs_f64());

    let (export, key) = (folder.path().join("audit.jsonl"), SigningKey::from_bytes(&[1; 32]));
    let began = Instant::now();
    write_export(&store, &export, &key).await;
    let bytes = std::fs::metadata(&export).unwrap().len();
    println!("export      {} MB in {:.1} s", bytes / 1_000_000, began.elapsed().as_secs_f64());

    let began = Instant::now();
    let keys = [key.verifying_key()];
    let file = BufReader::with_capacity(1 << 20, File::open(&export).unwrap());
    let inspected = inspect_export(file, Witness::default(), &keys).unwrap();
    assert!(inspected.is_whole() && inspected.entries >= ENTRIES, "{:?}", inspected.breaks);
    println!("verify      the export in {:.2} s", began.elapsed().as_secs_f64());

    let began = Instant::now();
    let inspected = store.audit().inspect(Inspection::of_whole(Witness::default())).await.unwrap();
    assert!(inspected.is_whole());
    println!("verify      the store in {:.2} s", began.elapsed().as_secs_f64());
    store.close().await;
}
