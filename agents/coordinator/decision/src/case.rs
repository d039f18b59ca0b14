//! One case before the rules: the facts in order, the day to judge by, the thresholds.

use crate::Thresholds;
use gangway_protocol::Facts;
use jiff::civil::Date;

/// What a check looks at.
#[derive(Debug)]
pub struct Case<'a> {
    facts: &'a Facts,
    as_of: Date,
    thresholds: &'a Thresholds,
}

impl<'a> Case<'a> {
    pub(crate) fn new(facts: &'a Facts, as_of: Date, thresholds: &'a Thresholds) -> Self {
        Self { facts, as_of, thresholds }
    }
}
