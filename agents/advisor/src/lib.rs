//! Advice: what a decision means, who should do what, and what an error code says in plain English.
//!
//! Advice explains. It decides nothing, changes nothing, and nothing turns it into a decision, a fact or a grant. [`advise`]
//! makes it from rules alone; an [`Adviser`] has a model word that, within bounds.

mod actions;
mod adviser;
mod allowance;
mod answer;
#[cfg(feature = "bedrock")]
mod bedrock;
mod breaker;
mod cache;
mod contradiction;
mod conversation;
mod error_reading;
mod evaluation;
mod grounding;
mod ledger;
mod model;
mod numerals;
mod openai;
mod prompt;
mod recording;
mod redaction;
mod settings;
mod summary;
mod wording;

pub use adviser::{Advised, Adviser, AdviserError, Clock, Question};
#[cfg(feature = "bedrock")]
pub use bedrock::Bedrock;
pub use evaluation::{Case, Scores, Share, evaluate};
pub use ledger::Ledger;
pub use model::{Finish, Model, ModelAnswer, ModelError, ModelRequest};
pub use openai::OpenAi;
pub use prompt::{PROMPTS, Prompt, Split};
pub use recording::{Recorder, Recording};
pub use redaction::{Disclosed, detector, free_text};
pub use settings::{Provider, Settings, UnknownPrompt};

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
