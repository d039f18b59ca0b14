//! Rule sets are kept by digest; what is in force is changed, rolled back and audited; shadows are counted.

use crate::records::{at, audit, open, run};
use gangway_store::{Canary, KeptRuleSet, RuleOrder, RulesInForce, Store};
use serde_json::{Value, json};

async fn order(store: &Store, order: RuleOrder) -> Option<RulesInForce> {
    let changed = store.rules().change(order, "Ada", audit("rules.change")).await.unwrap();
    changed.map(|change| change.in_force)
}

fn activate(digest: &str) -> RuleOrder {
    RuleOrder::Activate { digest: digest.to_owned() }
}

fn canary(digest: &str, percent: u8) -> RuleOrder {
    RuleOrder::Canary(Canary { digest: digest.to_owned(), percent })
}

fn live(digest: &str) -> RulesInForce {
    RulesInForce { live: Some(digest.to_owned()), ..RulesInForce::default() }
}

#[tokio::test]
async fn a_rule_set_is_kept_once_as_it_was_first_read() {
    let (_folder, store) = open();
    let set = |source: &str| KeptRuleSet {
        digest: "sha256:a".to_owned(),
        id: "northwind".to_owned(),
        version: "1".to_owned(),
        source: source.to_owned(),
    };
    let now = at("2026-01-01T00:00:00Z");
    store.rules().keep(set("first"), now).await.unwrap();
    store.rules().keep(set("# with a comment\nfirst"), now).await.unwrap();
    assert_eq!(store.rules().get("sha256:a").await.unwrap(), Some(set("first")));
    assert_eq!(store.rules().get("sha256:b").await.unwrap(), None);
}

#[tokio::test]
async fn a_rollback_goes_back_step_by_step_to_what_is_configured() {
    let (_folder, store) = open();
    assert_eq!(store.rules().in_force().await.unwrap(), RulesInForce::default());
    assert_eq!(order(&store, RuleOrder::RollBack).await, None, "there is nothing to go back to");
    order(&store, activate("a")).await;
    order(&store, canary("b", 10)).await;
    let wider = order(&store, canary("b", 50)).await.unwrap();
    assert_eq!(wider.canary, Some(Canary { digest: "b".to_owned(), percent: 50 }));
    assert_eq!(order(&store, activate("b")).await, Some(live("b")));
    let back = order(&store, RuleOrder::RollBack).await.unwrap();
    assert_eq!((back.live.as_deref(), back.canary.map(|c| c.percent)), (Some("a"), Some(50)));
    assert_eq!(order(&store, RuleOrder::RollBack).await, Some(live("a")), "widening was no step of its own");
    assert_eq!(order(&store, RuleOrder::RollBack).await, Some(RulesInForce::default()));
    assert_eq!(order(&store, RuleOrder::RollBack).await, None);
    assert_eq!(store.rules().in_force().await.unwrap(), RulesInForce::default());
}

#[tokio::test]
async fn a_shadow_outlives_a_rollback_and_ends_when_told() {
    let (_folder, store) = open();
    order(&store, activate("a")).await;
    order(&store, RuleOrder::Shadow { digest: "s".to_owned() }).await;
    let back = order(&store, RuleOrder::RollBack).await.unwrap();
    assert_eq!(back, RulesInForce { shadow: Some("s".to_owned()), ..RulesInForce::default() });
    assert_eq!(order(&store, RuleOrder::EndShadow).await, Some(RulesInForce::default()));
}

#[tokio::test]
async fn every_change_is_in_the_history_and_in_the_audit() {
    let (_folder, store) = open();
    order(&store, activate("a")).await;
    order(&store, RuleOrder::RollBack).await;
    assert_eq!(order(&store, RuleOrder::RollBack).await, None);
    let history = store.rules().changes(10).await.unwrap();
    let told: Vec<_> = history.iter().map(|c| (c.seq, c.actor.as_str(), c.order.clone())).collect();
    assert_eq!(told, [(2, "Ada", RuleOrder::RollBack), (1, "Ada", activate("a"))]);
    let audited = store.audit().tail(10).await.unwrap();
    assert_eq!(
        audited.iter().map(|entry| entry.record.call_id.as_str()).collect::<Vec<_>>(),
        ["rules.change"; 2]
    );
}

#[tokio::test]
async fn a_shadow_counts_each_run_once() {
    let (_folder, store) = open();
    let rules = store.rules();
    for (id, account) in [("run-1", "A"), ("run-2", "B"), ("run-3", "C")] {
        store.runs().accept(&run(id, account, &format!("cor-{account}"))).await.unwrap();
    }
    let id = |text: &str| run(text, "A", "c").run_id;
    rules.note_shadow("s", &id("run-1"), None::<&Value>).await.unwrap();
    rules.note_shadow("s", &id("run-2"), Some(&json!({"x": 1}))).await.unwrap();
    rules.note_shadow("s", &id("run-2"), Some(&json!({"x": 2}))).await.unwrap();
    rules.note_shadow("s", &id("run-3"), Some(&json!({"x": 3}))).await.unwrap();
    rules.note_shadow("other", &id("run-3"), Some(&json!({"x": 4}))).await.unwrap();
    let report = rules.shadow_report::<Value>("s", 10).await.unwrap();
    assert_eq!((report.judged, report.differs), (3, 2));
    let told: Vec<_> =
        report.runs.iter().map(|run| (run.run_id.as_str(), run.difference["x"].clone())).collect();
    assert_eq!(told, [("run-3", json!(3)), ("run-2", json!(2))]);
}
