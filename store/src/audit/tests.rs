//! The chain finds every kind of tampering, and its canonical bytes are the protocol's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::chain::canonical_record;
use super::{AuditBreak, AuditVerdict, GENESIS, link_hash};
use crate::Store;
use crate::writer::Shape;
use gangway_protocol::audit::{AuditMoment, AuditRecord, CallEnd};
use gangway_protocol::{Actor, Agent, CorrelationId, RuleSetRef, RunId, canonical};
use serde_json::{Value, json};

fn record(number: u32) -> AuditRecord {
    let Value::Object(arguments) =
        json!({"zeta": {"b": 1, "a": [null, {"y": "ü", "x": "\n"}]}, "alpha": number})
    else {
        unreachable!("an object literal")
    };
    let end = CallEnd {
        ok: false,
        replayed: true,
        error: Some("timeout/-".to_owned()),
        result_digest: Some("sha256:00".to_owned()),
        duration_us: u64::from(number),
    };
    let at = "2026-01-02T03:04:05.678Z".parse().unwrap();
    AuditRecord {
        moment: AuditMoment::Outcome,
        call_id: format!("call-{number}"),
        run_id: number.is_multiple_of(2).then(|| RunId::parse("run-1").unwrap()),
        correlation_id: Some(CorrelationId::parse("cor-1").unwrap()),
        arguments,
        end: (!number.is_multiple_of(3)).then_some(end),
        policy: number.is_multiple_of(4).then(|| "sha256:11".to_owned()),
        rule_set: number.is_multiple_of(5).then(|| RuleSetRef {
            id: "builtin".to_owned(),
            version: "1".to_owned(),
            digest: "sha256:22".to_owned(),
        }),
        why: number.is_multiple_of(2).then(|| "paid by cheque".to_owned()),
        ..AuditRecord::intent("clm.get_contract", &Actor::agent(Agent::Coordinator), at)
    }
}

async fn chain_of_five() -> Store {
    let store = Store::in_memory().unwrap();
    for number in 1..=5 {
        assert_eq!(store.audit().append(record(number)).await.unwrap(), u64::from(number));
    }
    store
}

/// What somebody who can write the file does first.
const WITHOUT_TRIGGERS: &str = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted; \
                                DROP TRIGGER audit_grows_at_its_end;";

/// What verify says after `sql` was run on a chain of five.
async fn verdict_after(sql: &'static str) -> AuditVerdict {
    let store = chain_of_five().await;
    store
        .write(Shape::Several, move |connection| {
            connection.execute_batch(WITHOUT_TRIGGERS)?;
            connection.execute_batch(sql)?;
            Ok(())
        })
        .await
        .unwrap();
    store.audit().verify().await.unwrap()
}

#[test]
fn the_fast_canonical_form_is_the_protocols() {
    for number in 0..6 {
        let fast = canonical_record(&record(number)).unwrap();
        assert_eq!(fast.into_bytes(), canonical::to_canonical(&record(number)).unwrap());
    }
}

#[tokio::test]
async fn an_entrys_hash_covers_position_previous_and_record() {
    let store = chain_of_five().await;
    let entries = store.audit().tail(10).await.unwrap();
    let mut previous = GENESIS.to_owned();
    for (number, entry) in (1..).zip(&entries) {
        assert_eq!((entry.seq, &entry.previous), (number, &previous));
        assert_eq!(entry.record, record(u32::try_from(number).unwrap()));
        assert_eq!(entry.hash, link_hash(number, &previous, &entry.record).unwrap());
        let whole = json!({"seq": number, "previous": previous, "record": entry.record});
        assert_eq!(entry.hash, canonical::digest(&whole).unwrap());
        previous.clone_from(&entry.hash);
    }
    assert_eq!(entries.len(), 5);
    let newest: Vec<u64> = store.audit().tail(2).await.unwrap().iter().map(|entry| entry.seq).collect();
    assert_eq!(newest, [4, 5]);
}

#[tokio::test]
async fn an_untouched_chain_is_whole() {
    assert_eq!(verdict_after("SELECT 1").await, AuditVerdict::Whole { entries: 5 });
    let empty = Store::in_memory().unwrap();
    assert_eq!(empty.audit().verify().await.unwrap(), AuditVerdict::Whole { entries: 0 });
}

