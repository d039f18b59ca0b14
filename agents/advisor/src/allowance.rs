//! Budgets: what a call may take at most is set aside before it is made, and settled with what it took.
//!
//! Pure; days and amounts are handed in. What the day had cost before this process began is handed in too.

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
    ) -> Result<(), UsedUp> {
        let (of_run, of_day) = (run.0.plus(most), self.spent.plus(most));
        if !limits.0.holds(of_run) {
            return Err(UsedUp::Run);
        }
        if !limits.1.holds(of_day) {
            return Err(UsedUp::Day);
        }
        run.0 = of_run;
        self.spent = of_day;
        Ok(())
    }

    /// Replaces what was set aside by what the call took, which may be more than expected.
    pub(crate) fn settle(&mut self, run: &mut RunPurse, reserved: Spent, taken: Spent) {
        for purse in [&mut run.0, &mut self.spent] {
            purse.tokens = purse.tokens.saturating_sub(reserved.tokens).saturating_add(taken.tokens);
            purse.micro_usd =
                purse.micro_usd.saturating_sub(reserved.micro_usd).saturating_add(taken.micro_usd);
        }
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(day.reserve(&mut first, spent(100), limits), Ok(()));
        assert_eq!(day.reserve(&mut first, spent(10), limits), Err(UsedUp::Run));
        assert_eq!(day.reserve(&mut second, spent(60), limits), Err(UsedUp::Day));
        day.settle(&mut first, spent(100), spent(40));
        assert_eq!(day.reserve(&mut second, spent(60), limits), Ok(()));
    }

    #[test]
    fn a_new_day_begins_with_what_it_has_cost_already() {
        let limits = (Limit(spent(100)), Limit(spent(100)));
        let mut day = DayPurse::default();
        day.begin(1, spent(95));
        day.begin(1, spent(0));
        assert_eq!(day.reserve(&mut RunPurse::default(), spent(10), limits), Err(UsedUp::Day));
        day.begin(2, spent(0));
        assert_eq!(day.reserve(&mut RunPurse::default(), spent(10), limits), Ok(()));
    }
}
