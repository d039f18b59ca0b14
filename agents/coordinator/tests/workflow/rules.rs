//! Rules that change while runs are on their way: a run keeps its own, a new one has the new ones, a shadow has no say.

use crate::house::House;
use crate::overdue;
use gangway_coordinator::approving::{Ballot, Choice, Policy, rule};
use gangway_decision::{Difference, RuleSet};
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::{Actor, Outcome, Person, Role, RunRecord, RunState};
use gangway_store::{Approval, ApprovalState, KeptRuleSet, RuleOrder};
use serde_json::Value;

/// Rules under which an overdue invoice blocks; kept in the house's store.
async fn strict(house: &House) -> RuleSet {
    let text = "id = \"strict\"\nversion = \"1\"\n[severity]\n\"INV-101\" = \"violation\"\n";
    let rules = RuleSet::read(text).unwrap().rules;
    let kept = KeptRuleSet {
        digest: rules.digest().to_owned(),
        id: "strict".to_owned(),
        version: "1".to_owned(),
        source: text.to_owned(),
    };
    let now = *house.now.lock().unwrap();
    house.store.rules().keep(kept, now).await.unwrap();
    rules
}

async fn change(house: &House, order: RuleOrder) {
    let now = *house.now.lock().unwrap();
    let audit = AuditRecord::done("rules.activate", &Actor::person("Ada"), Value::Null, now);
    house.store.rules().change(order, "Ada", audit).await.unwrap().unwrap();
}

async fn approve(house: &House, run: &RunRecord) -> RunRecord {
    let person = Person { name: "dana".to_owned(), roles: [Role::Approver].into(), domains: [].into() };
    let ballot = Ballot {
        person,
        also_known_as: Vec::new(),
        choice: Choice::Approve,
        reason: "paid by cheque".to_owned(),
        tier: None,
    };
    let now = *house.now.lock().unwrap();
    let ruling = move |docket: &gangway_store::Docket| rule(docket, &ballot, Policy::default(), now);
    house
        .store
        .approvals()
        .decide(run.approval_id.as_ref().unwrap(), None, ruling, now)
        .await
        .unwrap()
        .unwrap();
    house.engine.drive(&run.run_id).await.unwrap()
}

#[tokio::test]
async fn a_run_that_awaits_approval_keeps_the_rules_it_was_decided_by() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    assert_eq!(run.state, RunState::AwaitingApproval);
    let strict = strict(&house).await;
    change(&house, RuleOrder::Activate { digest: strict.digest().to_owned() }).await;
    let done = approve(&house, &run).await;
    assert_eq!(done.state, RunState::Completed, "{:?}", done.parked_because);
    assert_eq!(done.versions.rule_set, Some(RuleSet::builtin().reference()));
}

#[tokio::test]
async fn an_approval_by_rules_that_are_gone_is_void_and_asked_for_anew_by_those_in_force() {
    let house = House::with(overdue()).await;
    let mut run = house.run().await;
    // As if this folder had lost the rules the run was decided by.
    run.decision.as_mut().unwrap().rule_set.digest = "sha256:gone".to_owned();
    house.store.runs().save(&run).await.unwrap();
    let first = run.approval_id.clone().unwrap();
    let now = *house.now.lock().unwrap();
    let by_gone = |docket: &gangway_store::Docket| {
        let rule_set_digest = "sha256:gone".to_owned();
        Ok::<_, ()>(Approval { rule_set_digest, ..docket.approval.clone() })
    };
    house.store.approvals().decide(&first, None, by_gone, now).await.unwrap().unwrap();
    let again = approve(&house, &run).await;
    assert_eq!(again.state, RunState::AwaitingApproval, "{:?}", again.parked_because);
    assert_ne!(again.approval_id.as_ref(), Some(&first));
    assert_eq!(again.versions.rule_set, Some(RuleSet::builtin().reference()));
    let void = house.store.approvals().get(&first).await.unwrap().unwrap();
    assert_eq!(void.state, ApprovalState::Void);
    assert!(void.reason.unwrap().contains("the rules changed"));
    assert!(house.vendors.calls_of("provision.create_tenant").is_empty());
}

#[tokio::test]
async fn the_next_run_is_decided_by_what_was_activated_and_says_so() {
    let house = House::with(overdue()).await;
    let strict = strict(&house).await;
    change(&house, RuleOrder::Activate { digest: strict.digest().to_owned() }).await;
    let run = house.run().await;
    assert_eq!((run.state, run.versions.rule_set), (RunState::Blocked, Some(strict.reference())));
}

#[tokio::test]
async fn a_shadow_is_heard_and_has_no_say() {
    let house = House::with(overdue()).await;
    let strict = strict(&house).await;
    change(&house, RuleOrder::Shadow { digest: strict.digest().to_owned() }).await;
    let run = house.run().await;
    assert_eq!(run.state, RunState::AwaitingApproval);
    assert_eq!(run.versions.rule_set, Some(RuleSet::builtin().reference()));
    let report = house.store.rules().shadow_report::<Difference>(strict.digest(), 10).await.unwrap();
    assert_eq!((report.judged, report.differs), (1, 1));
    let heard = &report.runs[0];
    assert_eq!(heard.run_id, run.run_id);
    assert_eq!(
        (heard.difference.outcome_before, heard.difference.outcome_after),
        (Outcome::Escalate, Outcome::Block)
    );
    assert_eq!(heard.difference.changed[0].0, "INV-101");
}

#[tokio::test]
async fn a_run_whose_rules_are_gone_is_parked_and_not_decided_by_others() {
    let house = House::with(overdue()).await;
    change(&house, RuleOrder::Activate { digest: "sha256:gone".to_owned() }).await;
    let run = house.run().await;
    assert_eq!((run.state, run.decision), (RunState::Parked, None));
    assert!(run.parked_because.unwrap().contains("sha256:gone is not kept"));
}

#[tokio::test]
async fn shadow_rules_that_are_gone_harm_no_run() {
    let house = House::with(overdue()).await;
    change(&house, RuleOrder::Shadow { digest: "sha256:gone".to_owned() }).await;
    assert_eq!(house.run().await.state, RunState::AwaitingApproval);
}
