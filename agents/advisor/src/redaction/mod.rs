//! What a model may see. The only maker of [`Disclosed`], and so the only way of any text to a model.
//!
//! A brief is built from an allow-list of typed fields ([`brief`]). What names the customer, a record or an amount becomes a
//! token that is put back here, in this process ([`tokens`]); free text keeps only words of a fixed list ([`vocabulary`],
//! [`words`]) after mail addresses, phone numbers, cards, bank accounts and keys were taken out ([`detector`]). Credentials cannot
//! be in it: nothing that holds one can be reached from facts, decision and advice.

mod brief;
pub mod detector;
mod numbers;
mod tokens;
mod vocabulary;
mod words;

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

/// Free text as a model would see it with no record known: what the forms and the list of words keep back alone.
#[must_use]
pub fn free_text(text: &str) -> Disclosed {
    Disclosed(Tokens::default().disclose(text))
}

/// A model's own words as they may be shown to it again and recorded: known names and everything of a known form masked.
pub(crate) fn of_answer(text: &str, tokens: &Tokens) -> Disclosed {
    Disclosed(detector::masked(&tokens.hide(text)))
}

/// A sentence of ours about a model's answer. Constant parts only; what varies are paths inside our own schema.
pub(crate) fn of_complaint(complaint: &str) -> Disclosed {
    Disclosed(detector::masked(complaint))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{disclose, free_text};
    use crate::advise;
    use gangway_protocol::{ApiError, Decision, ErrorType, Facts, System};
    use serde_json::json;

    fn facts() -> Facts {
        serde_json::from_value(json!({
            "account_id": "ACME-001", "account": {"name": "ACME Corp"},
            "owner": {"name": "Will May", "email": "will.may@northwind.example"},
            "contract": {"expiry_date": "2026-12-31", "signatories": [{"name": "Grant, Mark"}, {"name": "Do An"}]}
        }))
        .unwrap()
    }

    /// What a model is told when a vendor says this.
    fn told(message: &str) -> String {
        let mut decision: Decision = serde_json::from_value(json!({
            "outcome": "BLOCK", "risk_level": "critical", "violations": [], "warnings": [], "api_errors": [],
            "rule_set": {"id": "builtin", "version": "1", "digest": "sha256:0"}, "facts_digest": "sha256:0",
            "as_of": "2026-01-15"
        }))
        .unwrap();
        let code = "44_20_79_46_09_58";
        decision.api_errors =
            vec![ApiError::new(System::Clm, ErrorType::Authorization, "get_contract", code, message)];
        let brief = disclose(&facts(), &decision, &advise(&facts(), &decision)).unwrap().brief;
        brief.as_str().to_owned()
    }

    #[test]
    fn a_vendors_words_bring_no_name_phone_or_birthday_that_is_made_of_ordinary_words() {
        let message =
            "Not allowed for user Grant, Mark. Contact 44 20 79 46 09 58 or 6 12 34 56 78. Born 1980-05-12.";
        let told = told(message);
        for personal in ["Grant", "Mark", "44", "20 79", "12 34", "1980"] {
            assert!(!told.contains(personal), "{personal}: {told}");
        }
        assert!(told.contains("Not allowed for user"), "{told}");
    }

    #[test]
    fn each_part_of_a_known_name_is_masked_though_it_is_a_word() {
        let told = [
            told("will told MARK that May left: Will, Do and an owner."),
            told("It is due on 2026-12-31 and will be paid."),
        ]
        .concat();
        for personal in ["Will", "May", "MARK", "Do "] {
            assert!(!told.contains(personal), "{personal}: {told}");
        }
        assert!(told.contains("[OWNER]") && told.contains("[SIGNATORY_1]"), "{told}");
        assert!(told.contains("due on 2026-12-31 and will be paid"), "{told}");
    }

    #[test]
    fn without_any_record_the_list_and_the_forms_keep_back_what_they_can() {
        let text = "Ask Sarah Johnson (sarah@acme.example) about the invoice of 2026-01-01.";
        assert_eq!(free_text(text).as_str(), "[...] ([mail]) about the invoice of [...]");
    }
}
