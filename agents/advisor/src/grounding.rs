//! Whether a model's sentence says only what is known: every number, date, id and name in it must occur in the facts, the
//! findings or the rules' own advice, and every other word on the list of words. A sentence that fails is left out, whole.
//!
//! It cannot tell whether a sentence is true; it only keeps out what has no source, links and markup, and sentences that
//! speak against the decision. What is kept is words all the same: nothing acts on them.

use crate::contradiction::speaks_against;
use crate::numerals::digits_of;
use crate::redaction::knows;
use gangway_protocol::{Advice, Decision, Facts, Outcome};
use std::collections::HashSet;

/// Why a sentence was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Ungrounded {
    /// A number, date or id that stands nowhere.
    Number,
    /// A name, or a word that may be one, that stands nowhere.
    Name,
    /// A link, markup, a left-over token, or characters that are not read as they look.
    Markup,
    /// It says otherwise than the decision.
    AgainstDecision,
}

impl Ungrounded {
    pub(crate) fn says(self) -> &'static str {
        match self {
            Self::Number => "a number, date or id that stands in no record",
            Self::Name => "a name that stands in no record",
            Self::Markup => "a link, markup or a token that stands for nothing",
            Self::AgainstDecision => "something else than was decided",
        }
    }
}

/// What may be said about one decision.
pub(crate) struct Ground {
    words: HashSet<String>,
    outcome: Outcome,
}

/// A text after the check: the sentences kept, and why others were not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) kept: String,
    /// How many sentences that is.
    pub(crate) sentences: usize,
    pub(crate) dropped: Vec<Ungrounded>,
}

/// Names that need no source: our own and the vendors'.
const KNOWN_NAMES: &str = "Salesforce DocuSign NetSuite Slack Gangway CLM CRM ERP API APIs HTTP SSO ID IDs Enterprise Growth Starter \
     CS Finance IT DevOps Legal Sales Ops System Admin Data Integration Support Team Customer Success Closed Won I";

impl Ground {
    /// Everything the facts, the decision and the rules' advice say.
    pub(crate) fn new(facts: &Facts, decision: &Decision, rules: &Advice) -> Self {
        let mut words = HashSet::new();
        let mut learn = |text: &str| words.extend(text.split(is_gap).filter_map(normal));
        learn(KNOWN_NAMES);
        for value in
            [serde_json::to_value(facts), serde_json::to_value(decision), serde_json::to_value(rules)]
        {
            each_leaf(&value.unwrap_or_default(), &mut learn);
        }
        let invoices = facts.invoices.iter().flat_map(|invoice| [invoice.total, invoice.amount_remaining]);
        let deal = facts.opportunity.as_ref().and_then(|opportunity| opportunity.amount);
        for amount in invoices.chain([deal]).flatten() {
            learn(&amount.to_string());
        }
        let findings = decision.violations.len() + decision.warnings.len();
        for count in [
            decision.violations.len(),
            decision.warnings.len(),
            findings,
            decision.api_errors.len(),
            facts.invoices.len(),
        ] {
            learn(&count.to_string());
        }
        Self { words, outcome: decision.outcome }
    }

    /// The text's grounded sentences.
    pub(crate) fn check(&self, text: &str) -> Checked {
        let mut checked = Checked::default();
        for sentence in sentences(text) {
            match self.fault_of(sentence) {
                None => {
                    if !checked.kept.is_empty() {
                        checked.kept.push(' ');
                    }
                    checked.kept.push_str(sentence);
                    checked.sentences += 1;
                }
                Some(fault) => checked.dropped.push(fault),
            }
        }
        checked
    }

    fn fault_of(&self, sentence: &str) -> Option<Ungrounded> {
        if has_markup(sentence) {
            return Some(Ungrounded::Markup);
        }
        if speaks_against(self.outcome, sentence) {
            return Some(Ungrounded::AgainstDecision);
        }
        let words: Vec<&str> =
            sentence.split(is_gap).filter(|word| word.chars().any(char::is_alphanumeric)).collect();
        // `ninety two`: each may stand somewhere, both together are a number that does not.
        let is_number = |word: &&str| normal(word).is_some_and(|word| digits_of(&word).is_some());
        if words.windows(2).any(|pair| pair.iter().all(is_number)) {
            return Some(Ungrounded::Number);
        }
        words.into_iter().enumerate().find_map(|(place, word)| self.fault_of_word(word, place == 0))
    }

