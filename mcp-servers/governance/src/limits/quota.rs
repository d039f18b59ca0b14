//! Quota: the calls a vendor allows in a clock hour, as a pure state machine over calls, the vendor's own word and a
//! supplied time.
//!
//! Whoever else uses the account, other processes of ours included, is known only by what the vendor says is left; the
//! smaller number holds. It waits for nothing: an hour is longer than any call.

use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

/// What a vendor said about itself, as its answers' headers have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Calls left until then.
    pub left: u32,
    /// When all of them are there again, since the epoch.
    pub renewed_at: Duration,
}

/// The state machine. Times are since the epoch.
#[derive(Debug)]
pub(super) struct Quota {
    limit: u32,
    left: u32,
    ends_at: Duration,
}

impl Quota {
    /// A full one.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, left: limit, ends_at: Duration::ZERO }
    }

    /// Another limit from now on; what was used stays used.
    pub(super) fn replace(&mut self, limit: u32) {
        let used = self.limit.saturating_sub(self.left);
        (self.limit, self.left) = (limit, limit.saturating_sub(used));
    }

    /// How long a call would be refused now; none if it might pass.
    pub(super) fn refusal(&mut self, now: Duration) -> Option<Duration> {
        self.begin_hour(now);
        (self.left == 0).then(|| self.ends_at.saturating_sub(now))
    }

    /// Takes a call, or says when there will be one.
    pub(super) fn take(&mut self, now: Duration) -> Result<(), Duration> {
        match self.refusal(now) {
            Some(wait) => Err(wait),
            None => {
                self.left -= 1;
                Ok(())
            }
        }
    }

    /// The vendor's word on an answer, while this many other calls were under way, which it may not have counted yet.
    pub(super) fn told(&mut self, said: Allowance, others: usize, now: Duration) {
        self.begin_hour(now);
        // A word about an hour that is over, or about no hour at all.
        if said.renewed_at <= now || said.renewed_at > now + HOUR + HOUR {
            return;
        }
        self.ends_at = said.renewed_at;
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        self.left = self.left.min(said.left.saturating_sub(others));
    }

    fn begin_hour(&mut self, now: Duration) {
        if now >= self.ends_at {
            self.left = self.limit;
            self.ends_at = HOUR * u32::try_from(now.as_secs() / HOUR.as_secs() + 1).unwrap_or(u32::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowance, HOUR, Quota};
    use proptest::prelude::*;
    use std::time::Duration;

    /// Ten minutes into an hour.
    const NOW: Duration = Duration::from_secs(3_600 * 490_000 + 600);

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(minutes * 60)
    }

    #[test]
    fn what_is_used_up_is_there_again_on_the_hour() {
        let mut quota = Quota::new(2);
        assert_eq!([quota.take(NOW), quota.take(NOW)], [Ok(()), Ok(())]);
        assert_eq!(quota.take(NOW + minutes(1)), Err(minutes(49)));
        assert_eq!(quota.take(NOW + minutes(50)), Ok(()));
    }

    #[test]
    fn the_vendors_word_counts_when_others_use_the_account_too() {
        let mut quota = Quota::new(3_000);
        let said = Allowance { left: 5, renewed_at: NOW + minutes(20) };
        quota.told(said, 3, NOW);
        assert_eq!(
            (0..9).filter(|_| quota.take(NOW).is_ok()).count(),
            2,
            "three may not have been counted yet"
        );
        assert_eq!(quota.refusal(NOW), Some(minutes(20)), "and its hour, not ours");
        assert_eq!(quota.refusal(NOW + minutes(20)), None);
    }

    #[test]
    fn the_vendors_word_never_gives_back_what_we_used() {
        let mut quota = Quota::new(2);
        assert_eq!([quota.take(NOW), quota.take(NOW)], [Ok(()), Ok(())]);
        quota.told(Allowance { left: 2_900, renewed_at: NOW + minutes(50) }, 0, NOW);
        assert!(quota.take(NOW).is_err());
    }

    #[test]
    fn a_word_about_another_time_says_nothing() {
        let mut quota = Quota::new(2);
        for renewed_at in [NOW - minutes(1), NOW, NOW + HOUR * 3] {
            quota.told(Allowance { left: 0, renewed_at }, 0, NOW);
            assert_eq!(quota.refusal(NOW), None, "{renewed_at:?}");
        }
    }

    #[test]
    fn another_limit_keeps_what_was_used() {
        let mut quota = Quota::new(3);
        assert_eq!(quota.take(NOW), Ok(()));
        quota.replace(1);
        assert!(quota.take(NOW).is_err());
        quota.replace(4);
        assert_eq!((0..9).filter(|_| quota.take(NOW).is_ok()).count(), 3);
    }

    proptest! {
        #[test]
        fn no_hour_ever_sees_more_than_the_limit(
            steps in prop::collection::vec((0_u64..900, prop::option::of(0_u32..20)), 1..300),
        ) {
            let (mut quota, mut now, mut by_hour) = (Quota::new(10), NOW, std::collections::BTreeMap::new());
            for (seconds, said) in steps {
                now += Duration::from_secs(seconds);
                let hour = now.as_secs() / 3_600;
                if let Some(left) = said {
                    let renewed_at = Duration::from_secs((hour + 1) * 3_600);
                    quota.told(Allowance { left, renewed_at }, 0, now);
                }
                if quota.take(now).is_ok() {
                    *by_hour.entry(hour).or_insert(0) += 1;
                }
            }
            prop_assert!(by_hour.values().all(|calls| *calls <= 10), "{by_hour:?}");
        }
    }
}
