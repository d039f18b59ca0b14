//! Advice by rules: what a decision means, who should do what, and what an error code says in plain English.
//!
//! Advice explains. It decides nothing, changes nothing, and nothing turns it into a decision, a fact or a grant.

mod actions;
mod error_reading;
mod summary;

use gangway_protocol::{Advice, AdviceSource, Decision, Facts};

/// What a CS person should read about one decision.
///
/// Pure: the same facts and decision give the same advice. No name or address of a person is repeated; vendor text is
/// bounded and scrubbed.
#[must_use]
pub fn advise(facts: &Facts, decision: &Decision) -> Advice {
    Advice {
        source: AdviceSource::Rules,
        summary: summary::summary(facts, decision),
        business_impact: summary::business_impact(facts, decision),
        resolution_time: summary::resolution_time(decision).to_owned(),
        actions: actions::actions(decision),
        error_readings: decision.api_errors.iter().map(error_reading::reading).collect(),
        notes: Vec::new(),
    }
}
