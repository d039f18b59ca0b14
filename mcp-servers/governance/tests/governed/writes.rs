//! Writes: once per key, whatever happens to the caller, the handler, the process or the store.

use crate::toys::{Bench, code, error, governed, keyed, success, tester, toy_server, toys};
use futures::future::join_all;
use gangway_governance::{Governance, Principal, ToolNames};
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::{Actor, Agent, ErrorType, IdempotencyKey, Person, Role, canonical};
use gangway_store::{Claim, Store};
use jiff::Timestamp;
use rmcp::handler::server::ServerHandler as _;
use rmcp::model::{CallToolRequestParams, RequestId};
use rmcp::service::{RequestContext, RoleServer, serve_directly};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_says_so_in_the_audit() {
    let bench = Bench::new().await;
    let first = success(&bench.call("tasks.poke", keyed("go", "k1")).await);
    let again = bench.call("tasks.poke", keyed("go", "k1")).await;
    assert_eq!(success(&again), first);
    assert_eq!(again.meta.unwrap().0.get("gangway/replayed"), Some(&Value::Bool(true)));
    assert_eq!(bench.runs(), 1);
    let replayed: Vec<bool> = bench
        .audit()
        .await
        .iter()
        .filter_map(|entry| entry.record.end.as_ref())
        .map(|end| end.replayed)
        .collect();
    assert_eq!(replayed, [false, true]);
}

#[tokio::test]
async fn the_same_key_with_other_arguments_is_a_conflict_but_another_secret_is_not() {
    let bench = Bench::new().await;
    let with_grant = |grant: &str| json!({"mode": "go", "grant": grant, "idempotency_key": "k1"});
    success(&bench.call("tasks.poke", with_grant("first")).await);
    success(&bench.call("tasks.poke", with_grant("minted anew")).await);
    let refused = error(&bench.call("tasks.poke", keyed("elsewhere", "k1")).await);
    assert_eq!(
        (refused.error_type, refused.error_code.as_str()),
        (ErrorType::Validation, "IDEMPOTENCY_CONFLICT")
    );
    assert_eq!(bench.runs(), 1);
    success(&bench.call("tasks.fire_once", keyed("elsewhere", "k1")).await);
    let kept = serde_json::to_string(&bench.audit().await).unwrap();
    assert!(!kept.contains("first") && !kept.contains("minted anew"), "a secret is in the audit");
}

#[tokio::test]
async fn a_write_without_a_usable_key_is_refused() {
    let bench = Bench::new().await;
    for arguments in
        [json!({"mode": "go"}), keyed("go", ""), keyed("go", "a b"), keyed("go", &"k".repeat(201))]
    {
        assert_eq!(code(&bench.call("tasks.poke", arguments).await), "INVALID_ARGUMENTS");
    }
    assert_eq!(bench.runs(), 0);
}

#[tokio::test]
async fn calls_at_the_same_time_with_one_key_run_the_handler_once() {
    let bench = Bench::new().await;
    let calls = join_all((0..10).map(|_| bench.call("tasks.poke", keyed("gate", "k1"))));
    let open = async { bench.toys.gate.add_permits(10) };
    let (results, ()) = tokio::join!(calls, open);
    let answers: Vec<Value> = results.iter().map(success).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(bench.runs(), 1);
}

#[tokio::test]
async fn a_failed_write_may_be_repeated() {
    let bench = Bench::new().await;
    assert_eq!(code(&bench.call("tasks.poke", keyed("broken once", "k1")).await), "CONNECTION_BROKEN");
    success(&bench.call("tasks.poke", keyed("broken once", "k1")).await);
    for (tool, mode) in [("tasks.poke", "panic"), ("tasks.fire_once", "missing")] {
        let before = bench.runs();
        bench.call(tool, keyed(mode, "k2")).await;
        bench.call(tool, keyed(mode, "k2")).await;
        assert_eq!(bench.runs(), before + 2, "{tool} {mode}");
    }
}

