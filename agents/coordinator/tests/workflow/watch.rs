//! The contract agent's watch, against the toy vendors.

use crate::vendors::{Answer, Vendors, contract};
use gangway_contract::watch;
use gangway_protocol::{ApiError, ErrorType, System};
use gangway_toolbelt::{Agent, Connection, Scope, Toolbelt};
use serde_json::{Value, json};
use std::time::Duration;

fn summary(account: &str, run: &str) -> Value {
    json!({"run_id": run, "account_id": account, "correlation_id": "cor-1", "state": "blocked", "outcome": "BLOCK",
           "risk_level": "high", "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z"})
}

fn blocked(account: &str, rule: &str) -> Value {
    json!({"run": summary(account, &format!("run-{account}")), "because": [rule], "contract_id": null})
}

fn lookup(account: &str, id: &str, status: &str) -> Value {
    let mut contract = contract();
    (contract["id"], contract["account_id"], contract["status"]) = (json!(id), json!(account), json!(status));
    json!({"account_id": account, "contract": contract})
}

fn vendors() -> Vendors {
    let runs = [blocked("DONE-1", "CON-002"), blocked("WAIT-2", "CON-002"), blocked("DEAL-3", "OPP-002")];
    let pending = json!({"contract_id": "CLM-2", "account_id": "WAIT-2", "sent_at": "2026-03-01T09:00:00Z",
                         "days_waiting": 4, "unsigned": []});
    let contracts = [lookup("DONE-1", "CLM-1", "EXECUTED"), lookup("WAIT-2", "CLM-2", "SENT")];
    Vendors::default()
        .answering("onboarding.list_blocked", Answer::Value(json!({"runs": runs, "more": false})))
        .answering("clm.get_contracts", Answer::Value(json!({"contracts": contracts})))
        .answering("clm.list_pending_signatures", Answer::Value(json!({"contracts": [pending]})))
        .answering("clm.send_reminder", Answer::Value(json!({"contract_id": "CLM-2", "reminded": 1})))
        .answering(
            "onboarding.request_run",
            Answer::Value(json!({"run": summary("DONE-1", "run-new"), "started": true})),
        )
}

async fn belt(vendors: &Vendors) -> Toolbelt {
    let connection = Connection::embedded(vendors.clone()).await.unwrap();
    Toolbelt::new(Agent::Contract).with(System::Clm, connection.clone()).with(System::Onboarding, connection)
}

#[tokio::test]
async fn an_executed_contract_gets_a_new_run_and_an_unsigned_one_a_reminder() {
    let vendors = vendors();
    let report = watch(&belt(&vendors).await, &Scope::of_no_run(Duration::from_secs(5))).await;
    assert_eq!((report.watched, report.errors.len()), (2, 0), "{report:?}");
    let requested: Vec<&str> = report.requested.iter().map(|request| request.account_id.as_str()).collect();
    let reminded: Vec<&str> = report.reminded.iter().map(|reminder| reminder.account_id.as_str()).collect();
    assert_eq!((requested, reminded), (vec!["DONE-1"], vec!["WAIT-2"]));
    let asked = vendors.calls_of("clm.get_contracts");
    assert_eq!(asked.first().unwrap().arguments["account_ids"], json!(["DONE-1", "WAIT-2"]));
    let request = vendors.calls_of("onboarding.request_run");
    assert_eq!(
        request.first().unwrap().arguments["idempotency_key"],
        json!("run-DONE-1/contract_executed"),
        "one request for each blocked run"
    );
}

#[tokio::test]
async fn accounts_blocked_by_something_else_hide_none_behind_them() {
    let vendors = vendors();
    let page = json!({"runs": [blocked("DEAL-1", "OPP-002"), blocked("DEAL-2", "OPP-002")], "more": true});
    vendors.next("onboarding.list_blocked", Answer::Value(page));
    let report = watch(&belt(&vendors).await, &Scope::of_no_run(Duration::from_secs(5))).await;
    assert_eq!((report.watched, report.requested.len()), (2, 1), "{report:?}");
    let pages: Vec<_> =
        vendors.calls_of("onboarding.list_blocked").into_iter().map(|seen| seen.arguments).collect();
    assert_eq!(json!(pages), json!([{}, {"after": "run-DEAL-2"}]));
}

#[tokio::test]
async fn a_reminder_an_earlier_watch_sent_is_not_reported_again() {
    let earlier = Answer::Repeated(json!({"contract_id": "CLM-2", "reminded": 1}));
    let vendors = vendors().answering("clm.send_reminder", earlier);
    let report = watch(&belt(&vendors).await, &Scope::of_no_run(Duration::from_secs(5))).await;
    assert_eq!(vendors.calls_of("clm.send_reminder").len(), 1);
    assert!(report.reminded.is_empty() && report.errors.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_contract_young_enough_is_left_alone() {
    let none = Answer::Value(json!({"contracts": []}));
    let vendors = vendors().answering("clm.list_pending_signatures", none);
    let report = watch(&belt(&vendors).await, &Scope::of_no_run(Duration::from_secs(5))).await;
    assert!(report.reminded.is_empty());
    assert!(vendors.calls_of("clm.send_reminder").is_empty());
}

#[tokio::test]
async fn a_contract_that_cannot_be_read_is_reported_and_stops_nobody_else() {
    let odd = ApiError::new(System::Clm, ErrorType::Validation, "get_contracts", "UNREADABLE_DATE", "odd");
    let contracts = [
        json!({"account_id": "WAIT-2", "contract": null, "error": odd}),
        lookup("DONE-1", "CLM-1", "EXECUTED"),
    ];
    let unsent = ApiError::new(System::Clm, ErrorType::ServerError, "list", "UNEXPECTED_ANSWER", "odd");
    let vendors =
        vendors().answering("clm.get_contracts", Answer::Value(json!({"contracts": contracts}))).answering(
            "clm.list_pending_signatures",
            Answer::Value(json!({"contracts": [], "errors": [unsent]})),
        );
    let report = watch(&belt(&vendors).await, &Scope::of_no_run(Duration::from_secs(5))).await;
    let codes: Vec<&str> = report.errors.iter().map(|error| error.error_code.as_str()).collect();
    assert_eq!(codes, ["UNEXPECTED_ANSWER", "UNREADABLE_DATE"]);
    assert_eq!((report.requested.len(), report.reminded.len()), (1, 0));
}
