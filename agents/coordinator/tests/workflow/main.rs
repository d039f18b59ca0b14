//! The workflow on a real engine and store, with toy vendors: phases, effects, failures, approvals.

#![allow(clippy::unwrap_used, clippy::panic)]

mod approvals;
mod house;
mod identity;
mod rules;
mod vendors;
mod watch;

use gangway_protocol::grant::{GrantedAction, SealedGrant};
use gangway_protocol::run::EffectStatus;
use gangway_protocol::{ErrorType, Outcome, RecordKind, RunRecord, RunState, System, Tier};
use house::{House, Shelf};
use serde_json::json;
use vendors::{Answer, Vendors, failure};

fn labels(record: &RunRecord) -> Vec<(&str, EffectStatus)> {
    record.effects.iter().map(|effect| (effect.label.as_str(), effect.status)).collect()
}

fn overdue() -> Vendors {
    let invoices = json!({"invoices": [vendors::invoice("OPEN", 100)]});
    Vendors::default().answering("netsuite.get_invoices", Answer::Value(invoices))
}

#[tokio::test]
async fn a_healthy_account_gets_tenant_checklist_messages_and_reports() {
    let house = House::with(Vendors::default()).await;
    let run = house.run().await;
    assert_eq!((run.state, run.parked_because.as_deref()), (RunState::Completed, None));
    let done = EffectStatus::Done;
    assert_eq!(
        labels(&run),
        [
            ("create_tenant", done),
            ("create_checklist", done),
            ("slack_success", done),
            ("email_success", done),
            ("email_welcome", done),
            ("email_training", done),
            ("salesforce_status", done),
            ("task_welcome", done),
            ("task_training", done),
        ]
    );
    assert_eq!(house.vendors.writes(), 9);
    let kinds: Vec<&str> = run.reports.iter().map(|report| report.kind.as_str()).collect();
    assert_eq!(kinds, ["run_report", "email_success", "email_welcome", "email_training", "audit"]);
    let files = house.shelf.files.lock().unwrap();
    assert!(run.reports.iter().all(|report| files.contains_key(&report.file)));
    assert!(run.versions.rule_set.is_some());
}

#[tokio::test]
async fn the_grant_is_for_this_account_and_tier_and_is_kept_nowhere() {
    let house = House::with(Vendors::default()).await;
    let run = house.run().await;
    let calls = house.vendors.calls_of("provision.create_tenant");
    let grant = calls.first().unwrap().arguments["grant"].clone();
    let text = grant.as_str().unwrap().to_owned();
    let sealed: SealedGrant = serde_json::from_value(grant).unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
    let wanted =
        GrantedAction::CreateTenant { account_id: run.request.account_id.clone(), tier: Tier::Enterprise };
    assert!(sealed.open(&key, &wanted, *house.now.lock().unwrap()).is_ok());
    let journal = house.store.journal().load(&run.run_id).await.unwrap();
    assert!(journal.iter().all(|entry| !format!("{entry:?}").contains(&text)));
    assert!(!serde_json::to_string(&run).unwrap().contains(&text));
}

#[tokio::test]
async fn a_blocked_account_gets_nothing_and_its_people_are_told() {
    let mut bundle = vendors::bundle();
    bundle["opportunity"]["stage"] = json!("Negotiation");
    let house =
        House::with(overdue().answering("salesforce.get_onboarding_bundle", Answer::Value(bundle))).await;
    let run = house.run().await;
    assert_eq!(run.state, RunState::Blocked);
    let done = EffectStatus::Done;
    assert_eq!(labels(&run), [("slack_blocked", done), ("email_blocked", done), ("slack_finance", done)]);
    assert!(house.vendors.calls_of("provision.create_tenant").is_empty());
    let channels: Vec<_> = house
        .vendors
        .calls_of("notify.post_message")
        .iter()
        .map(|call| call.arguments["channel"].clone())
        .collect();
    assert!(
        channels.contains(&json!("#cs-onboarding-alerts")) && channels.contains(&json!("#finance-alerts"))
    );
}