    fn fault_of_word(&self, word: &str, is_first: bool) -> Option<Ungrounded> {
        let Some(normal) = normal(word) else { return Some(Ungrounded::Markup) };
        if self.words.contains(&normal) {
            return None;
        }
        if word.chars().any(char::is_numeric) {
            return Some(Ungrounded::Number);
        }
        if let Some(number) = digits_of(&normal) {
            return (!self.words.contains(number)).then_some(Ungrounded::Number);
        }
        // `follow-up`, `IT/DevOps`: each part on its own.
        if word.contains(['-', '/', '–', '—']) {
            let parts: Vec<&str> = word.split(['-', '/', '–', '—']).filter(|part| !part.is_empty()).collect();
            if parts.iter().filter(|part| digits_of(&part.to_lowercase()).is_some()).count() > 1 {
                return Some(Ungrounded::Number);
            }
            return parts
                .into_iter()
                .enumerate()
                .find_map(|(n, part)| self.fault_of_word(part, is_first && n == 0));
        }
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        let mut letters = core.chars();
        let opens = is_first && letters.next().is_some_and(|c| c.is_ascii_uppercase());
        let rest = if opens { letters.as_str() } else { core };
        let is_small = rest.chars().all(|c| c.is_ascii_lowercase() || c == '\'' || c == '’');
        (!is_small || !is_plain_word(&normal)).then_some(Ungrounded::Name)
    }
}

/// A word of the list in one of its usual forms.
fn is_plain_word(word: &str) -> bool {
    let word = word.replace('’', "'");
    let with_e = |stem: &str| knows(stem) || knows(&format!("{stem}e"));
    let inflected = ["s", "es", "d", "ed", "ing", "ly", "n't"]
        .iter()
        .any(|ending| word.strip_suffix(ending).is_some_and(|stem| stem.len() > 1 && with_e(stem)));
    knows(&word) || inflected || word == "can't" || word == "won't"
}

/// Where one word ends and the next begins.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || "()\",;“”„«»".contains(c) && c != ','
}

/// A word as it is compared: lower case, no punctuation around it, no possessive, digits without separators.
/// None when nothing is left of it.
fn normal(word: &str) -> Option<String> {
    let core = word.trim_matches(|c: char| !c.is_alphanumeric());
    let core = core.strip_suffix("'s").or_else(|| core.strip_suffix("’s")).unwrap_or(core);
    let mut text = core.to_lowercase();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        text.retain(|c| c != ',');
        if let Some(whole) = text.strip_suffix(".00") {
            text.truncate(whole.len());
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Links, markup, addresses, tokens that were not put back, and characters that hide or turn text.
fn has_markup(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let is_strange = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e007f}')
            || "<>{}[]|`\\@＠*#^~=".contains(c)
    };
    let links = ["://", "www.", "javascript:", "data:", "mailto:", "&#", "&lt", "%3c", "](", "http"];
    sentence.chars().any(is_strange) || links.iter().any(|link| lower.contains(link))
}

/// Sentences: up to a full stop, question or exclamation mark with a gap behind it, or a line end.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut marks = text.char_indices().peekable();
    while let Some((at, c)) = marks.next() {
        let next = marks.peek().map(|(_, next)| *next);
        let closes = match c {
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            '。' | '！' | '？' | '\n' | '\r' => true,
            _ => false,
        };
        if closes {
            let end = at + c.len_utf8();
            found.extend(text.get(start..end));
            start = end;
        }
    }
    found.extend(text.get(start..));
    found.into_iter().map(str::trim).filter(|sentence| !sentence.is_empty()).collect()
}

fn each_leaf(value: &serde_json::Value, learn: &mut dyn FnMut(&str)) {
    match value {
        serde_json::Value::String(text) => learn(text),
        serde_json::Value::Number(number) => learn(&number.to_string()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| each_leaf(item, learn)),
        serde_json::Value::Object(map) => map.values().for_each(|item| each_leaf(item, learn)),
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}
