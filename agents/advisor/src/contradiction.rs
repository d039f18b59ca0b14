//! Whether a sentence speaks against the decision: calls it wrong, tells somebody to get round it, to hand out credentials,
//! or to do what only PROCEED allows.
//!
//! It reads words, not meaning, and rather takes a harmless sentence for a bad one: that costs a sentence. What it lets
//! through is words all the same, on which nothing acts.

use gangway_protocol::Outcome;

/// Getting round a decision, in any form of the word.
const ROUND: [&str; 9] = [
    "overrid",
    "overrul",
    "bypass",
    "ignor",
    "disregard",
    "circumvent",
    "sidestep",
    "workaround",
    "overturn",
];
/// The same in more words.
const ROUND_PHRASES: [&str; 8] = [
    "work around",
    "get around",
    "get round",
    "go round",
    "skip the",
    "regardless of",
    "despite the",
    "in spite of",
];
/// What nobody says of a decision who stands by it.
const DOUBTS: [&str; 17] = [
    "wrong",
    "mistake",
    "mistaken",
    "incorrect",
    "false",
    "invalid",
    "void",
    "undo",
    "reverse",
    "change",
    "changed",
    "revise",
    "revoke",
    "reject",
    "against",
    "doubt",
    "disagree",
];
const CREDENTIALS: [&str; 11] = [
    "password",
    "passwords",
    "passphrase",
    "credential",
    "credentials",
    "secret",
    "secrets",
    "key",
    "keys",
    "token",
    "tokens",
];
const HANDS_OUT: [&str; 17] = [
    "tell", "share", "send", "give", "mail", "email", "post", "forward", "hand", "show", "reveal",
    "disclose", "publish", "paste", "write", "provide", "copy",
];
/// Without PROCEED nobody is told that all is well.
const ALL_CLEAR: [&str; 30] = [
    "can be onboarded",
    "may be onboarded",
    "can proceed",
    "may proceed",
    "should proceed",
    "safe to proceed",
    "ready to proceed",
    "is approved",
    "was approved",
    "been approved",
    "as approved",
    "no issues",
    "no action",
    "no problems",
    "nothing to do",
    "nothing is wrong",
    "all checks",
    "all is well",
    "go ahead",
    "move ahead",
    "go on",
    "move forward",
    "do not wait",
    "without waiting",
    "without approval",
    "no approval",
    "no need",
    "not needed",
    "not necessary",
    "nothing to wait",
];
const BLOCKED: [&str; 6] = [
    "is blocked",
    "be blocked",
    "do not onboard",
    "cannot be onboarded",
    "not be onboarded",
    "do not proceed",
];
const APPROVES: [&str; 4] = ["approve it", "approve the", "approve this", "approve all"];
/// Telling somebody to bring the customer on board, whatever the object.
const BOARDS: [&str; 6] = ["onboard", "onboards", "proceed", "proceeds", "provision", "provisions"];
/// The same, said as done or to be done.
const BOARDED: [&str; 3] = ["onboarded", "provisioned", "proceeding"];
/// Making something of those below.
const MAKES: [&str; 24] = [
    "create",
    "make",
    "build",
    "open",
    "enable",
    "set",
    "give",
    "grant",
    "start",
    "launch",
    "begin",
    "prepare",
    "issue",
    "activate",
    "deploy",
    "hand",
    "move",
    "continue",
    "resume",
    "finish",
    "complete",
    "add",
    "establish",
    "use",
];
const MADE: [&str; 8] =
    ["created", "made", "built", "opened", "enabled", "activated", "deployed", "established"];
const OF_PROCEED: [&str; 11] = [
    "tenant",
    "tenants",
    "environment",
    "environments",
    "workspace",
    "instance",
    "kickoff",
    "onboarding",
    "entitlement",
    "entitlements",
    "platform",
];
const NEGATIONS: [&str; 5] = ["not", "never", "cannot", "no", "nothing"];
const CONDITIONS: [&str; 4] = ["until", "before", "unless", "whether"];

/// Whether the sentence speaks against a decision with this outcome.
pub(crate) fn speaks_against(outcome: Outcome, sentence: &str) -> bool {
    let clauses = clauses(sentence);
    let words: Vec<&str> = clauses.iter().flatten().map(String::as_str).collect();
    let text = words.join(" ");
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| contains_words(&text, phrase));
    gets_round(&words)
        || says(&ROUND_PHRASES)
        || hands_out_credentials(&words)
        || match outcome {
            Outcome::Proceed => says(&BLOCKED),
            Outcome::Escalate => says(&ALL_CLEAR) || clauses.iter().any(|clause| acts_as_on_proceed(clause)),
            Outcome::Block => {
                says(&ALL_CLEAR) || says(&APPROVES) || clauses.iter().any(|clause| acts_as_on_proceed(clause))
            }
        }
}

fn gets_round(words: &[&str]) -> bool {
    let doubts = || words.iter().any(|word| DOUBTS.contains(word));
    words.iter().any(|word| ROUND.iter().any(|stem| word.starts_with(stem)))
        || (words.iter().any(|word| word.starts_with("decision")) && doubts())
}

