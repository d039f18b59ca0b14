//! Approvals through the workflow: given, refused, run out, overtaken by changed facts.

use crate::house::House;
use crate::vendors::{self, Answer, Vendors};
use crate::{labels, overdue};
use gangway_coordinator::Onboarding;
use gangway_coordinator::approving::{Ballot, Choice, Policy, Refused, rule};
use gangway_durable::Workflow as _;
use gangway_protocol::run::EffectStatus;
use gangway_protocol::{ErrorType, Outcome, Person, Role, RunRecord, RunState, System, Tier};
use gangway_store::{Approval, ApprovalFilter, ApprovalState};
use serde_json::json;

fn ballot(choice: Choice, name: &str) -> Ballot {
    Ballot {
        person: Person { name: name.to_owned(), roles: [Role::Approver].into(), domains: [].into() },
        also_known_as: Vec::new(),
        choice,
        reason: "not before payment".to_owned(),
        tier: None,
    }
}

async fn cast(house: &House, run: &RunRecord, ballot: Ballot) -> Result<Approval, Refused> {
    let now = *house.now.lock().unwrap();
    let id = run.approval_id.clone().unwrap();
    let ruling = move |docket: &gangway_store::Docket| rule(docket, &ballot, Policy::default(), now);
    house.store.approvals().decide(&id, None, ruling, now).await.unwrap()
}

async fn settle(house: &House, run: &RunRecord, choice: Choice) -> RunRecord {
    cast(house, run, ballot(choice, "dana")).await.unwrap();
    house.engine.drive(&run.run_id).await.unwrap()
}

#[tokio::test]
async fn an_escalation_waits_for_its_approval_and_is_fulfilled_by_it() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    assert_eq!(run.state, RunState::AwaitingApproval);
    let done = EffectStatus::Done;
    assert_eq!(
        labels(&run),
        [("slack_escalation", done), ("email_escalation", done), ("slack_finance", done)]
    );
    let journal = house.store.journal().load(&run.run_id).await.unwrap();
    assert_eq!(house.engine.drive(&run.run_id).await.unwrap(), run, "a look in vain changes nothing");
    assert_eq!(house.store.journal().load(&run.run_id).await.unwrap(), journal);
    let approved = settle(&house, &run, Choice::Approve).await;
    assert_eq!(approved.state, RunState::Completed, "{:?}", approved.parked_because);
    assert_eq!(house.vendors.calls_of("provision.create_tenant").len(), 1);
    assert_eq!(house.vendors.calls_of("salesforce.get_onboarding_bundle").len(), 2, "asked again");
    assert!(approved.reports.iter().any(|report| report.kind == "email_escalation"));
    assert!(approved.reports.iter().any(|report| report.kind == "email_welcome"));
    let run_reports = approved.reports.iter().filter(|report| report.kind == "run_report").count();
    assert_eq!(run_reports, 1);
}

#[tokio::test]
async fn a_rejected_approval_blocks_and_says_by_whom_and_why() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    let refused = settle(&house, &run, Choice::Reject).await;
    assert_eq!(refused.state, RunState::Blocked);
    assert_eq!(
        refused.parked_because.as_deref(),
        Some("the approval was rejected by dana: not before payment")
    );
    assert!(house.vendors.calls_of("provision.create_tenant").is_empty());
    assert!(labels(&refused).contains(&("slack_blocked", EffectStatus::Done)));
}

#[tokio::test]
async fn an_approval_nobody_decides_on_expires_to_blocked() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    house.pass_days(6);
    assert_eq!(house.engine.drive(&run.run_id).await.unwrap().state, RunState::AwaitingApproval);
    house.pass_days(1);
    assert!(matches!(
        cast(&house, &run, ballot(Choice::Approve, "dana")).await,
        Err(Refused::Expired { .. })
    ));
    let expired = house.engine.drive(&run.run_id).await.unwrap();
    assert_eq!(expired.state, RunState::Blocked);
    assert!(expired.parked_because.unwrap().contains("nobody decided"));
    let approval = house.store.approvals().of_run(&run.run_id).await.unwrap().unwrap();
    assert_eq!(approval.state, ApprovalState::Expired);
}

#[tokio::test]
async fn facts_that_change_where_nobody_looks_do_not_undo_an_approval() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    let mut bundle = vendors::bundle();
    bundle["owner"]["title"] = json!("Senior CSM");
    house.vendors.clone().answering("salesforce.get_onboarding_bundle", Answer::Value(bundle));
    let approved = settle(&house, &run, Choice::Approve).await;
    assert_eq!(approved.state, RunState::Completed, "{:?}", approved.parked_because);
    let title = approved.facts.unwrap().owner.unwrap().title;
    assert_eq!(title.as_deref(), Some("Senior CSM"), "fulfilled with the fresh facts");
}