#[tokio::test]
async fn one_vendor_that_fails_hides_its_records_and_stops_no_other() {
    let broken = failure(System::Clm, ErrorType::ServerError, "INTERNAL");
    let house = House::with(Vendors::default().answering("clm.get_contract", broken)).await;
    let run = house.run().await;
    let facts = run.facts.unwrap();
    assert_eq!(facts.api_errors.first().unwrap().hides, [RecordKind::Contract]);
    assert!(facts.account.is_some() && facts.invoices.len() == 1);
    assert_eq!((run.state, run.decision.unwrap().violations.len()), (RunState::Blocked, 0));
}

#[tokio::test]
async fn a_failed_call_to_salesforce_hides_what_it_would_have_told() {
    let broken = failure(System::Salesforce, ErrorType::Authentication, "INVALID_SESSION_ID");
    let house = House::with(Vendors::default().answering("salesforce.get_onboarding_bundle", broken)).await;
    let run = house.run().await;
    let decision = run.decision.unwrap();
    assert_eq!(
        (decision.outcome, decision.violations.len(), decision.api_errors.len()),
        (Outcome::Block, 0, 1)
    );
}

#[tokio::test]
async fn rates_are_asked_for_only_when_currencies_differ() {
    let house = House::with(Vendors::default()).await;
    house.run().await;
    assert!(house.vendors.calls_of("netsuite.get_exchange_rate").is_empty());
    let mut invoice = vendors::invoice("PAID", 0);
    for field in ["total", "amount_remaining"] {
        invoice[field]["currency"] = json!("CAD");
    }
    let rate = json!({"rate": {"from": "CAD", "to": "USD", "date": "2026-01-01", "rate": "0.7368"}});
    let house = House::with(
        Vendors::default()
            .answering("netsuite.get_invoices", Answer::Value(json!({"invoices": [invoice]})))
            .answering("netsuite.get_exchange_rate", Answer::Value(rate)),
    )
    .await;
    let run = house.run().await;
    assert_eq!(house.vendors.calls_of("netsuite.get_exchange_rate").len(), 1);
    assert_eq!(run.facts.unwrap().exchange_rates.len(), 1);
}

#[tokio::test]
async fn a_message_that_fails_does_not_fail_the_run() {
    let broken = failure(System::Notify, ErrorType::NotFound, "channel_not_found");
    let house = House::with(Vendors::default().answering("notify.post_message", broken)).await;
    let run = house.run().await;
    assert_eq!(run.state, RunState::Completed);
    let slack = run.effects.iter().find(|effect| effect.label == "slack_success").unwrap();
    assert_eq!(slack.status, EffectStatus::Failed);
    assert_eq!(slack.error.as_ref().unwrap().error_code, "channel_not_found");
}

#[tokio::test]
async fn a_welcome_that_may_not_have_arrived_completes_no_task() {
    let lost = json!({"message_id": "m-1", "status": "unknown", "reference": null});
    let house = House::with(Vendors::default().answering("notify.send_email", Answer::Value(lost))).await;
    let run = house.run().await;
    assert_eq!(run.state, RunState::Completed);
    assert!(house.vendors.calls_of("tasks.update_status").is_empty());
    let unknown = run.effects.iter().filter(|effect| effect.status == EffectStatus::Unknown).count();
    assert_eq!(unknown, 3);
}

#[tokio::test]
async fn a_mail_that_is_delivered_later_completes_no_task_yet_and_names_its_message() {
    let later = json!({"message_id": "m-1", "status": "queued", "reference": null});
    let house = House::with(Vendors::default().answering("notify.send_email", Answer::Value(later))).await;
    let run = house.run().await;
    assert_eq!(run.state, RunState::Completed);
    assert!(house.vendors.calls_of("tasks.update_status").is_empty());
    let welcome = run.effects.iter().find(|effect| effect.label == "email_welcome").unwrap();
    assert_eq!((welcome.status, welcome.message_id.as_deref()), (EffectStatus::Queued, Some("m-1")));
}

