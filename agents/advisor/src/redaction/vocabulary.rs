//! The words that free text may keep on its way to a model: a list, so that what is not on it cannot get out.
//!
//! Common English of business and of the rules' own sentences, no names. Anything else, in any language or encoding,
//! stays here. Capitalised, a word of the list may be a name all the same: `words` decides that with the two lists here.

use std::collections::HashSet;
use std::sync::LazyLock;

static WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("../../data/vocabulary.txt").lines().collect());

/// Words written with capitals that name no person: systems, roles, stages, statuses, fields, currencies.
pub(crate) const PROPER: &str = "Salesforce DocuSign NetSuite Slack Gangway CLM CRM ERP API APIs HTTP SSO ID IDs I \
     CS Finance IT DevOps Legal Sales Ops System Admin Data Integration Support Team Customer Success \
     PROCEED ESCALATE BLOCK Enterprise Growth Starter Closed Won Lost Prospecting Qualification Negotiation Proposal \
     EXECUTED SIGNED SENT DRAFT VOIDED PAID OPEN OVERDUE PENDING CANCELLED \
     Amount BillingCountry CloseDate ContractId Department Email Id Industry IsActive IsDeleted ManagerId Name OwnerId \
     ProfileId Title USD EUR GBP";

static PROPER_WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| PROPER.split_whitespace().collect());

/// Words of the list that are surnames or first names as often: capitalised they are left out even where a sentence begins.
const SURNAMES: [&str; 43] = [
    "bank", "best", "case", "day", "days", "early", "field", "fields", "good", "hand", "high", "hold", "key",
    "late", "lead", "little", "lock", "long", "low", "main", "may", "monday", "more", "old", "page", "place",
    "post", "price", "prior", "promise", "rather", "read", "right", "root", "short", "small", "still",
    "strong", "sunday", "sure", "wait", "will", "worth",
];

/// Whether a word, in any case, is on the list.
pub(crate) fn knows(word: &str) -> bool {
    word.is_ascii() && WORDS.contains(word.to_ascii_lowercase().as_str())
}

/// Whether a word, written so, names a system, a role, a stage, a status, a field or a currency.
pub(crate) fn is_proper(word: &str) -> bool {
    PROPER_WORDS.contains(word)
}

/// Whether a word of the list is as much a name.
pub(crate) fn is_surname(word: &str) -> bool {
    SURNAMES.contains(&word.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::{SURNAMES, WORDS, knows};

    #[test]
    fn holds_plain_lower_case_words_only() {
        for word in WORDS.iter() {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c == '\''), "{word:?}");
        }
        for word in SURNAMES {
            assert!(knows(word), "{word} need not be named");
        }
    }

    #[test]
    fn knows_words_in_any_case_and_no_names() {
        assert!(knows("Invoice") && knows("CLOSED"));
        for name in [
            "Jane", "sarah", "Müller", "ACME", "іnvoice", "", "mark", "Grant", "bill", "april", "June",
            "august", "carry",
        ] {
            assert!(!knows(name), "{name}");
        }
    }
}
