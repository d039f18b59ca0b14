//! Advice by rules: what a decision means, who should do what, and what an error code says in plain English.
//!
//! Advice explains. It decides nothing, changes nothing, and nothing turns it into a decision, a fact or a grant.

use gangway_protocol::{Advice, AdviceSource, Decision, Facts};

/// What a CS person should read about one decision. The same facts and decision give the same advice.
#[must_use]
pub fn advise(facts: &Facts, decision: &Decision) -> Advice {
    Advice {
        source: AdviceSource::Rules,
        summary: format!("{}: {}.", facts.account_id, decision.outcome),
        business_impact: String::new(),
        resolution_time: String::new(),
        actions: Vec::new(),
        error_readings: Vec::new(),
    }
}
