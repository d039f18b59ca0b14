//! Decides whether a failed attempt is followed by another one, and after how long. Pure; nothing else decides it.

use super::request::{CallEffect, Patience};
use gangway_protocol::ApiError;
use gangway_protocol::api_error::RetryClass;
use std::time::Duration;

/// How often and how patiently a vendor call is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Repeats after the first attempt.
    pub retries: u32,
    /// Wait before the first repeat; doubles with each.
    pub base: Duration,
    /// Longest wait for one repeat. A vendor that asks for more is not asked again within this call.
    pub longest_wait: Duration,
    /// No wait is begun that would end later than this after the call began, so that what is left for the last attempt
    /// ends before the tool's deadline and a rate limit is reported as one.
    pub total: Duration,
}

impl Default for RetryPolicy {
    /// Three repeats after 1, 2 and 4 seconds, as the design says. Attempts of ten seconds let the last wait end after
    /// 37; a token and an attempt after 40 still end within the tool's minute.
    fn default() -> Self {
        Self {
            retries: 3,
            base: Duration::from_secs(1),
            longest_wait: Duration::from_secs(30),
            total: Duration::from_secs(40),
        }
    }
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Repeats already made because of a wait; a token refresh is not one of them.
    pub repeats: u32,
    /// Whether a new token was already tried.
    pub token_renewed: bool,
    /// How long ago the call began.
    pub elapsed: Duration,
    /// Whether the failed attempt got as far as the vendor's API, or only to its token endpoint.
    pub reached: Reached,
}

/// How far an attempt got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Our own limits refused it: nothing was sent, and the refusal says when to come back.
    Gate,
    /// No token could be had: nothing was sent.
    TokenEndpoint,
    /// The request was sent, or may have been.
    Vendor,
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the error stands.
    GiveUp,
    /// Another attempt at once, with a new token.
    RenewToken,
    /// Another attempt after this wait.
    Wait(Duration),
}

/// The decision. `jitter` is a random number from 0 to 1, supplied so that this stays a function.
#[must_use]
pub fn next(
    policy: &RetryPolicy,
    progress: Progress,
    error: &ApiError,
    (effect, patience): (CallEffect, Patience),
    jitter: f64,
) -> Next {
    // The gate has waited as long as waiting made sense.
    if progress.reached == Reached::Gate {
        return Next::GiveUp;
    }
    let unsent = progress.reached == Reached::TokenEndpoint;
    let may_wait = match error.error_type.retry_class() {
        RetryClass::Never => false,
        // A refused token is renewed once; refused credentials are not tried again.
        RetryClass::WithNewToken if unsent || progress.token_renewed => false,
        RetryClass::WithNewToken => return Next::RenewToken,
        RetryClass::AfterBackoff => true,
        RetryClass::ReadsAfterBackoff if unsent => true,
        RetryClass::ReadsAfterBackoff => effect == CallEffect::Read && patience == Patience::Usual,
    };
    if !may_wait || progress.repeats >= policy.retries {
        return Next::GiveUp;
    }
    let backoff = policy.base.saturating_mul(1_u32 << progress.repeats.min(16));
    // Plus or minus a fifth, so that calls that failed together do not come back together.
    let spread = backoff.mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0));
    let asked = Duration::from_millis(error.retry_after_ms.unwrap_or(0));
    let wait = spread.min(policy.longest_wait).max(asked);
    if asked > policy.longest_wait || progress.elapsed.saturating_add(wait) > policy.total {
        Next::GiveUp
    } else {
        Next::Wait(wait)
    }
}

#[cfg(test)]
mod tests {
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
        for effect in [CallEffect::Read, CallEffect::Write] {
            for never in [ErrorType::Authorization, ErrorType::Validation, ErrorType::NotFound] {
                assert!(!again(never, effect));
            }
            for refused_undone in [ErrorType::RateLimit, ErrorType::Authentication] {
                assert!(again(refused_undone, effect));
            }
        }
        for maybe_done in [ErrorType::ServerError, ErrorType::Network, ErrorType::Timeout] {
            assert!(again(maybe_done, CallEffect::Read));
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
}
