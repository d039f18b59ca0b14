//! An approval is asked for once a round, decided in one commit, and its one-time values are used once.

use crate::records::{at, open, run};
use gangway_protocol::RunState;
use gangway_store::{
    Approval, ApprovalFilter, ApprovalPage, ApprovalState, Direction, Docket, Store, StoreError,
};

pub fn approval(id: &str, run_id: &str, round: u32) -> Approval {
    let record = run(run_id, "A", "c");
    Approval {
        approval_id: id.to_owned(),
        run_id: record.run_id,
        account_id: record.request.account_id,
        round,
        facts_digest: "sha256:f".to_owned(),
        rule_set_digest: "sha256:r".to_owned(),
        effects_digest: "sha256:e".to_owned(),
        requested_by: "ann".to_owned(),
        amount: None,
        domains: [].into(),
        state: ApprovalState::Pending,
        requested_at: at("2026-01-01T00:00:00Z"),
        expires_at: at("2026-01-04T00:00:00Z"),
        votes: Vec::new(),
        reminded: Vec::new(),
        decided_by: None,
        decided_at: None,
        reason: None,
        tier: None,
    }
}

/// The first to come settles it; who comes later is told by whom it was settled.
fn settled_by(who: &'static str, state: ApprovalState) -> impl Fn(&Docket) -> Result<Approval, String> {
    move |docket| match (docket.approval.state, &docket.approval.decided_by) {
        (ApprovalState::Pending, _) => {
            Ok(Approval { state, decided_by: Some(who.to_owned()), ..docket.approval.clone() })
        }
        (_, earlier) => Err(earlier.clone().unwrap_or_default()),
    }
}

async fn asked(store: &Store) -> Approval {
    store.runs().accept(&run("run-1", "A", "cor-1")).await.unwrap();
    store.approvals().request(&approval("apr-1", "run-1", 1)).await.unwrap()
}

