//! The decision core: facts and a day in, a decision out.
//!
//! Pure and total: it reads no clock, opens nothing, draws no randomness, asks no model and cannot fail. The rules
//! are versioned data ([`RuleSet`]) with one pure function each; there is one file per
//! domain under `rules/`. It does not gather, advise or act.

mod case;
mod decide;
mod difference;
mod exact;
mod expression;
mod in_order;
mod lines;
mod rule;
mod rule_file;
mod rule_set;
mod rules;

pub use case::Case;
pub use decide::{decide, facts_digest};
pub use difference::{Difference, difference};
pub use expression::{
    Expression, Fault, FieldOffered, MAX_BRACKETS, MAX_BYTES, MAX_DEPTH, MAX_LOOPS, MAX_NODES, MAX_PATTERNS,
    MAX_STEPS, MAX_STEPS_TOGETHER, MAX_TEXT_BYTES, Misfit, Shape,
};
pub use lines::{LinesSummary, MAX_LINE_BYTES, decide_lines};
pub use rule::{Check, Coded, Rule, Sighting, Sightings, Stated};
pub use rule_file::{
    Change, MAX_FILE_BYTES, MAX_RULES, Problem, Reading, Remark, RuleFileError, Steps, UNLOWERED,
};
pub use rule_set::{Percent, RuleSet, Thresholds};
