//! Budgets: what a call may take at most is set aside before it is made, and settled with what it took.
//!
//! Pure; days and amounts are handed in. What the day had cost before this process began is handed in too. A call belongs to
//! the day on which it was set aside, also when it ends after midnight.

use gangway_protocol::Spent;

/// A limit on tokens and cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Spent);

impl Limit {
    fn holds(self, spent: Spent) -> bool {
        spent.tokens <= self.0.tokens && spent.micro_usd <= self.0.micro_usd
    }
}

/// Which budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsedUp {
    Run,
    Day,
}

/// What one run has taken.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct RunPurse(Spent);

/// What was set aside for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reserved {
    day: Option<i64>,
    most: Spent,
}

/// What the day has taken, calls under way included.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct DayPurse {
    day: Option<i64>,
    spent: Spent,
}

impl DayPurse {
    /// Whether what this day had cost before is known.
    pub(crate) fn knows(&self, day: i64) -> bool {
        self.day == Some(day)
    }

    /// Begins a day with what it has cost already. A day that is begun stays as it is.
    pub(crate) fn begin(&mut self, day: i64, spent: Spent) {
        if !self.knows(day) {
            *self = Self { day: Some(day), spent };
        }
    }

    /// Sets the most a call can take aside, for run and day.
    pub(crate) fn reserve(
        &mut self,
        run: &mut RunPurse,
        most: Spent,
        limits: (Limit, Limit),
    ) -> Result<Reserved, UsedUp> {
        let (of_run, of_day) = (run.0.plus(most), self.spent.plus(most));
        if !limits.0.holds(of_run) {
            return Err(UsedUp::Run);
        }
        if !limits.1.holds(of_day) {
            return Err(UsedUp::Day);
        }
        run.0 = of_run;
        self.spent = of_day;
        Ok(Reserved { day: self.day, most })
    }

    /// Replaces what was set aside by what the call took, which may be more than expected. What an earlier day set aside is
    /// no longer in this purse; that day's cost stands in the ledger.
    pub(crate) fn settle(&mut self, run: &mut RunPurse, reserved: Reserved, taken: Spent) {
        run.0 = settled(run.0, reserved.most, taken);
        if self.day == reserved.day {
            self.spent = settled(self.spent, reserved.most, taken);
        }
    }
}

fn settled(purse: Spent, reserved: Spent, taken: Spent) -> Spent {
    Spent {
        tokens: purse.tokens.saturating_sub(reserved.tokens),
        micro_usd: purse.micro_usd.saturating_sub(reserved.micro_usd),
    }
    .plus(taken)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{DayPurse, Limit, RunPurse, UsedUp};
    use gangway_protocol::Spent;

    fn spent(tokens: u64) -> Spent {
        Spent { tokens, micro_usd: tokens / 10 }
    }

    #[test]
    fn what_is_under_way_counts_until_it_is_settled() {
        let limits = (Limit(spent(100)), Limit(spent(150)));
        let (mut day, mut first, mut second) =
            (DayPurse::default(), RunPurse::default(), RunPurse::default());
        day.begin(1, spent(0));
        let reserved = day.reserve(&mut first, spent(100), limits).unwrap();
        assert_eq!(day.reserve(&mut first, spent(10), limits), Err(UsedUp::Run));
        assert_eq!(day.reserve(&mut second, spent(60), limits), Err(UsedUp::Day));
        day.settle(&mut first, reserved, spent(40));
        day.reserve(&mut second, spent(60), limits).unwrap();
    }

    #[test]
    fn a_new_day_begins_with_what_it_has_cost_already() {
        let limits = (Limit(spent(100)), Limit(spent(100)));
        let mut day = DayPurse::default();
        day.begin(1, spent(95));
        day.begin(1, spent(0));
        assert_eq!(day.reserve(&mut RunPurse::default(), spent(10), limits), Err(UsedUp::Day));
        day.begin(2, spent(0));
        day.reserve(&mut RunPurse::default(), spent(10), limits).unwrap();
    }

    #[test]
    fn a_call_that_ends_after_midnight_takes_nothing_out_of_the_new_days_purse() {
        let limits = (Limit(spent(100)), Limit(spent(100)));
        let (mut day, mut before, mut after) =
            (DayPurse::default(), RunPurse::default(), RunPurse::default());
        day.begin(1, spent(0));
        let reserved = day.reserve(&mut before, spent(90), limits).unwrap();
        day.begin(2, spent(0));
        day.reserve(&mut after, spent(80), limits).unwrap();
        day.settle(&mut before, reserved, spent(0));
        let used_up = day.reserve(&mut RunPurse::default(), spent(30), limits);
        assert_eq!(used_up, Err(UsedUp::Day), "80 of 100 are still set aside");
        day.reserve(&mut before, spent(20), limits).unwrap();
    }
}