#[tokio::test]
async fn the_same_id_is_asked_for_once_and_a_run_has_one_pending() {
    let (_folder, store) = open();
    let first = asked(&store).await;
    let again = Approval { requested_at: at("2026-01-02T00:00:00Z"), ..approval("apr-1", "run-1", 1) };
    assert_eq!(store.approvals().request(&again).await.unwrap(), first);
    store.approvals().request(&approval("apr-2", "run-1", 2)).await.unwrap_err();
    assert_eq!(store.approvals().of_run(&first.run_id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.approvals().pending().await.unwrap(), [first]);
}

#[tokio::test]
async fn two_at_once_get_one_winner_and_the_other_is_told_who() {
    let (_folder, store) = open();
    asked(&store).await;
    let approvals = store.approvals();
    let (ann, bob) = tokio::join!(
        approvals.decide(
            "apr-1",
            None,
            settled_by("ann", ApprovalState::Approved),
            at("2026-01-02T00:00:00Z")
        ),
        approvals.decide(
            "apr-1",
            None,
            settled_by("bob", ApprovalState::Rejected),
            at("2026-01-02T00:00:00Z")
        ),
    );
    let won = ann.unwrap().unwrap();
    assert_eq!((won.state, bob.unwrap()), (ApprovalState::Approved, Err("ann".to_owned())));
    assert_eq!(store.approvals().get("apr-1").await.unwrap(), Some(won));
    assert!(store.approvals().pending().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_voided_approval_is_kept_beside_the_one_that_replaced_it() {
    let (_folder, store) = open();
    let first = asked(&store).await;
    store
        .approvals()
        .decide("apr-1", None, settled_by("ann", ApprovalState::Void), at("2026-01-02T00:00:00Z"))
        .await
        .unwrap()
        .unwrap();
    let second = store.approvals().request(&approval("apr-2", "run-1", 2)).await.unwrap();
    assert_eq!(store.approvals().of_run(&first.run_id).await.unwrap(), Some(second));
    let all = store.approvals().list(ApprovalFilter::default()).await.unwrap();
    assert_eq!(all.iter().map(|one| one.approval_id.as_str()).collect::<Vec<_>>(), ["apr-2", "apr-1"]);
    let void = ApprovalFilter { state: Some(ApprovalState::Void), ..ApprovalFilter::default() };
    assert_eq!(store.approvals().list(void).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_one_time_value_is_used_once_and_only_by_a_ruling_that_is_kept() {
    let (_folder, store) = open();
    asked(&store).await;
    let hash = || Some("sha256:token".to_owned());
    let refuse = |_: &Docket| Err::<Approval, &str>("no");
    assert_eq!(
        store.approvals().decide("apr-1", hash(), refuse, at("2026-01-02T00:00:00Z")).await.unwrap(),
        Err("no")
    );
    let keep = |docket: &Docket| match docket.token_is_spent {
        true => Err("spent"),
        false => Ok(docket.approval.clone()),
    };
    assert!(
        store.approvals().decide("apr-1", hash(), keep, at("2026-01-02T00:00:00Z")).await.unwrap().is_ok()
    );
    assert_eq!(
        store.approvals().decide("apr-1", hash(), keep, at("2026-01-02T00:00:00Z")).await.unwrap(),
        Err("spent")
    );
    let other = Some("sha256:other".to_owned());
    assert!(
        store.approvals().decide("apr-1", other, keep, at("2026-01-02T00:00:00Z")).await.unwrap().is_ok()
    );
}

#[tokio::test]
async fn what_was_decided_while_its_run_still_waits_is_found() {
    let (_folder, store) = open();
    let first = asked(&store).await;
    let mut waiting = run("run-1", "A", "cor-1");
    waiting.state = RunState::AwaitingApproval;
    store.runs().save(&waiting).await.unwrap();
    assert!(store.approvals().settled_and_awaited().await.unwrap().is_empty());
    let settled = store
        .approvals()
        .decide("apr-1", None, settled_by("ann", ApprovalState::Approved), at("2026-01-02T00:00:00Z"))
        .await
        .unwrap();
    assert_eq!(store.approvals().settled_and_awaited().await.unwrap(), [settled.unwrap()]);
    waiting.state = RunState::Fulfilling;
    store.runs().save(&waiting).await.unwrap();
    assert!(store.approvals().settled_and_awaited().await.unwrap().is_empty());
    assert_eq!(first.round, 1);
}

#[tokio::test]
async fn strangers_are_absent() {
    let (_folder, store) = open();
    let decided = store
        .approvals()
        .decide("apr-9", None, settled_by("ann", ApprovalState::Approved), at("2026-01-02T00:00:00Z"))
        .await;
    assert!(matches!(decided, Err(StoreError::Absent { .. })));
    store.approvals().request(&approval("apr-1", "run-unknown", 1)).await.unwrap_err();
}

#[tokio::test]
async fn pages_reach_every_approval_from_either_end_whatever_is_asked_for_meanwhile() {
    let (_folder, store) = open();
    let ask = async |number: u32| {
        let run_id = format!("run-{number}");
        let account = format!("A-{number}");
        store.runs().accept(&run(&run_id, &account, &format!("cor-{number}"))).await.unwrap();
        store.approvals().request(&approval(&format!("apr-{number}"), &run_id, 1)).await.unwrap();
    };
    for number in 0..450 {
        ask(number).await;
    }
    let expected: Vec<String> = (0..450).map(|number| format!("apr-{number}")).collect();
    for direction in [Direction::NewestFirst, Direction::OldestFirst] {
        let (mut reached, mut after) = (Vec::new(), None);
        loop {
            let state = Some(ApprovalState::Pending);
            let page = ApprovalPage { state, direction, after, limit: 200, ..ApprovalPage::default() };
            let found = store.approvals().page(page).await.unwrap();
            let Some((place, _)) = found.last() else { break };
            after = Some(*place);
            reached.extend(found.into_iter().map(|(_, approval)| approval.approval_id));
            if direction == Direction::NewestFirst {
                ask(1_000 + u32::try_from(reached.len()).unwrap()).await;
            }
        }
        match direction {
            Direction::NewestFirst => reached.reverse(),
            Direction::OldestFirst => reached.truncate(450),
        }
        assert_eq!(reached, expected, "{direction:?}");
    }
}
