//! Every kind of failure against every rule of repetition.

use super::{CallEffect, Next, Patience, Progress, Reached, RetryPolicy, next};
use gangway_protocol::{ApiError, ErrorType, System};
use std::time::Duration;

const MIDDLE: f64 = 0.5;

fn error(error_type: ErrorType) -> ApiError {
    ApiError::new(System::Salesforce, error_type, "op", "CODE", "words")
}

fn sent(repeats: u32) -> Progress {
    Progress { repeats, token_renewed: false, elapsed: Duration::ZERO, reached: Reached::Vendor }
}

#[test]
fn waits_one_two_and_four_seconds_then_gives_up() {
    let policy = RetryPolicy::default();
    let waits = [0, 1, 2, 3].map(|repeats| {
        next(
            &policy,
            sent(repeats),
            &error(ErrorType::ServerError),
            (CallEffect::Read, Patience::Usual),
            MIDDLE,
        )
    });
    let seconds = |s| Next::Wait(Duration::from_secs(s));
    assert_eq!(waits, [seconds(1), seconds(2), seconds(4), Next::GiveUp]);
}

#[test]
fn only_what_the_taxonomy_allows_is_repeated() {
    let policy = RetryPolicy::default();
    let again = |error_type, effect| {
        next(&policy, sent(0), &error(error_type), (effect, Patience::Usual), MIDDLE) != Next::GiveUp
    };
    for effect in [CallEffect::Read, CallEffect::Idempotent, CallEffect::Write] {
        for never in [ErrorType::Authorization, ErrorType::Validation, ErrorType::NotFound] {
            assert!(!again(never, effect));
        }
        for refused_undone in [ErrorType::RateLimit, ErrorType::Authentication] {
            assert!(again(refused_undone, effect));
        }
    }
    for maybe_done in [ErrorType::ServerError, ErrorType::Network, ErrorType::Timeout] {
        assert!(again(maybe_done, CallEffect::Read));
        assert!(again(maybe_done, CallEffect::Idempotent));
        assert!(!again(maybe_done, CallEffect::Write));
    }
}

#[test]
fn our_own_refusal_is_not_waited_for_again() {
    let mut refused = error(ErrorType::RateLimit).unsent();
    refused.retry_after_ms = Some(1);
    let progress = Progress { reached: Reached::Gate, ..sent(0) };
    let call = (CallEffect::Read, Patience::Usual);
    assert_eq!(next(&RetryPolicy::default(), progress, &refused, call, MIDDLE), Next::GiveUp);
}

#[test]
fn a_batch_is_repeated_only_where_single_calls_would_fail_the_same_way() {
    let again = |error_type| {
        let call = (CallEffect::Read, Patience::FallsBack);
        next(&RetryPolicy::default(), sent(0), &error(error_type), call, MIDDLE) != Next::GiveUp
    };
    for falls_back in [ErrorType::ServerError, ErrorType::Network, ErrorType::Timeout] {
        assert!(!again(falls_back));
    }
    assert!(again(ErrorType::RateLimit) && again(ErrorType::Authentication));
}

#[test]
fn a_write_that_never_left_is_repeated() {
    let progress = Progress { reached: Reached::TokenEndpoint, ..sent(0) };
    let next = next(
        &RetryPolicy::default(),
        progress,
        &error(ErrorType::Timeout),
        (CallEffect::Write, Patience::Usual),
        MIDDLE,
    );
    assert_eq!(next, Next::Wait(Duration::from_secs(1)));
}

#[test]
fn a_token_is_renewed_once_and_refused_credentials_never() {
    let policy = RetryPolicy::default();
    let refused = error(ErrorType::Authentication);
    let ask = |progress| next(&policy, progress, &refused, (CallEffect::Write, Patience::Usual), MIDDLE);
    assert_eq!(ask(sent(0)), Next::RenewToken);
    assert_eq!(ask(Progress { token_renewed: true, ..sent(0) }), Next::GiveUp);
    assert_eq!(ask(Progress { reached: Reached::TokenEndpoint, ..sent(0) }), Next::GiveUp);
}

#[test]
fn retry_after_is_honoured_up_to_the_longest_wait() {
    let policy = RetryPolicy { longest_wait: Duration::from_secs(10), ..RetryPolicy::default() };
    let ask = |asked_ms| {
        let mut limited = error(ErrorType::RateLimit);
        limited.retry_after_ms = Some(asked_ms);
        next(&policy, sent(0), &limited, (CallEffect::Read, Patience::Usual), MIDDLE)
    };
    assert_eq!(ask(5_000), Next::Wait(Duration::from_secs(5)));
    assert_eq!(ask(10), Next::Wait(Duration::from_secs(1)));
    assert_eq!(ask(10_001), Next::GiveUp);
}

#[test]
fn no_wait_is_begun_that_ends_after_the_calls_patience() {
    let policy = RetryPolicy::default();
    let ask = |elapsed_s, asked_s: u64| {
        let mut limited = error(ErrorType::RateLimit);
        limited.retry_after_ms = Some(asked_s * 1_000);
        let progress = Progress { elapsed: Duration::from_secs(elapsed_s), ..sent(0) };
        next(&policy, progress, &limited, (CallEffect::Write, Patience::Usual), MIDDLE)
    };
    assert_eq!(ask(10, 30), Next::Wait(Duration::from_secs(30)));
    assert_eq!(ask(11, 30), Next::GiveUp);
    assert_eq!(ask(40, 0), Next::GiveUp);
}

#[test]
fn jitter_stays_within_a_fifth() {
    let policy = RetryPolicy::default();
    let ask = |jitter| {
        next(&policy, sent(0), &error(ErrorType::Network), (CallEffect::Read, Patience::Usual), jitter)
    };
    assert_eq!(ask(0.0), Next::Wait(Duration::from_millis(800)));
    assert_eq!(ask(1.0), Next::Wait(Duration::from_millis(1_200)));
}
