//! Decides when a message that certainly did not arrive is tried again, and when it is given up. Pure; times are handed in.

use crate::settings::OutboxSettings;
use gangway_protocol::ApiError;
use gangway_store::Sending;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How often and how patiently the outbox tries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// Wait before the second attempt; doubles with each.
    base: Duration,
    longest_wait: Duration,
    attempts: u32,
    max_age: Duration,
}

impl Schedule {
    pub(crate) fn new(base: Duration, settings: &OutboxSettings) -> Self {
        Self {
            base,
            longest_wait: Duration::from_millis(settings.longest_wait_ms),
            attempts: settings.attempts,
            max_age: Duration::from_millis(settings.max_age_ms),
        }
    }

    /// The wait before the next attempt, at least what the receiver asked for; none when the message is given up.
    pub(crate) fn wait(&self, sending: &Sending, refused: &ApiError, now: Timestamp) -> Option<Duration> {
        if sending.attempt >= self.attempts {
            return None;
        }
        let doublings = sending.attempt.saturating_sub(1).min(24);
        let backoff = self.base.saturating_mul(1 << doublings).min(self.longest_wait);
        // Plus or minus a fifth, so that messages refused together do not come back together.
        let spread = backoff.mul_f64(0.8 + 0.4 * spread(&sending.message_id));
        let wait = spread.max(Duration::from_millis(refused.retry_after_ms.unwrap_or(0)));
        let age = Duration::try_from(now.duration_since(sending.since)).unwrap_or(Duration::ZERO);
        (age.saturating_add(wait) <= self.max_age).then_some(wait)
    }
}

/// A later time; one beyond the calendar is the calendar's end.
pub(crate) fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// A number from 0 to 1 that differs from message to message: an id ends with random digits.
fn spread(message_id: &str) -> f64 {
    let digits = message_id.get(message_id.len().saturating_sub(2)..);
    let number = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    number.map_or(0.5, |number| f64::from(number) / 255.0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{Schedule, later};
    use crate::settings::OutboxSettings;
    use gangway_protocol::{ApiError, ErrorType, System};
    use gangway_store::Sending;
    use jiff::Timestamp;
    use std::time::Duration;

    fn schedule() -> Schedule {
        let settings =
            OutboxSettings { attempts: 6, longest_wait_ms: 10_000, max_age_ms: 60_000, grace_ms: 0 };
        Schedule::new(Duration::from_secs(1), &settings)
    }

    /// Its id makes the spread 1.0 on the middle of the range, within a thousandth.
    fn sending(attempt: u32) -> Sending {
        Sending { message_id: "msg-0080".to_owned(), attempt, since: Timestamp::UNIX_EPOCH }
    }

    fn busy(retry_after_ms: Option<u64>) -> ApiError {
        let mut error = ApiError::new(System::Notify, ErrorType::RateLimit, "op", "CODE", "words");
        error.retry_after_ms = retry_after_ms;
        error
    }

    #[test]
    fn the_wait_doubles_up_to_a_bound_and_the_last_attempt_is_the_last() {
        let waits: Vec<Option<u64>> = (1..=6)
            .map(|attempt| schedule().wait(&sending(attempt), &busy(None), Timestamp::UNIX_EPOCH))
            .map(|wait| wait.map(|wait| wait.as_secs_f64().round() as u64))
            .collect();
        assert_eq!(waits, [Some(1), Some(2), Some(4), Some(8), Some(10), None]);
    }

    #[test]
    fn the_receivers_wish_counts_when_it_is_longer() {
        let wait = |asked| schedule().wait(&sending(1), &busy(asked), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(wait(Some(30_000)), Duration::from_secs(30));
        assert!(wait(Some(1)) >= Duration::from_millis(800));
    }

    #[test]
    fn a_message_that_would_be_too_old_is_given_up() {
        let now = later(Timestamp::UNIX_EPOCH, Duration::from_secs(59));
        assert!(schedule().wait(&sending(3), &busy(None), now).is_none());
        assert!(schedule().wait(&sending(1), &busy(Some(60_001)), Timestamp::UNIX_EPOCH).is_none());
    }

    #[test]
    fn messages_refused_together_do_not_come_back_together() {
        let wait = |id: &str| {
            let sending = Sending { message_id: id.to_owned(), ..sending(1) };
            schedule().wait(&sending, &busy(None), Timestamp::UNIX_EPOCH).unwrap()
        };
        assert_eq!(
            (wait("msg-00"), wait("msg-ff")),
            (Duration::from_millis(800), Duration::from_millis(1_200))
        );
    }
}