#[tokio::test]
async fn a_write_that_may_have_happened_and_cannot_be_recognised_is_unknown() {
    let bench = Bench::new().await;
    for (mode, first_code) in
        [("broken", "CONNECTION_BROKEN"), ("panic", "INTERNAL"), ("wrong", "INVALID_RESULT")]
    {
        let before = bench.runs();
        let first = error(&bench.call("tasks.fire_once", keyed(mode, mode)).await);
        assert_eq!(first.error_code, first_code);
        assert!(!first.retryable && first.message.contains("UNKNOWN"), "{}", first.message);
        let second = error(&bench.call("tasks.fire_once", keyed(mode, mode)).await);
        assert_eq!((second.error_code.as_str(), second.retryable), ("OUTCOME_UNKNOWN", false));
        assert_eq!(bench.runs(), before + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_never_ends_is_cut_off_and_its_key_settled() {
    let bench = Bench::with(|governance| governance.with_deadline(Duration::from_secs(30))).await;
    for (tool, then) in [("tasks.poke", "TOOL_DEADLINE"), ("tasks.fire_once", "OUTCOME_UNKNOWN")] {
        assert_eq!(code(&bench.call(tool, keyed("never", "k1")).await), "TOOL_DEADLINE");
        assert_eq!(code(&bench.call(tool, keyed("never", "k1")).await), then);
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_no_write_with_it() {
    let (toys, store) = (toys(), Store::in_memory().unwrap());
    let governed = governed(toy_server(&toys), Governance::new(store.clone()), ToolNames::Dotted);
    let (near, _far) = tokio::io::duplex(64);
    let session = serve_directly::<RoleServer, _, _, _, _>(governed.clone(), near, None);
    let context = RequestContext::new(RequestId::Number(1), session.peer().clone());
    let cancelled = context.ct.clone();
    let arguments = keyed("gate", "k1").as_object().cloned().unwrap();
    let request = CallToolRequestParams::new("tasks.poke").with_arguments(arguments);
    {
        let mut call = Box::pin(governed.call_tool(request, context));
        // Wait until the handler runs, then hang up.
        while toys.runs.load(Ordering::SeqCst) == 0 {
            let _ = futures::poll!(&mut call);
            tokio::task::yield_now().await;
        }
        cancelled.cancel();
    }
    toys.gate.add_permits(1);
    let key = testers("k1");
    let digest = canonical::digest(&json!({"mode": "gate"})).unwrap();
    let settled = async {
        loop {
            match store.idempotency().claim("tasks.poke", &key, &digest, someone()).await.unwrap() {
                Claim::InProgress => tokio::task::yield_now().await,
                other => break other,
            }
        }
    };
    let answered =
        tokio::time::timeout(Duration::from_secs(30), settled).await.expect("the claim stays for ever");
    assert!(matches!(&answered, Claim::Answered(answer) if answer["said"] == "gate"), "{answered:?}");
}

#[tokio::test]
async fn a_write_whose_intent_cannot_be_recorded_does_not_run() {
    let bench = Bench::new().await;
    bench.store.close().await;
    let refused = error(&bench.call("tasks.poke", keyed("go", "k1")).await);
    assert_eq!(
        (refused.error_type, refused.error_code.as_str()),
        (ErrorType::ServerError, "AUDIT_UNAVAILABLE")
    );
    assert_eq!(bench.runs(), 0);
}

/// A key as the toy box's caller has it.
fn testers(key: &str) -> IdempotencyKey {
    tester().own_key(IdempotencyKey::parse(key).unwrap())
}

#[tokio::test]
async fn a_key_is_its_callers_own_and_the_agents_share_theirs() {
    let bench = Bench::new().await;
    let person = |name: &str| {
        let (name, roles) = (name.to_owned(), [Role::Admin].into());
        Principal::person(Person { name, roles, domains: [].into() })
    };
    let [ada, again, bob] = [person("ada"), person("ada"), person("bob")];
    let agents = [Agent::Coordinator, Agent::Coordinator, Agent::Finance].map(Principal::agent);
    let callers = [[ada, again, bob], agents].into_iter().flatten();
    let mut answers = Vec::new();
    for caller in callers {
        answers
            .push(success(&bench.beside(caller).await.call("tasks.poke", keyed("go", "run-1/mail")).await));
    }
    let numbers: Vec<&Value> = answers.iter().map(|answer| &answer["number"]).collect();
    assert_eq!(numbers, [1, 1, 2, 3, 3, 3]);
    success(&bench.beside(person("bob")).await.call("tasks.poke", keyed("go", "bobs")).await);
    success(&bench.beside(person("ada")).await.call("tasks.poke", keyed("elsewhere", "bobs")).await);
}

#[tokio::test]
async fn a_claim_of_another_process_is_waited_out_by_the_caller_and_inherited_from_the_dead() {
    let folder = tempfile::tempdir().unwrap();
    let other = Store::open(folder.path()).unwrap();
    let bench = Bench::over(Store::open(folder.path()).unwrap(), |governance| governance).await;
    let key = testers("k1");
    let digest = canonical::digest(&json!({"mode": "go"})).unwrap();
    for tool in ["tasks.poke", "tasks.fire_once"] {
        let claim = other.idempotency().claim(tool, &key, &digest, someone()).await.unwrap();
        assert_eq!(claim, Claim::Fresh);
        let busy = error(&bench.call(tool, keyed("go", "k1")).await);
        assert_eq!((busy.error_code.as_str(), busy.retryable), ("IN_PROGRESS", true));
        assert!(busy.retry_after_ms.is_some(), "{busy}");
    }
    other.close().await;
    drop(other);
    success(&bench.call("tasks.poke", keyed("go", "k1")).await);
    assert_eq!(code(&bench.call("tasks.fire_once", keyed("go", "k1")).await), "OUTCOME_UNKNOWN");
    assert_eq!(code(&bench.call("tasks.fire_once", keyed("go", "k1")).await), "OUTCOME_UNKNOWN");
    assert_eq!(bench.runs(), 1);
}

#[tokio::test]
async fn crash_points_stand_between_claim_effect_and_answer() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&seen);
    let crash = CrashPoints::listening(move |place| listener.lock().unwrap().push(place.to_owned()));
    let bench = Bench::with(|governance| governance.with_crash_points(crash)).await;
    bench.call("tasks.poke", keyed("go", "k1")).await;
    bench.call("tasks.poke", keyed("go", "k1")).await;
    bench.call("tasks.peek", json!({})).await;
    assert_eq!(*seen.lock().unwrap(), ["tool.claimed:tasks.poke", "tool.effect:tasks.poke"]);
}

fn someone() -> AuditRecord {
    AuditRecord::intent("tasks.poke", &Actor::person("Bob"), Timestamp::UNIX_EPOCH)
}