#[tokio::test]
async fn an_approval_that_a_restore_took_back_is_asked_for_anew() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    let take_back = |docket: &gangway_store::Docket| -> Result<Approval, std::convert::Infallible> {
        Ok(Approval { state: ApprovalState::Void, ..docket.approval.clone() })
    };
    let (id, now) = (run.approval_id.clone().unwrap(), *house.now.lock().unwrap());
    house.store.approvals().decide(&id, None, take_back, now).await.unwrap().unwrap();
    let again = house.engine.drive(&run.run_id).await.unwrap();
    assert_eq!(again.state, RunState::AwaitingApproval, "{:?}", again.parked_because);
    let approval = house.store.approvals().of_run(&run.run_id).await.unwrap().unwrap();
    assert_eq!((approval.round, approval.state), (2, ApprovalState::Pending));
    let approved = settle(&house, &again, Choice::Approve).await;
    assert_eq!(approved.state, RunState::Completed, "{:?}", approved.parked_because);
    assert_eq!(house.vendors.calls_of("provision.create_tenant").len(), 1);
}

#[tokio::test]
async fn changed_findings_void_the_approval_and_ask_for_a_new_one() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    let more = json!({"invoices": [vendors::invoice("OPEN", 9_000_000)]});
    house.vendors.clone().answering("netsuite.get_invoices", Answer::Value(more));
    let again = settle(&house, &run, Choice::Approve).await;
    assert_eq!(again.state, RunState::AwaitingApproval, "{:?}", again.parked_because);
    assert_ne!(again.approval_id, run.approval_id);
    assert!(house.vendors.calls_of("provision.create_tenant").is_empty());
    let done = EffectStatus::Done;
    let told: Vec<_> = labels(&again).into_iter().skip(3).collect();
    assert_eq!(told, [("slack_escalation_2", done), ("email_escalation_2", done)], "finance knows already");
    let all = house.store.approvals().list(ApprovalFilter::default()).await.unwrap();
    let states: Vec<_> = all.iter().map(|approval| (approval.round, approval.state)).collect();
    assert_eq!(states, [(2, ApprovalState::Pending), (1, ApprovalState::Void)]);
    assert!(all.last().unwrap().reason.as_deref().unwrap().contains("findings changed"));
    let stale = cast(&house, &run, ballot(Choice::Approve, "dana")).await;
    assert!(matches!(stale, Err(Refused::Void { .. })), "{stale:?}");
    let approved = settle(&house, &again, Choice::Approve).await;
    assert_eq!(approved.state, RunState::Completed, "{:?}", approved.parked_because);
}

#[tokio::test]
async fn another_recipient_voids_the_approval_too() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    let mut contract = vendors::contract();
    contract["signatories"][0]["email"] = json!("someone.else@acme.example");
    house.vendors.clone().answering("clm.get_contract", Answer::Value(json!({"contract": contract})));
    let again = settle(&house, &run, Choice::Approve).await;
    assert_eq!(again.state, RunState::AwaitingApproval);
    let first = house.store.approvals().get(run.approval_id.as_deref().unwrap()).await.unwrap().unwrap();
    assert!(first.reason.unwrap().contains("what would be done changed"));
}

#[tokio::test]
async fn what_blocks_by_now_is_blocked_although_it_was_approved() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    house.vendors.clone().answering("clm.get_contract", Answer::Value(json!({"contract": null})));
    let blocked = settle(&house, &run, Choice::Approve).await;
    assert_eq!(blocked.state, RunState::Blocked);
    assert_eq!(blocked.decision.as_ref().unwrap().outcome, Outcome::Block);
    assert!(labels(&blocked).contains(&("slack_blocked", EffectStatus::Done)));
    assert!(house.vendors.calls_of("provision.create_tenant").is_empty());
    let later = cast(&house, &run, ballot(Choice::Approve, "erin")).await;
    assert!(matches!(later, Err(Refused::Void { .. })), "{later:?}");
}

#[tokio::test]
async fn what_is_settled_by_now_goes_on_without_needing_the_approval() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    let paid = json!({"invoices": [vendors::invoice("PAID", 0)]});
    house.vendors.clone().answering("netsuite.get_invoices", Answer::Value(paid));
    let done = settle(&house, &run, Choice::Approve).await;
    assert_eq!((done.state, done.approval_id), (RunState::Completed, None));
    assert_eq!(done.decision.unwrap().outcome, Outcome::Proceed);
}

#[tokio::test]
async fn an_unknown_tier_is_named_by_the_approver() {
    let mut contract = vendors::contract();
    contract["tier"] = json!("Platinum");
    let vendors =
        Vendors::default().answering("clm.get_contract", Answer::Value(json!({"contract": contract})));
    let house = House::with(vendors).await;
    let run = house.run().await;
    let without = cast(&house, &run, ballot(Choice::Approve, "dana")).await;
    assert_eq!(without, Err(Refused::NoTier));
    let named = Ballot { tier: Some(Tier::Growth), ..ballot(Choice::Approve, "dana") };
    cast(&house, &run, named).await.unwrap();
    let made = house.engine.drive(&run.run_id).await.unwrap();
    assert_eq!(made.state, RunState::Completed, "{:?}", made.parked_because);
    let asked = house.vendors.calls_of("provision.create_tenant");
    assert_eq!(asked.first().unwrap().arguments["tier"], json!("Growth"));
}

