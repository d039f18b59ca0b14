//! Model calls are kept as they were, listed newest first, and added up by day.

use crate::records::open;
use gangway_protocol::{CallPurpose, CallVerdict, LlmCall, PromptRef, Spent};
use gangway_store::LlmCallFilter;
use jiff::Timestamp;

fn call(at: &str, verdict: CallVerdict, tokens: u64) -> LlmCall {
    LlmCall {
        at: at.parse().unwrap(),
        run_id: None,
        purpose: CallPurpose::Ask,
        provider: "openai".to_owned(),
        model: "gpt-4o-mini".to_owned(),
        response_model: None,
        prompt: PromptRef { name: "adviser-1".to_owned(), digest: "sha256:1".to_owned() },
        request_digest: "sha256:2".to_owned(),
        input: "[ACCOUNT]".to_owned(),
        output: None,
        finish_reason: None,
        input_tokens: tokens,
        output_tokens: 10,
        cost_micro_usd: 7,
        duration_ms: 3,
        verdict,
        why: None,
    }
}

#[tokio::test]
async fn calls_are_listed_newest_first_and_found_by_their_number() {
    let (_folder, store) = open();
    let first = call("2026-03-04T10:00:00Z", CallVerdict::Valid, 100);
    let second = call("2026-03-04T11:00:00Z", CallVerdict::TooLate, 50);
    store.llm_calls().append(&first).await.unwrap();
    store.llm_calls().append(&second).await.unwrap();
    let all = store.llm_calls().list(LlmCallFilter { limit: 10, ..Default::default() }).await.unwrap();
    assert_eq!(all, [(2, second.clone()), (1, first.clone())]);
    let late = LlmCallFilter { verdict: Some(CallVerdict::TooLate), limit: 10, run_id: None };
    assert_eq!(store.llm_calls().list(late).await.unwrap(), [(2, second)]);
    assert_eq!(store.llm_calls().get(1).await.unwrap(), Some(first));
    assert_eq!(store.llm_calls().get(9).await.unwrap(), None);
}

#[tokio::test]
async fn a_day_is_a_utc_day() {
    let (_folder, store) = open();
    for at in ["2026-03-03T23:59:59Z", "2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z"] {
        store.llm_calls().append(&call(at, CallVerdict::Valid, 90)).await.unwrap();
    }
    let noon: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
    assert_eq!(store.llm_calls().spent_on_day(noon).await.unwrap(), Spent { tokens: 200, micro_usd: 14 });
    let totals = store.llm_calls().totals(noon).await.unwrap();
    assert_eq!((totals.len(), totals[0].calls, totals[0].tokens), (1, 1, 100));
}

#[tokio::test]
async fn absurd_numbers_add_up_to_the_greatest_one_and_break_no_sum() {
    let (_folder, store) = open();
    let at = "2026-03-04T10:00:00Z";
    let absurd =
        LlmCall { cost_micro_usd: u64::MAX, ..call(at, CallVerdict::Valid, 9_000_000_000_000_000_000) };
    for _ in 0..2 {
        store.llm_calls().append(&absurd).await.unwrap();
    }
    let day = at.parse().unwrap();
    let greatest = i64::MAX.unsigned_abs();
    let spent = Spent { tokens: greatest, micro_usd: greatest };
    assert_eq!(store.llm_calls().spent_on_day(day).await.unwrap(), spent);
    let totals = store.llm_calls().totals(day).await.unwrap();
    assert_eq!((totals[0].calls, totals[0].tokens, totals[0].cost_micro_usd), (2, greatest, greatest));
}
