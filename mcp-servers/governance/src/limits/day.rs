//! A day's calls as the vendor counts them: kept from its answers, so that somebody is told before they are used up.
//!
//! Pure. It refuses nothing: the vendor's day slides, so only the vendor knows when there are calls again.

use serde::Serialize;
use std::time::{Duration, Instant};

/// A word older than this says nothing about now.
const STALE: Duration = Duration::from_secs(3_600);

/// The vendor's count of the last 24 hours, for everybody who uses the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DayUse {
    /// Calls made.
    pub used: u64,
    /// Calls allowed.
    pub limit: u64,
}

impl DayUse {
    /// Whether so many per cent of what is allowed are used.
    #[must_use]
    pub fn reaches(self, percent: u8) -> bool {
        self.limit > 0 && u128::from(self.used) * 100 >= u128::from(self.limit) * u128::from(percent)
    }
}

/// What the vendor said last, and when.
#[derive(Debug, Default)]
pub(super) struct Day(Option<(DayUse, Instant)>);

impl Day {
    /// Keeps the vendor's word.
    pub(super) fn told(&mut self, said: DayUse, now: Instant) {
        self.0 = Some((said, now));
    }

    /// What it said lately.
    pub(super) fn standing(&self, now: Instant) -> Option<DayUse> {
        let (said, at) = self.0?;
        (now.saturating_duration_since(at) < STALE).then_some(said)
    }
}

#[cfg(test)]
mod tests {
    use super::{Day, DayUse, STALE};
    use std::time::{Duration, Instant};

    #[test]
    fn the_last_word_stands_for_an_hour() {
        let (mut day, now) = (Day::default(), Instant::now());
        assert_eq!(day.standing(now), None);
        day.told(DayUse { used: 1, limit: 5 }, now);
        let newer = DayUse { used: 2, limit: 5 };
        day.told(newer, now + Duration::from_secs(1));
        assert_eq!(day.standing(now + STALE), Some(newer));
        assert_eq!(day.standing(now + STALE + Duration::from_secs(1)), None);
    }

    #[test]
    fn a_share_is_reached_exactly() {
        let reaches = |used, limit| DayUse { used, limit }.reaches(80);
        assert!(!reaches(3_999, 5_000) && reaches(4_000, 5_000) && reaches(9_000, 5_000));
        assert!(reaches(u64::MAX, u64::MAX) && !reaches(u64::MAX / 2, u64::MAX));
        assert!(!reaches(9, 0), "a limit of nothing is no limit that anybody told");
    }
}
