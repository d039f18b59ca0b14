//! Reads: arguments, results, panics, deadlines, ids in `_meta`, and what the audit keeps.

use crate::toys::{Bench, Era, call, code, connect, error, success, toy_server, toys};
use gangway_governance::{Governance, Governed, Principal, Reach, ToolNames};
use gangway_protocol::ErrorType;
use gangway_protocol::audit::AuditMoment;
use gangway_store::Store;
use rmcp::model::{CallToolRequest, CallToolRequestParams, ClientRequest, RequestMetaObject};
use rmcp::service::PeerRequestOptions;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

fn meta(name: &str, value: Value) -> RequestMetaObject {
    let mut meta = RequestMetaObject::new();
    meta.0.0.insert(name.to_owned(), value);
    meta
}

#[tokio::test]
async fn missing_arguments_are_no_arguments() {
    let bench = Bench::new().await;
    assert_eq!(success(&bench.call("tasks.peek", Value::Null).await)["number"], 1);
}

#[tokio::test]
async fn arguments_that_break_the_schema_are_refused_by_path_and_without_their_value() {
    let bench = Bench::new().await;
    for (arguments, named) in [
        (json!({"mode": 7}), "/mode"),
        (json!({"mode": "much too long for this argument"}), "/mode"),
        (json!({"person": "Jane Doe"}), "/person"),
        (json!({"surprise": true}), "surprise"),
        (json!({"account_id": "A/../B"}), "account_id"),
        (json!({"account_id": "x".repeat(10_240)}), "/account_id"),
    ] {
        let refused = error(&bench.call("tasks.peek", arguments.clone()).await);
        assert_eq!(
            (refused.error_type, refused.error_code.as_str()),
            (ErrorType::Validation, "INVALID_ARGUMENTS")
        );
        assert!(refused.message.contains(named), "{arguments}: {}", refused.message);
        assert!(!refused.message.contains("Jane") && refused.message.len() < 600, "{}", refused.message);
    }
    assert_eq!(bench.runs(), 0);
    let moments: Vec<AuditMoment> = bench.audit().await.iter().map(|entry| entry.record.moment).collect();
    assert_eq!(moments, [AuditMoment::Refused; 6]);
}

#[tokio::test]
async fn oversized_and_deeply_nested_arguments_are_refused_readably() {
    let bench = Bench::new().await;
    let nested = (0..40).fold(json!(1), |inner, _| json!([inner]));
    for (anything, words) in [(json!("x".repeat(2 << 20)), "larger than"), (nested, "nest deeper")] {
        let refused = error(&bench.call("tasks.peek", json!({"anything": anything})).await);
        assert_eq!(refused.error_code, "INVALID_ARGUMENTS");
        assert!(refused.message.contains(words), "{}", refused.message);
    }
    let fits = (0..20).fold(json!("y".repeat(1 << 19)), |inner, _| json!([inner]));
    success(&bench.call("tasks.peek", json!({"anything": fits})).await);
    let kept = serde_json::to_string(&bench.audit().await).unwrap();
    assert!(kept.len() < 10_000 && kept.contains("[large]"), "{} bytes", kept.len());
}

#[tokio::test]
async fn of_a_refused_call_the_audit_keeps_only_what_is_small_and_fits() {
    let bench = Bench::new().await;
    for arguments in [
        json!({"mode": "jane.doe@acme.example or +49 170 1234567", "anything": {"hunter2": 1}}),
        json!({"mode": "x".repeat(190), "account_id": "Bearer sk-secret", "anything": "y".repeat(9_000)}),
        json!({"mode": 7, "account_id": "jane.doe@acme.example", "anything": ["Jane", "Doe"]}),
    ] {
        error(&bench.call("tasks.peek", arguments).await);
    }
    let ran =
        error(&bench.call("tasks.peek", json!({"mode": "ok", "account_id": "A-1", "surprise": 1})).await);
    assert_eq!(ran.error_code, "INVALID_ARGUMENTS");
    let mut kept = Vec::new();
    for entry in bench.audit().await {
        kept.push(Value::Object(entry.record.arguments));
    }
    let not = "[invalid]";
    assert_eq!(
        kept,
        [
            json!({"mode": not, "anything": not}),
            json!({"mode": not, "account_id": not, "anything": not}),
            json!({"mode": not, "account_id": "[mail]", "anything": not}),
            json!({"mode": "ok", "account_id": "A-1", "[unknown]": 1}),
        ]
    );
}

#[tokio::test]
async fn a_flood_of_refused_calls_leaves_a_few_small_rows_and_a_number() {
    let (toys, store) = (toys(), Store::in_memory().unwrap());
    let governance = Arc::new(Governance::new(store.clone()));
    let caller = Principal::local("tester", Reach::Reads).unwrap();
    let server = Governed::new(toy_server(&toys), Arc::clone(&governance), caller, ToolNames::Dotted);
    let client = connect(server, Era::Modern).await;
    let arguments = json!({"mode": "m".repeat(16_000), "idempotency_key": "k".repeat(16_000)});
    for _ in 0..500 {
        let refused = call(&client, "tasks.poke", arguments.clone(), RequestMetaObject::new()).await.unwrap();
        assert_eq!(code(&refused), "NOT_PERMITTED");
    }
    governance.settle_refusals(None).await;
    let rows = store.audit().tail(1_000).await.unwrap();
    // More than one minute may have gone by, on a busy machine.
    let numbers =
        rows.iter().filter_map(|row| row.record.arguments.get("not_recorded_singly").and_then(Value::as_u64));
    let singly = rows.iter().filter(|row| row.record.arguments.contains_key("mode")).count();
    assert_eq!(numbers.sum::<u64>() + u64::try_from(singly).unwrap(), 500);
    assert!(rows.len() < 100, "{} rows", rows.len());
    let longest = rows.iter().map(|row| serde_json::to_string(row).unwrap().len()).max().unwrap();
    assert!(longest < 1_500, "{longest} bytes in a row");
    let number = rows.last().unwrap();
    assert_eq!((number.record.tool.as_str(), &number.record.moment), ("tasks.poke", &AuditMoment::Refused));
    assert!(number.record.end.as_ref().unwrap().error.as_ref().unwrap().ends_with("/NOT_PERMITTED"));
}

