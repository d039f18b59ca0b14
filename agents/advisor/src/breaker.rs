//! A circuit breaker for the provider: closed while calls pass, open after failures in a row, half-open for one trial.
//!
//! Pure; the present is handed in.

use jiff::{SignedDuration, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Timestamp },
    HalfOpen { until: Timestamp },
}

/// The breaker.
#[derive(Debug)]
pub(crate) struct Breaker {
    state: State,
    trips_after: u32,
    stays_open: SignedDuration,
}

impl Breaker {
    pub(crate) fn new(trips_after: u32, open_ms: u64) -> Self {
        let stays_open = SignedDuration::from_millis(i64::try_from(open_ms).unwrap_or(i64::MAX));
        Self { state: State::Closed { failures: 0 }, trips_after: trips_after.max(1), stays_open }
    }

    /// Whether a call may be made; when the breaker has been open long enough, one may, as a trial. A trial that never
    /// reports is given up after as long again.
    pub(crate) fn admits(&mut self, now: Timestamp) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { until } | State::HalfOpen { until } if now >= until => {
                self.state = State::HalfOpen { until: self.later(now) };
                true
            }
            State::Open { .. } | State::HalfOpen { .. } => false,
        }
    }

    pub(crate) fn passed(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    pub(crate) fn failed(&mut self, now: Timestamp) {
        self.state = match self.state {
            State::Closed { failures } if failures + 1 < self.trips_after => {
                State::Closed { failures: failures + 1 }
            }
            State::Closed { .. } | State::HalfOpen { .. } => State::Open { until: self.later(now) },
            // A call that was under way when it tripped.
            State::Open { until } => State::Open { until },
        };
    }

    fn later(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.stays_open).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::Breaker;
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn trips_after_failures_in_a_row_and_lets_one_trial_through() {
        let now: Timestamp = "2026-03-04T10:00:00Z".parse().unwrap();
        let later = now + SignedDuration::from_secs(31);
        let mut breaker = Breaker::new(2, 30_000);
        breaker.failed(now);
        breaker.passed();
        breaker.failed(now);
        assert!(breaker.admits(now));
        breaker.failed(now);
        assert!(!breaker.admits(now));
        assert!(breaker.admits(later) && !breaker.admits(later), "one trial");
        breaker.failed(later);
        assert!(!breaker.admits(later));
        let still_later = later + SignedDuration::from_secs(31);
        assert!(breaker.admits(still_later));
        breaker.passed();
        assert!(breaker.admits(still_later) && breaker.admits(still_later));
    }
}
