//! How many runs of eight awaited writes a second the store commits, with FULL sync, at 1 and at 64 in flight; and a run
//! as the system makes it: about sixty rows through claims, answers, journal, checklist and audit.
//!
//! Prints figures and judges none: `cargo bench -p gangway-store`, or `… -- "whole run 64"` for one of them.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use gangway_protocol::audit::{AuditMoment, AuditRecord, CallEnd};
use gangway_protocol::ids::TaskId;
use gangway_protocol::redact::Email;
use gangway_protocol::run::{RunRequest, Trigger, Versions};
use gangway_protocol::task::{Contacts, Task, TaskCategory, TaskOwner, TaskStatus};
use gangway_protocol::{
    AccountId, Actor, Agent, CorrelationId, IdempotencyKey, RunId, RunRecord, RunState, TenantId,
};
use gangway_store::{Channel, Deliverer, NewMessage, OutboxClaim, SendEnd, Store};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
enum Kind {
    /// Accept, six journal entries, save.
    EightWrites,
    /// What an onboarding writes.
    WholeRun,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    for (name, kind, in_flight, runs) in [
        ("8 writes", Kind::EightWrites, 1, 1_000),
        ("8 writes", Kind::EightWrites, 64, 20_000),
        ("whole run", Kind::WholeRun, 1, 300),
        ("whole run", Kind::WholeRun, 64, 6_000),
    ] {
        if !format!("{name} {in_flight}").contains(&only) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (took, mut each) = measure(&store, kind, in_flight, runs).await;
        each.sort_unstable();
        let at = |percent: usize| each[(each.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
        println!(
            "{name:<10} {in_flight:>3} in flight: {:>7.0} runs/s, p50 {:>6.2} ms, p99 {:>6.2} ms",
            f64::from(runs) / took.as_secs_f64(),
            at(50),
            at(99),
        );
        store.close().await;
    }
}

async fn measure(store: &Store, kind: Kind, in_flight: u32, runs: u32) -> (Duration, Vec<Duration>) {
    let next = Arc::new(AtomicU32::new(0));
    let began = Instant::now();
    let workers: Vec<_> = (0..in_flight)
        .map(|_| {
            let (store, next) = (store.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let mut each = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= runs {
                        return each;
                    }
                    let began = Instant::now();
                    match kind {
                        Kind::EightWrites => eight_writes(&store, number).await,
                        Kind::WholeRun => whole_run(&store, number).await,
                    }
                    each.push(began.elapsed());
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    (began.elapsed(), all)
}

async fn eight_writes(store: &Store, number: u32) {
    let mut record = run(number);
    store.runs().accept(&record).await.unwrap();
    for seq in 0..6 {
        store.journal().append(&record.run_id, seq, "step", "x".repeat(200)).await.unwrap();
    }
    record.state = RunState::Completed;
    store.runs().save(&record).await.unwrap();
}

/// Four reading calls, seven writing ones, three of them messages, eight steps, two phases.
async fn whole_run(store: &Store, number: u32) {
    let mut record = run(number);
    let run_id = record.run_id.clone();
    store.runs().accept(&record).await.unwrap();
    for _ in 0..4 {
        store.audit().append_later(audit(&run_id, AuditMoment::Intent)).await.unwrap();
        store.audit().append_later(audit(&run_id, AuditMoment::Outcome)).await.unwrap();
    }
    store.journal().append(&run_id, 0, "gather", "x".repeat(4_000)).await.unwrap();
    record.state = RunState::Fulfilling;
    record.parked_because = Some("x".repeat(8_000));
    store.runs().save_with_entry(&record, 1, "@saved:fulfilling").await.unwrap();
    for step in 0..7 {
        let key = IdempotencyKey::parse(format!("{run_id}/{step}")).unwrap();
        let tool = "provision.create_tenant";
        let intent = audit(&run_id, AuditMoment::Intent);
        store.idempotency().claim(tool, &key, "sha256:0", intent).await.unwrap();
        if step == 0 {
            store.tasks().create_checklist(&checklist(number)).await.unwrap();
        }
        if step > 3 {
            send(store, &run_id, &key).await;
        }
        let outcome = audit(&run_id, AuditMoment::Outcome);
        store.idempotency().answer(tool, &key, &json!({"x": "y".repeat(300)}), outcome).await.unwrap();
        store.journal().append(&run_id, 2 + step, "step", "x".repeat(300)).await.unwrap();
    }
    record.state = RunState::Completed;
    store.runs().save_with_entry(&record, 9, "@saved:completed").await.unwrap();
}

async fn send(store: &Store, run_id: &RunId, key: &IdempotencyKey) {
    let message = NewMessage {
        key: key.clone(),
        channel: Channel::Mail,
        target: "cs@northwind.example".to_owned(),
        body: json!({"text": "x".repeat(2_000)}),
        run_id: Some(run_id.clone()),
        correlation_id: None,
        at: Timestamp::UNIX_EPOCH,
    };
    if let OutboxClaim::Fresh(sending) = store.outbox().claim(message).await.unwrap() {
        let end = SendEnd::Sent { reference: "reference".to_owned() };
        let at = Timestamp::UNIX_EPOCH;
        store.outbox().settle(&sending.message_id, end, Deliverer::Caller, at).await.unwrap();
    }
}

fn run(number: u32) -> RunRecord {
    RunRecord {
        run_id: RunId::from_uuid(uuid::Uuid::now_v7()),
        request: RunRequest {
            account_id: AccountId::parse(format!("SYN-{number:06}")).unwrap(),
            opportunity_id: None,
            correlation_id: CorrelationId::from_uuid(uuid::Uuid::now_v7()),
            as_of: None,
            trigger: Trigger::Batch,
            requested_by: "bench".to_owned(),
        },
        asked_as: None,
        state: RunState::Assessing,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        as_of: "2026-01-01".parse().unwrap(),
        traceparent: None,
        facts: None,
        decision: None,
        advice: None,
        worded_advice: None,
        approval_id: None,
        approval_expires_at: None,
        tenant: None,
        effects: Vec::new(),
        reports: Vec::new(),
        versions: Versions {
            agent: "0".to_owned(),
            workflow: "1".to_owned(),
            rule_set: None,
            tool_contracts: "sha256:0".to_owned(),
            adviser: "rules".to_owned(),
            prompt: None,
        },
        parked_because: None,
    }
}

fn audit(run_id: &RunId, moment: AuditMoment) -> AuditRecord {
    let end = CallEnd { ok: true, replayed: false, error: None, result_digest: None, duration_us: 900 };
    let arguments: Map<String, Value> =
        [("account_id", "SYN-000001"), ("grant", "[secret]"), ("tier", "Growth")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
    AuditRecord {
        moment,
        run_id: Some(run_id.clone()),
        arguments,
        end: (moment == AuditMoment::Outcome).then_some(end),
        ..AuditRecord::intent(
            "provision.create_tenant",
            &Actor::agent(Agent::Coordinator),
            Timestamp::UNIX_EPOCH,
        )
    }
}

fn checklist(number: u32) -> Vec<Task> {
    let tenant_id = TenantId::parse(format!("tnt-{number}")).unwrap();
    (1..=14)
        .map(|code| Task {
            task_id: TaskId::parse(format!("{tenant_id}:T{code:03}")).unwrap(),
            code: format!("T{code:03}"),
            tenant_id: tenant_id.clone(),
            account_id: AccountId::parse(format!("SYN-{number:06}")).unwrap(),
            title: "Complete the platform tour".to_owned(),
            category: TaskCategory::Customer,
            owner: TaskOwner::Customer,
            status: TaskStatus::Pending,
            due_date: "2026-01-08".parse().unwrap(),
            after: vec!["T001".to_owned()],
            note: None,
            completed_on: None,
            created_on: "2026-01-01".parse().unwrap(),
            contacts: Contacts {
                cs: Email::parse("cs@northwind.example").unwrap(),
                customer: Email::parse("signatory@customer.example").ok(),
                manager: None,
                director: None,
            },
        })
        .collect()
}