#[tokio::test]
async fn a_panicking_handler_answers_and_the_server_lives_on() {
    let bench = Bench::new().await;
    let failed = error(&bench.call("tasks.peek", json!({"mode": "panic"})).await);
    assert_eq!((failed.error_type, failed.error_code.as_str()), (ErrorType::ServerError, "INTERNAL"));
    assert!(!failed.message.contains("secret words"), "{}", failed.message);
    success(&bench.call("tasks.peek", json!({"mode": "again"})).await);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_ends_is_cut_off_at_the_deadline() {
    let bench = Bench::with(|governance| governance.with_deadline(Duration::from_secs(30))).await;
    let failed = error(&bench.call("tasks.peek", json!({"mode": "never"})).await);
    assert_eq!((failed.error_type, failed.error_code.as_str()), (ErrorType::Timeout, "TOOL_DEADLINE"));
}

#[tokio::test]
async fn a_read_ends_when_its_caller_gives_up() {
    let bench = Bench::new().await;
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(
        CallToolRequestParams::new("tasks.peek")
            .with_arguments(Map::from_iter([("mode".to_owned(), json!("never"))])),
    ));
    let waiting =
        bench.client.send_cancellable_request(request, PeerRequestOptions::no_options()).await.unwrap();
    while bench.runs() == 0 {
        tokio::task::yield_now().await;
    }
    waiting.cancel(None).await.unwrap();
    let ended = async {
        loop {
            match bench.audit().await.into_iter().find_map(|entry| entry.record.end) {
                Some(end) => break end,
                None => tokio::task::yield_now().await,
            }
        }
    };
    let end = tokio::time::timeout(Duration::from_secs(30), ended).await.expect("the read goes on for ever");
    assert_eq!(end.error.as_deref(), Some("timeout/CANCELLED"));
}

#[tokio::test]
async fn a_result_that_breaks_its_schema_is_our_failure() {
    let bench = Bench::new().await;
    let failed = error(&bench.call("tasks.peek", json!({"mode": "wrong"})).await);
    assert_eq!((failed.error_type, failed.error_code.as_str()), (ErrorType::ServerError, "INVALID_RESULT"));
}

#[tokio::test]
async fn a_handlers_own_error_arrives_whole() {
    let bench = Bench::new().await;
    let failed = error(&bench.call("tasks.peek", json!({"mode": "missing"})).await);
    assert_eq!((failed.error_code.as_str(), failed.operation.as_str()), ("NO_SUCH_THING", "peek"));
    assert_eq!(failed.owner, "Data Admin");
}

#[tokio::test]
async fn ids_in_meta_reach_the_handler_and_the_audit_and_bad_ones_are_refused() {
    let bench = Bench::new().await;
    let ids = meta("gangway/run_id", json!("run-1"));
    let result = call(&bench.client, "tasks.peek", json!({"mode": "x"}), ids).await.unwrap();
    assert_eq!(success(&result)["run_id"], "run-1");
    for bad in [
        meta("gangway/run_id", json!("a b")),
        meta("gangway/run_id", json!(5)),
        meta("gangway/correlation_id", json!("")),
    ] {
        let refused = call(&bench.client, "tasks.peek", json!({}), bad).await.unwrap();
        assert_eq!(code(&refused), "INVALID_META");
    }
    let entries = bench.audit().await;
    let runs: Vec<Option<String>> =
        entries.iter().take(2).map(|entry| entry.record.run_id.clone().map(String::from)).collect();
    assert_eq!(runs, [Some("run-1".to_owned()), Some("run-1".to_owned())]);
}

#[tokio::test]
async fn the_audit_has_intent_and_outcome_of_one_call_redacted() {
    let bench = Bench::new().await;
    bench.call("tasks.peek", json!({"mode": "ok", "person": "Jane"})).await;
    bench.call("tasks.peek", json!({"mode": "missing"})).await;
    let entries = bench.audit().await;
    let [intent, outcome, _, failed] = entries.as_slice() else {
        panic!("{} entries", entries.len());
    };
    assert_eq!((intent.record.moment, outcome.record.moment), (AuditMoment::Intent, AuditMoment::Outcome));
    assert_eq!(intent.record.call_id, outcome.record.call_id);
    assert_eq!(
        (intent.record.principal.as_str(), intent.record.tool.as_str()),
        ("local:tester", "tasks.peek")
    );
    assert_eq!(Value::Object(intent.record.arguments.clone()), json!({"mode": "ok", "person": "[personal]"}));
    let end = outcome.record.end.as_ref().unwrap();
    assert!(end.ok && !end.replayed && end.result_digest.as_deref().unwrap().starts_with("sha256:"));
    let end = failed.record.end.as_ref().unwrap();
    assert_eq!((end.ok, end.error.as_deref()), (false, Some("not_found/NO_SUCH_THING")));
}

#[tokio::test]
async fn reads_go_on_when_the_audit_is_gone() {
    let bench = Bench::new().await;
    bench.store.close().await;
    success(&bench.call("tasks.peek", json!({})).await);
}