#[tokio::test]
async fn an_edit_is_found() {
    let edits = [
        "UPDATE audit SET record = replace(record, 'call-3', 'call-9') WHERE seq = 3",
        "UPDATE audit SET hash = zeroblob(32) WHERE seq = 3",
        "UPDATE audit SET previous = zeroblob(32) WHERE seq = 3",
    ];
    for edit in edits {
        assert_eq!(verdict_after(edit).await, AuditVerdict::Broken(AuditBreak::Altered { seq: 3 }), "{edit}");
    }
}

#[tokio::test]
async fn a_deletion_is_found() {
    let gap = |expected, found| AuditVerdict::Broken(AuditBreak::Missing { expected, found });
    assert_eq!(verdict_after("DELETE FROM audit WHERE seq = 3").await, gap(3, 4));
    assert_eq!(verdict_after("DELETE FROM audit WHERE seq = 1").await, gap(1, 2));
    // Closing the gap by renumbering only moves the break.
    let renumbered = "DELETE FROM audit WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; \
                      UPDATE audit SET seq = 4 WHERE seq = 5";
    assert_eq!(verdict_after(renumbered).await, AuditVerdict::Broken(AuditBreak::Altered { seq: 3 }));
}

#[tokio::test]
async fn a_reordering_is_found() {
    let swap = "UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 4; \
                UPDATE audit SET seq = 4 WHERE seq = 99";
    assert_eq!(verdict_after(swap).await, AuditVerdict::Broken(AuditBreak::Altered { seq: 2 }));
}

#[tokio::test]
async fn an_insertion_is_found() {
    let copy = "INSERT INTO audit (seq, previous, hash, record) \
                SELECT 6, previous, hash, record FROM audit WHERE seq = 5";
    assert_eq!(verdict_after(copy).await, AuditVerdict::Broken(AuditBreak::Altered { seq: 6 }));
}

#[tokio::test]
async fn an_entry_replaced_with_a_fitting_hash_is_found_at_the_next() {
    let store = chain_of_five().await;
    let mut forged = record(3);
    forged.principal = "nobody".to_owned();
    store
        .write(Shape::Several, move |connection| {
            let line = super::Line::new(&forged)?;
            let previous: [u8; 32] =
                connection.query_row("SELECT hash FROM audit WHERE seq = 2", [], |row| row.get(0))?;
            let hash = super::chain::hash(3, &previous, line.record.as_bytes());
            connection.execute_batch(WITHOUT_TRIGGERS)?;
            connection
                .execute("UPDATE audit SET record = ?1, hash = ?2 WHERE seq = 3", (line.record, hash))?;
            Ok(())
        })
        .await
        .unwrap();
    let verdict = store.audit().verify().await.unwrap();
    assert_eq!(verdict, AuditVerdict::Broken(AuditBreak::Unlinked { seq: 4 }));
}

#[tokio::test]
async fn a_runs_entries_are_found_in_order() {
    let store = chain_of_five().await;
    store.audit().append_later(record(6)).await.unwrap();
    store.audit().append(record(7)).await.unwrap();
    let entries = store.audit().of_run(&RunId::parse("run-1").unwrap()).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 4, 6]);
    assert_eq!(store.audit().verify().await.unwrap(), AuditVerdict::Whole { entries: 7 });
}

#[tokio::test]
async fn the_table_refuses_all_but_a_next_entry() {
    let store = chain_of_five().await;
    for sql in [
        "UPDATE audit SET record = '{}' WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 5",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (seq, previous, hash, record) SELECT 3, previous, hash, '{}' FROM audit WHERE seq = 3",
        "INSERT INTO audit (seq, previous, hash, record) SELECT 7, previous, hash, record FROM audit WHERE seq = 5",
        "INSERT INTO audit (previous, hash, record) SELECT previous, hash, record FROM audit WHERE seq = 5",
    ] {
        let refused = store
            .write(Shape::Several, move |connection| {
                connection.execute_batch(sql)?;
                Ok(())
            })
            .await;
        let says = refused.unwrap_err().with_cause();
        assert!(says.contains("append-only"), "{sql}: {says}");
    }
    assert_eq!(store.audit().verify().await.unwrap(), AuditVerdict::Whole { entries: 5 });
}
