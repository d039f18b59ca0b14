//! An approval is asked for once and settled once, in time.

use crate::records::{at, open, run};
use gangway_protocol::Tier;
use gangway_store::{Approval, ApprovalState, Settled, Store, StoreError, Verdict};

fn approval(id: &str, run_id: &str) -> Approval {
    let record = run(run_id, "A", "c");
    Approval {
        approval_id: id.to_owned(),
        run_id: record.run_id,
        account_id: record.request.account_id,
        facts_digest: "sha256:f".to_owned(),
        rule_set_digest: "sha256:r".to_owned(),
        state: ApprovalState::Pending,
        requested_at: at("2026-01-01T00:00:00Z"),
        expires_at: at("2026-01-04T00:00:00Z"),
        decided_by: None,
        decided_at: None,
        reason: None,
        tier: None,
    }
}

fn verdict(state: ApprovalState, who: &str, when: &str) -> Verdict {
    Verdict {
        state,
        decided_by: who.to_owned(),
        at: at(when),
        reason: Some("fine".to_owned()),
        tier: Some(Tier::Growth),
    }
}

async fn asked(store: &Store) -> Approval {
    store.runs().accept(&run("run-1", "A", "cor-1")).await.unwrap();
    store.approvals().request(&approval("apr-1", "run-1")).await.unwrap()
}

#[tokio::test]
async fn a_run_asks_once() {
    let (_folder, store) = open();
    let first = asked(&store).await;
    assert_eq!(store.approvals().request(&approval("apr-2", "run-1")).await.unwrap(), first);
    assert!(store.approvals().get("apr-2").await.unwrap().is_none());
    assert_eq!(store.approvals().of_run(&first.run_id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.approvals().pending().await.unwrap(), [first]);
}

#[tokio::test]
async fn two_at_once_get_one_winner_and_the_other_is_told_who() {
    let (_folder, store) = open();
    asked(&store).await;
    let approvals = store.approvals();
    let (ann, bob) = tokio::join!(
        approvals.settle("apr-1", verdict(ApprovalState::Approved, "ann", "2026-01-02T00:00:00Z")),
        approvals.settle("apr-1", verdict(ApprovalState::Rejected, "bob", "2026-01-02T00:00:00Z")),
    );
    let (Settled::Now(won), Settled::Before(told)) = (ann.unwrap(), bob.unwrap()) else {
        panic!("commands keep their order, so the first wins")
    };
    assert_eq!(won, told);
    assert_eq!((won.state, won.decided_by.as_deref()), (ApprovalState::Approved, Some("ann")));
    assert_eq!((won.tier, won.decided_at), (Some(Tier::Growth), Some(at("2026-01-02T00:00:00Z"))));
    assert_eq!(store.approvals().get("apr-1").await.unwrap(), Some(won));
    assert!(store.approvals().pending().await.unwrap().is_empty());
}

#[tokio::test]
async fn nobody_settles_after_expiry() {
    let (_folder, store) = open();
    asked(&store).await;
    let late = verdict(ApprovalState::Approved, "ann", "2026-01-04T00:00:00Z");
    let Settled::Before(expired) = store.approvals().settle("apr-1", late).await.unwrap() else {
        panic!("it had expired")
    };
    assert_eq!((expired.state, &expired.decided_by), (ApprovalState::Expired, &None));
    assert_eq!(store.approvals().get("apr-1").await.unwrap(), Some(expired));
}

#[tokio::test]
async fn an_approval_can_be_settled_up_to_the_last_moment() {
    let (_folder, store) = open();
    asked(&store).await;
    let just = verdict(ApprovalState::Rejected, "ann", "2026-01-03T23:59:59.999Z");
    assert!(matches!(store.approvals().settle("apr-1", just).await.unwrap(), Settled::Now(_)));
}

#[tokio::test]
async fn strangers_are_absent() {
    let (_folder, store) = open();
    let stray = verdict(ApprovalState::Approved, "ann", "2026-01-02T00:00:00Z");
    let error = store.approvals().settle("apr-9", stray).await.unwrap_err();
    assert!(matches!(error, StoreError::Absent { .. }));
    store.approvals().request(&approval("apr-1", "run-unknown")).await.unwrap_err();
}
