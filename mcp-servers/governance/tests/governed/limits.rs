//! How often a caller may call and how much of a server runs at once, through the wrapper: what a caller reads, what the
//! audit keeps, and that nothing was done.

use crate::toys::{Bench, code, error, keyed, success};
use futures::future::join_all;
use gangway_governance::Limits;
use gangway_governance::limits::LimitSettings;
use gangway_governance::limits::deadlines::Deadlines;
use gangway_governance::limits::settings::CallerSettings;
use gangway_protocol::ErrorType;
use gangway_protocol::audit::AuditMoment;
use serde_json::{Value, json};
use std::time::Duration;

const ASKED: usize = 100;
/// What a caller has at once; the second that a further token takes is far away.
const BURST: u32 = 3;

async fn bench(callers: CallerSettings) -> Bench {
    let limits = Limits::new(&LimitSettings { callers, ..LimitSettings::default() });
    Bench::with(|governance| governance.with_limits(limits)).await
}

#[tokio::test]
async fn a_caller_in_a_loop_is_refused_readably_and_every_refusal_is_on_record_or_counted() {
    let callers = CallerSettings { per_second: Some(1), burst: Some(BURST), ..CallerSettings::default() };
    let bench = bench(callers).await;
    let answers = join_all((0..ASKED).map(|_| bench.call("tasks.peek", json!({})))).await;
    let (refused, answered): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.is_error == Some(true));
    assert!(answered.len() >= BURST as usize && refused.len() > ASKED / 2, "{} answered", answered.len());
    assert_eq!(bench.runs() as usize, answered.len(), "a refused call runs nothing");
    for refusal in &refused {
        let refusal = error(refusal);
        assert_eq!((refusal.error_type, refusal.error_code.as_str()), (ErrorType::RateLimit, "RATE_LIMITED"));
        assert!(refusal.not_sent && refusal.retry_after_ms.is_some_and(|ms| (1..=1_000).contains(&ms)));
        assert_eq!(refusal.operation, "peek");
    }
    bench.governance.settle_refusals(None).await;
    let entries = bench.audit().await;
    let refusals = entries.iter().filter(|entry| entry.record.moment == AuditMoment::Refused);
    let counted = refusals
        .map(|entry| entry.record.arguments.get("not_recorded_singly").map_or(Some(1), Value::as_u64));
    assert_eq!(counted.sum::<Option<u64>>(), u64::try_from(refused.len()).ok());
    success(&bench.call("tasks.poke", keyed("another tool", "run-1/poke")).await);
}

#[tokio::test]
async fn what_is_refused_for_its_rate_leaves_its_key_free() {
    let callers = CallerSettings { per_second: Some(1), burst: Some(1), ..CallerSettings::default() };
    let limits = Limits::new(&LimitSettings { callers, ..LimitSettings::default() });
    let bench = Bench::with(|governance| governance.with_limits(limits.clone())).await;
    let pokes = (0..20).map(|number| keyed("poke", &format!("run-1/poke-{number}")));
    let pokes: Vec<_> = pokes.collect();
    let answers = join_all(pokes.iter().map(|poke| bench.call("tasks.poke", poke.clone()))).await;
    limits.replace(&LimitSettings::default());
    for (poke, answer) in pokes.into_iter().zip(answers) {
        if answer.is_error == Some(true) {
            assert_eq!(code(&answer), "RATE_LIMITED");
            success(&bench.call("tasks.poke", poke).await);
        }
    }
    assert_eq!(bench.runs(), 20, "each once, refused or not");
}

#[tokio::test]
async fn a_full_server_refuses_the_next_call_and_a_refused_write_happens_when_it_is_asked_again() {
    let bench = bench(CallerSettings { in_flight: Some(1), ..CallerSettings::default() }).await;
    let slow = bench.call("tasks.peek", json!({"mode": "gate"}));
    let meanwhile = async {
        while bench.runs() == 0 {
            tokio::task::yield_now().await;
        }
        let read = error(&bench.call("tasks.peek", json!({})).await);
        let write = error(&bench.call("tasks.poke", keyed("poke", "run-1/poke")).await);
        for refusal in [read, write] {
            assert_eq!(
                (refusal.error_type, refusal.error_code.as_str()),
                (ErrorType::RateLimit, "BULKHEAD_FULL")
            );
            assert!(refusal.not_sent && refusal.retry_after_ms.is_some());
        }
        assert_eq!(bench.runs(), 1);
        bench.toys.gate.add_permits(1);
    };
    let (slow, ()) = tokio::join!(slow, meanwhile);
    success(&slow);
    assert_eq!(success(&bench.call("tasks.poke", keyed("poke", "run-1/poke")).await)["number"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_cut_off_at_its_own_deadline_where_it_has_one() {
    let tool_deadlines_ms = Deadlines::of([("tasks.peek", Duration::from_secs(5))]);
    let limits = Limits::new(&LimitSettings { tool_deadlines_ms, ..LimitSettings::default() });
    let bench = Bench::with(|governance| governance.with_limits(limits.clone())).await;
    let cut = async || error(&bench.call("tasks.peek", json!({"mode": "never"})).await);
    let short = cut().await;
    assert_eq!((short.error_type, short.error_code.as_str()), (ErrorType::Timeout, "TOOL_DEADLINE"));
    assert!(short.message.contains("within 5000 ms"), "{short}");
    limits.replace(&LimitSettings::default());
    assert!(cut().await.message.contains("within 60000 ms"), "changed while it runs");
}