#[tokio::test]
async fn the_customers_mails_are_named_by_tenant_and_those_to_us_by_run() {
    let house = House::with(Vendors::default()).await;
    house.run().await;
    let named: Vec<Option<String>> = house
        .vendors
        .calls_of("notify.send_email")
        .iter()
        .map(|call| {
            call.arguments.get("once_key")?.as_str()?.split_once('/').map(|(_, mail)| mail.to_owned())
        })
        .collect();
    assert_eq!(named.iter().flatten().collect::<Vec<_>>(), ["email_welcome", "email_training"]);
    assert_eq!(named.len(), 3);
}

#[tokio::test]
async fn a_refused_tenant_parks_the_run_with_the_reason() {
    let refused = failure(System::Provision, ErrorType::Authorization, "GRANT_REFUSED");
    let house = House::with(Vendors::default().answering("provision.create_tenant", refused)).await;
    let run = house.run().await;
    assert_eq!(run.state, RunState::Parked);
    assert!(run.parked_because.unwrap().contains("GRANT_REFUSED"));
    assert_eq!(house.vendors.calls_of("provision.create_tenant").len(), 1);
    assert!(house.vendors.calls_of("notify.send_email").is_empty());
}

#[tokio::test]
async fn a_tenant_that_cannot_be_made_now_is_tried_again() {
    let busy = failure(System::Provision, ErrorType::ServerError, "BUSY");
    let house = House::with(Vendors::default().answering("provision.create_tenant", busy)).await;
    assert_eq!(house.run().await.state, RunState::Parked);
    let keys: Vec<_> = house
        .vendors
        .calls_of("provision.create_tenant")
        .iter()
        .map(|call| call.arguments["idempotency_key"].clone())
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys.first(), keys.last());
}

#[tokio::test]
async fn a_customer_who_was_welcomed_before_is_not_welcomed_again() {
    let mut tasks = [vendors::task("T003"), vendors::task("T004")];
    for task in &mut tasks {
        task["status"] = json!("completed");
    }
    let house = House::with(
        Vendors::default()
            .answering(
                "provision.create_tenant",
                Answer::Value(json!({"created": false, "tenant": vendors::tenant("run-0")})),
            )
            .answering("tasks.create_checklist", Answer::Value(json!({"created": false, "tasks": tasks}))),
    )
    .await;
    let run = house.run().await;
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(house.vendors.calls_of("notify.send_email").len(), 1, "the account owner alone");
    let post = house.vendors.calls_of("notify.post_message");
    assert!(post.first().unwrap().arguments["text"].as_str().unwrap().contains("already had a tenant"));
}

#[tokio::test]
async fn a_customer_nobody_can_write_to_is_shown_not_skipped() {
    let mut contract = vendors::contract();
    contract["signatories"] = json!([]);
    let house = House::with(
        Vendors::default().answering("clm.get_contract", Answer::Value(json!({"contract": contract}))),
    )
    .await;
    let run = house.run().await;
    assert_eq!(run.state, RunState::Completed, "{:?}", run.decision);
    let welcome = run.effects.iter().find(|effect| effect.label == "email_welcome").unwrap();
    assert_eq!(welcome.error.as_ref().unwrap().error_code, "NO_RECIPIENT");
}

#[tokio::test]
async fn a_full_disk_is_shown_and_does_not_undo_the_run() {
    let shelf = Shelf { is_full: true, ..Shelf::default() };
    let run = House::open(Vendors::default(), shelf).await.run().await;
    assert_eq!(run.state, RunState::Completed);
    assert!(run.reports.is_empty());
    let report = run.effects.iter().find(|effect| effect.label == "report").unwrap();
    assert!(report.error.as_ref().unwrap().message.contains("no space left"));
}
