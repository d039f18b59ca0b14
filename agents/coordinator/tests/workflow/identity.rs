//! An account asked for by its Salesforce id is the same account: one run, one tenant, nothing falsely missing.

use crate::house::House;
use crate::overdue;
use crate::vendors::{self, Answer, Vendors, failure};
use gangway_protocol::{AccountId, ErrorType, Outcome, RecordKind, RunState, System};
use serde_json::{Value, json};

const SHORT: &str = "0018Z00003ACMEQ";
const LONG: &str = "0018Z00003ACMEQQA5";

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn asked_for(house: &House, tool: &str) -> Vec<Value> {
    let named = |arguments: &serde_json::Map<String, Value>| {
        arguments.get("account_id").or_else(|| arguments["account_ids"].get(0)).cloned().unwrap()
    };
    house.vendors.calls_of(tool).iter().map(|seen| named(&seen.arguments)).collect()
}

#[tokio::test]
async fn a_run_by_salesforce_id_asks_and_acts_under_the_business_id() {
    let house = House::with(Vendors::default()).await;
    let submitted = house.submit(LONG, "cor-1").await;
    let run = house.engine.drive(&submitted.record.run_id).await.unwrap();
    assert_eq!(run.state, RunState::Completed, "{:?}", run.decision);
    assert_eq!((&run.request.account_id, run.asked_as.as_ref()), (&id("ACME-001"), Some(&id(LONG))));
    assert_eq!(asked_for(&house, "salesforce.get_onboarding_bundle"), [LONG]);
    for tool in
        ["clm.get_contract", "netsuite.get_invoices", "provision.create_tenant", "tasks.create_checklist"]
    {
        assert_eq!(asked_for(&house, tool), ["ACME-001"], "{tool}");
    }
    for name in [SHORT, LONG, "ACME-001"] {
        let newest = house.store.runs().newest_of(&id(name)).await.unwrap().unwrap();
        assert_eq!(newest, run, "found by {name}");
    }
}

#[tokio::test]
async fn whichever_name_is_used_second_meets_the_live_run() {
    for (first, second) in [("ACME-001", LONG), (LONG, "ACME-001"), (SHORT, LONG)] {
        let house = House::with(overdue()).await;
        let run = house.submit(first, "cor-1").await.record;
        let run = house.engine.drive(&run.run_id).await.unwrap();
        assert_eq!(run.state, RunState::AwaitingApproval);
        let met = house.submit(second, "cor-2").await;
        assert_eq!((met.started, &met.record.run_id), (false, &run.run_id), "{first}, then {second}");
        let repeated = house.submit(second, "cor-1").await;
        assert_eq!(repeated.record.run_id, run.run_id, "the correlation id is the same account's");
    }
}

#[tokio::test]
async fn two_runs_that_turn_out_to_be_one_account_end_in_one() {
    let house = House::with(Vendors::default()).await;
    let first = house.submit("ACME-001", "cor-1").await.record;
    let second = house.submit(LONG, "cor-2").await;
    assert!(second.started, "nobody knows yet that it is the same account");
    let parked = house.engine.drive(&second.record.run_id).await.unwrap();
    assert_eq!(parked.state, RunState::Parked);
    let why = parked.parked_because.unwrap();
    assert!(why.contains(first.run_id.as_str()) && why.contains("ACME-001"), "{why}");
    assert_eq!(house.engine.drive(&first.run_id).await.unwrap().state, RunState::Completed);
    assert_eq!(house.vendors.calls_of("provision.create_tenant").len(), 1);
}

#[tokio::test]
async fn an_account_without_business_id_is_told_so_and_nothing_is_called_missing() {
    for business_id in [Value::Null, json!("ACME/001")] {
        let mut bundle = vendors::bundle();
        bundle["business_id"] = business_id;
        let vendors = Vendors::default().answering("salesforce.get_onboarding_bundle", Answer::Value(bundle));
        let house = House::with(vendors).await;
        let submitted = house.submit(LONG, "cor-1").await;
        let run = house.engine.drive(&submitted.record.run_id).await.unwrap();
        let decision = run.decision.unwrap();
        assert_eq!((run.state, decision.outcome), (RunState::Blocked, Outcome::Block));
        assert!(decision.violations.is_empty(), "{:?}", decision.violations);
        let error = decision.api_errors.first().unwrap();
        assert!(error.error_code.ends_with("BUSINESS_ID"), "{error}");
        assert!(error.hides.contains(&RecordKind::Contract) && error.hides.contains(&RecordKind::Invoices));
        assert!(house.vendors.calls_of("clm.get_contract").is_empty());
    }
}

#[tokio::test]
async fn while_salesforce_is_down_nobody_can_say_whose_contract_is_missing() {
    let down = failure(System::Salesforce, ErrorType::ServerError, "SERVER_ERROR");
    let house = House::with(Vendors::default().answering("salesforce.get_onboarding_bundle", down)).await;
    let submitted = house.submit(SHORT, "cor-1").await;
    let run = house.engine.drive(&submitted.record.run_id).await.unwrap();
    let decision = run.decision.unwrap();
    assert_eq!((decision.outcome, decision.api_errors.len()), (Outcome::Block, 1));
    assert!(decision.violations.is_empty(), "{:?}", decision.violations);
}
