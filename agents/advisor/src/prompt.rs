//! Prompts: versioned files with digests, and which of them an account gets.
//!
//! A prompt is part of the program, never a setting: what a model is told is reviewed like code.

use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::{AccountId, PromptRef};
use sha2::{Digest as _, Sha256};

/// One prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt {
    /// Its name and version.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// Every prompt, oldest first. A prompt that was ever used stays as it is; a change is a new file.
pub const PROMPTS: [Prompt; 2] = [
    Prompt { name: "adviser-1", text: include_str!("../prompts/adviser-1.md") },
    Prompt { name: "adviser-2", text: include_str!("../prompts/adviser-2.md") },
];

impl Prompt {
    /// The prompt of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        PROMPTS.into_iter().find(|prompt| prompt.name == name)
    }

    /// Its name and the digest of its text.
    #[must_use]
    pub fn reference(&self) -> PromptRef {
        PromptRef { name: self.name.to_owned(), digest: digest_bytes(self.text.as_bytes()) }
    }
}

/// Two prompts, and how many accounts of a hundred get the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// What most accounts get.
    pub usual: Prompt,
    /// What is tried beside it, and for how many percent of accounts.
    pub candidate: Option<(Prompt, u8)>,
}

impl Split {
    /// The account's prompt. The same account always gets the same one, however often and wherever it is asked.
    #[must_use]
    pub fn prompt_of(&self, account: &AccountId) -> Prompt {
        match self.candidate {
            Some((prompt, percent)) if bucket(account) < percent => prompt,
            _ => self.usual,
        }
    }
}

/// A number from 0 to 99 that depends on the account alone.
fn bucket(account: &AccountId) -> u8 {
    let hash = Sha256::digest(format!("prompt:{account}").as_bytes());
    let number = hash.iter().take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    u8::try_from(number % 100).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{PROMPTS, Prompt, Split};
    use gangway_protocol::AccountId;

    #[test]
    fn names_and_digests_are_unique() {
        let [first, second] = PROMPTS.map(|prompt| prompt.reference());
        assert!(first.name != second.name && first.digest != second.digest);
        assert_eq!(Prompt::named("adviser-1"), Some(PROMPTS[0]));
        assert_eq!(Prompt::named("adviser-0"), None);
    }

    #[test]
    fn about_as_many_accounts_as_asked_for_get_the_candidate_and_always_the_same_ones() {
        let split = Split { usual: PROMPTS[0], candidate: Some((PROMPTS[1], 20)) };
        let accounts: Vec<AccountId> =
            (0..1_000).map(|n| AccountId::parse(format!("ACC-{n}")).unwrap()).collect();
        let tried: Vec<bool> = accounts.iter().map(|a| split.prompt_of(a) == PROMPTS[1]).collect();
        let count = tried.iter().filter(|is| **is).count();
        assert!((150..250).contains(&count), "{count}");
        assert_eq!(tried, accounts.iter().map(|a| split.prompt_of(a) == PROMPTS[1]).collect::<Vec<_>>());
        let none = Split { usual: PROMPTS[0], candidate: None };
        assert!(accounts.iter().all(|a| none.prompt_of(a) == PROMPTS[0]));
    }
}
