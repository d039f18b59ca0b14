//! What a model may see. The only maker of [`Disclosed`], and so the only way of any text to a model.
//!
//! A brief is built from an allow-list of typed fields ([`brief`]). What names the customer, a record or an amount becomes a
//! token that is put back here, in this process ([`tokens`]); free text keeps only words of a fixed list ([`vocabulary`])
//! after mail addresses, phone numbers, cards, bank accounts and keys were taken out ([`detector`]). Credentials cannot
//! be in it: nothing that holds one can be reached from facts, decision and advice.

mod brief;
pub mod detector;
mod numbers;
mod tokens;
mod vocabulary;

use brief::Brief;
pub(crate) use brief::{action_id, error_id};
use gangway_protocol::{Advice, Decision, Facts};
use serde::Serialize;
pub(crate) use tokens::Tokens;
pub(crate) use vocabulary::knows;

/// Text that a model may see. Only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Disclosed(String);

impl Disclosed {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A brief for a model, and what its tokens stand for.
pub(crate) struct Disclosure {
    pub(crate) brief: Disclosed,
    pub(crate) tokens: Tokens,
}

/// What a model is told about one decision: findings and errors with the rules' own actions, masked.
///
/// # Errors
/// The brief cannot be expressed as JSON.
pub(crate) fn disclose(
    facts: &Facts,
    decision: &Decision,
    rules: &Advice,
) -> Result<Disclosure, serde_json::Error> {
    let mut tokens = Tokens::of(facts, decision);
    let brief = Brief::new(facts, decision, rules, &mut tokens);
    Ok(Disclosure { brief: Disclosed(serde_json::to_string_pretty(&brief)?), tokens })
}

/// A model's own words as they may be shown to it again and recorded: known names and everything of a known form masked.
pub(crate) fn of_answer(text: &str, tokens: &Tokens) -> Disclosed {
    Disclosed(detector::masked(&tokens.hide(text)))
}

/// A sentence of ours about a model's answer. Constant parts only; what varies are paths inside our own schema.
pub(crate) fn of_complaint(complaint: &str) -> Disclosed {
    Disclosed(detector::masked(complaint))
}
