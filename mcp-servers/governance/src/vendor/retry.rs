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
        RetryClass::UnlessItDoubles if unsent => true,
        RetryClass::UnlessItDoubles => effect != CallEffect::Write && patience == Patience::Usual,
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
mod tests;