#[tokio::test]
async fn a_blocked_run_has_nothing_to_approve() {
    let vendors = Vendors::default().answering("clm.get_contract", Answer::Value(json!({"contract": null})));
    let house = House::with(vendors).await;
    let run = house.run().await;
    assert_eq!((run.state, run.approval_id), (RunState::Blocked, None));
    assert!(house.store.approvals().pending().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_vendor_that_fails_for_a_moment_undoes_no_approval() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    let healing = [
        (ErrorType::ServerError, "clm.get_contract", System::Clm),
        (ErrorType::Network, "netsuite.get_invoices", System::Netsuite),
        (ErrorType::Timeout, "salesforce.get_onboarding_bundle", System::Salesforce),
        (ErrorType::RateLimit, "clm.get_contract", System::Clm),
        (ErrorType::Authentication, "clm.get_contract", System::Clm),
    ];
    let mut parked = run.clone();
    for (error_type, tool, system) in healing {
        let failure = vendors::failure(system, error_type, "DOWN");
        let attempts = if error_type == ErrorType::Authentication { 1 } else { 2 };
        (0..attempts).for_each(|_| house.vendors.next(tool, failure.clone()));
        parked = match parked.state {
            RunState::AwaitingApproval => settle(&house, &run, Choice::Approve).await,
            _ => house.engine.retry(&run.run_id).await.unwrap(),
        };
        assert_eq!(parked.state, RunState::Parked, "{error_type:?}");
        let why = parked.parked_because.clone().unwrap();
        assert!(why.contains("could not be looked at again") && why.contains("stays given"), "{why}");
        assert_eq!(parked.decision, run.decision, "what failed decides nothing");
    }
    let approval = house.store.approvals().of_run(&run.run_id).await.unwrap().unwrap();
    assert_eq!(approval.state, ApprovalState::Approved);
    assert!(house.vendors.calls_of("provision.create_tenant").is_empty());
    let done = house.engine.retry(&run.run_id).await.unwrap();
    assert_eq!((done.state, done.approval_id), (RunState::Completed, run.approval_id));
    assert_eq!(house.vendors.calls_of("provision.create_tenant").len(), 1);
}

#[tokio::test]
async fn a_vendor_that_answers_the_second_time_keeps_nobody_waiting() {
    let house = House::with(overdue()).await;
    let run = house.run().await;
    house.vendors.next("clm.get_contract", vendors::failure(System::Clm, ErrorType::ServerError, "DOWN"));
    let done = settle(&house, &run, Choice::Approve).await;
    assert_eq!(done.state, RunState::Completed, "{:?}", done.parked_because);
    assert_eq!(house.vendors.calls_of("clm.get_contract").len(), 3, "assessed, failed, asked again");
}

fn refusing() -> Vendors {
    let refused = vendors::failure(System::Provision, ErrorType::Authorization, "GRANT_REFUSED");
    Vendors::default().answering("provision.create_tenant", refused)
}

#[tokio::test]
async fn a_parked_run_is_told_once_each_time_and_has_its_report() {
    let house = House::with(refusing()).await;
    let parked = house.run().await;
    assert_eq!(parked.state, RunState::Parked);
    let told = house.vendors.calls_of("notify.post_message");
    assert_eq!(told.len(), 1);
    assert_eq!(told.first().unwrap().arguments["channel"], json!("#cs-onboarding-alerts"));
    assert!(parked.reports.iter().any(|report| report.kind == "run_report"));
    let again = house.engine.retry(&parked.run_id).await.unwrap();
    assert_eq!(again.state, RunState::Parked);
    let keys: Vec<_> = parking_keys(&house);
    assert_eq!(keys.len(), 2);
    assert_ne!(keys.first(), keys.last(), "another time is another message");
}

fn parking_keys(house: &House) -> Vec<serde_json::Value> {
    let told = house.vendors.calls_of("notify.post_message");
    told.into_iter().map(|seen| seen.arguments["idempotency_key"].clone()).collect()
}

#[tokio::test]
async fn a_crash_between_telling_and_saving_tells_nobody_twice_whatever_the_reason_is_then() {
    let house = House::with(Vendors::default()).await;
    let run = house.run().await;
    let before = parking_keys(&house).len();
    Onboarding::parking(&house.env, run.clone().parked("NetSuite did not answer")).await;
    let conflict = vendors::failure(System::Notify, ErrorType::Validation, "IDEMPOTENCY_CONFLICT");
    house.vendors.clone().answering("notify.post_message", conflict);
    let parked = Onboarding::parking(&house.env, run.parked("the store was full")).await;
    let keys = parking_keys(&house).split_off(before);
    assert_eq!(keys.len(), 2);
    assert_eq!(keys.first(), keys.last(), "the receiver recognises the key");
    assert_eq!(labels(&parked).last(), Some(&("slack_parked_1", EffectStatus::Done)));
}
