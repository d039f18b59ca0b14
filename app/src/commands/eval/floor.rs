//! Floors: what an evaluation must reach, so that it can be a gate.

use gangway_advisor::{Scores, Share};
use std::str::FromStr;

/// Reads one measure.
type Measure = fn(&Scores) -> Share;

/// What is measured, and what reads it.
const MEASURES: [(&str, Measure); 4] = [
    ("valid", |scores| scores.valid),
    ("grounded", |scores| scores.grounded),
    ("owner", |scores| scores.right_owner),
    ("level", |scores| scores.same_level),
];

/// One measure and the least percentage of it.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    name: &'static str,
    measure: Measure,
    percent: usize,
}

impl FromStr for Floor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('=').and_then(|(name, percent)| {
            let percent = percent.trim_end_matches('%').parse().ok().filter(|percent| *percent <= 100)?;
            let (name, measure) = MEASURES.into_iter().find(|(known, _)| *known == name)?;
            Some(Self { name, measure, percent })
        });
        let names = MEASURES.map(|(name, _)| name).join(", ");
        parsed.ok_or_else(|| format!("one of {names}, and a whole percentage: valid=95"))
    }
}

impl Floor {
    /// What stays below it, in words. Where nothing was measured nothing was reached.
    pub(super) fn missed_by(&self, scores: &Scores) -> Option<String> {
        let Share { part, of } = (self.measure)(scores);
        let is_reached = of > 0 && part * 100 >= self.percent * of;
        (!is_reached).then(|| {
            let (name, percent) = (self.name, self.percent);
            format!(
                "{} with {}: {name} is {part} of {of}, less than {percent} %",
                scores.model, scores.prompt
            )
        })
    }
}
