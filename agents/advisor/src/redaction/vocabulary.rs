//! The words that free text may keep on its way to a model: a list, so that what is not on it cannot get out.
//!
//! Common English of business and of the rules' own sentences, no names. Anything else, in any language or encoding,
//! stays here.

use std::collections::HashSet;
use std::sync::LazyLock;

static WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("../../data/vocabulary.txt").lines().collect());

/// Whether a word, in any case, is on the list.
pub(crate) fn knows(word: &str) -> bool {
    word.is_ascii() && WORDS.contains(word.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::{WORDS, knows};

    #[test]
    fn holds_plain_lower_case_words_only() {
        for word in WORDS.iter() {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c == '\''), "{word:?}");
        }
    }

    #[test]
    fn knows_words_in_any_case_and_no_names() {
        assert!(knows("Invoice") && knows("CLOSED"));
        for name in ["Jane", "sarah", "Müller", "ACME", "іnvoice", ""] {
            assert!(!knows(name), "{name}");
        }
    }
}