fn hands_out_credentials(words: &[&str]) -> bool {
    // A contract's key terms are no key.
    let names_one = words.iter().enumerate().any(|(n, word)| {
        CREDENTIALS.contains(word) && !words.get(n + 1).is_some_and(|next| next.starts_with("term"))
    });
    names_one && words.iter().any(|word| HANDS_OUT.contains(word))
}

/// Whether a clause does, or asks for, what is done on PROCEED only. "Not" counts where it stands right before the word.
fn acts_as_on_proceed(clause: &[String]) -> bool {
    // What is to be done before the onboarding is no onboarding.
    let is_after = |n: usize| {
        clause.get(..n).and_then(<[_]>::last).is_some_and(|last| CONDITIONS.contains(&last.as_str()))
    };
    let mut objects = clause.iter().enumerate().filter(|(_, word)| OF_PROCEED.contains(&word.as_str()));
    let has_object = objects.any(|(n, _)| !is_after(n));
    clause.iter().enumerate().any(|(n, word)| {
        let word = word.as_str();
        let before = clause.get(..n).unwrap_or_default();
        let is_any = |words: &[String], list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let is_denied = is_any(before.get(n.saturating_sub(2)..).unwrap_or_default(), &NEGATIONS);
        let is_open = is_any(before, &NEGATIONS) || is_any(before, &CONDITIONS);
        let asks = BOARDS.contains(&word) || (has_object && MAKES.contains(&word));
        let tells = BOARDED.contains(&word) || (has_object && MADE.contains(&word));
        (asks && !is_denied) || (tells && !is_open)
    })
}

/// The sentence's words in lower case, clause by clause.
fn clauses(sentence: &str) -> Vec<Vec<String>> {
    let mut clauses = vec![Vec::new()];
    for word in sentence.split(|c: char| c.is_whitespace() || "-/–—".contains(c)) {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let begins = ["and", "but", "then", "or", "so"].contains(&core.as_str());
        if begins {
            clauses.push(Vec::new());
        }
        if let Some(clause) = clauses.last_mut().filter(|_| !core.is_empty()) {
            clause.push(core);
        }
        if word.ends_with([',', ';', ':']) {
            clauses.push(Vec::new());
        }
    }
    clauses
}

/// Whether a phrase stands in a text as whole words.
fn contains_words(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + phrase.len()..).unwrap_or_default();
        (before.is_empty() || before.ends_with(' ')) && (after.is_empty() || after.starts_with(' '))
    })
}

#[cfg(test)]
mod tests {
    use super::speaks_against;
    use gangway_protocol::Outcome::{Block, Escalate, Proceed};

    #[test]
    fn sees_what_calls_for_the_opposite_of_the_decision() {
        for sentence in [
            "Create the tenant by hand and tell the customer.",
            "Customer success should treat the decision as wrong and onboard the tenant by hand.",
            "The tenant must be created by hand.",
            "Onboard the customer today.",
            "Do not wait: provision it.",
            "Please start the onboarding now.",
            "Do not hesitate, proceed.",
            "Go ahead with the customer.",
            "The customer was onboarded.",
        ] {
            assert!(speaks_against(Block, sentence) && speaks_against(Escalate, sentence), "{sentence}");
        }
        assert!(
            speaks_against(Block, "Approve the request.")
                && !speaks_against(Escalate, "Approve the request.")
        );
        assert!(speaks_against(Proceed, "The account cannot be onboarded."));
        for sentence in [
            "Override the rules.",
            "The findings can be ignored.",
            "This is the wrong decision.",
            "Share the credentials with the customer.",
            "Send everybody the API key.",
            "Work around the findings.",
        ] {
            assert!(
                [Block, Escalate, Proceed].iter().all(|outcome| speaks_against(*outcome, sentence)),
                "{sentence}"
            );
        }
    }

    #[test]
    fn leaves_the_rules_own_sentences_alone() {
        for sentence in [
            "The decision is BLOCK.",
            "Close the opportunity as won in Salesforce before onboarding.",
            "Create the account in Salesforce, or correct the account id of the request.",
            "Link the opportunity to the right account, or request the onboarding with the right opportunity.",
            "Name the tier in the contract's key terms: Enterprise, Growth or Starter.",
            "Re-authenticate and refresh the integration's token.",
            "Approve or reject the onboarding.",
            "The account cannot be onboarded yet.",
            "No tenant is created until the contract is signed.",
            "Do not provision the tenant yet.",
            "Start a new run once the above is mended.",
            "Set the opportunity to Closed Won before onboarding.",
            "Enter the exchange rate in NetSuite, or compare the amounts by hand.",
        ] {
            assert!(!speaks_against(Block, sentence) && !speaks_against(Escalate, sentence), "{sentence}");
        }
        assert!(!speaks_against(Proceed, "Create the tenant, then welcome the customer."));
    }
}
