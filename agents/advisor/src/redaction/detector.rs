//! Finds personal data and keys in free text by their form: mail addresses, phone numbers, payment cards, bank account
//! numbers, keys and tokens.
//!
//! It looks at one text at a time and knows nobody's name; names known from the facts are the tokens' business. Cards
//! must satisfy Luhn and bank accounts mod 97, so that order numbers are left alone. A measured net, not the guarantee:
//! the guarantee is the allow-list of fields and words in front of it.

use crate::redaction::numbers::{is_card, is_iban};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A key, token or private key.
    Key,
    /// A mail address.
    Mail,
    /// A bank account number.
    Iban,
    /// A payment card number.
    Card,
    /// A phone number.
    Phone,
}

impl Kind {
    /// Every kind, the most telling first: where two overlap, the earlier one counts.
    pub const ALL: [Self; 5] = [Self::Key, Self::Mail, Self::Iban, Self::Card, Self::Phone];

    /// What stands in its place.
    #[must_use]
    pub fn mask(self) -> &'static str {
        match self {
            Self::Key => "[key]",
            Self::Mail => "[mail]",
            Self::Iban => "[bank account]",
            Self::Card => "[card]",
            Self::Phone => "[phone]",
        }
    }
}

/// One thing found, as a range of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub range: Range<usize>,
}

/// Everything found, in order, without overlaps.
#[must_use]
pub fn find(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for kind in Kind::ALL {
        let ranges = match kind {
            Kind::Key => keys(text),
            Kind::Mail => mails(text),
            Kind::Iban => runs(text, &IBAN_RUN, iban_at),
            Kind::Card => runs(text, &CARD_RUN, card_at),
            Kind::Phone => runs(text, &PHONE_RUN, phone_at),
        };
        for range in ranges {
            let is_free = found.iter().all(|f| range.end <= f.range.start || f.range.end <= range.start);
            if is_free && !range.is_empty() {
                found.push(Found { kind, range });
            }
        }
    }
    found.sort_by_key(|f| f.range.start);
    found
}

/// The text with everything found replaced by its mask.
#[must_use]
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for Found { kind, range } in find(text) {
        out.push_str(text.get(from..range.start).unwrap_or_default());
        out.push_str(kind.mask());
        from = range.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// Beginnings of keys that vendors gave a recognisable form.
const KEY_BEGINNINGS: [&str; 18] = [
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "pk_live_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "eyJ",
    "SG.",
];
/// Our own ids and digests look like keys and are none.
const NO_KEYS: [&str; 3] = ["run-", "sha256:", "gangway-"];

fn keys(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = private_keys(text);
    for word in words(text, |c| c.is_ascii_alphanumeric() || "-_.+/=:".contains(c)) {
        let Some(content) = text.get(word.clone()) else { continue };
        // `Authorization:abc` and `key=abc` are a name and a value.
        let value = content.rsplit([':', '=']).find(|part| !part.is_empty()).unwrap_or(content);
        let is_ours = NO_KEYS.iter().any(|ours| content.starts_with(ours));
        let core = value.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let Some(offset) = content.rfind(core) else { continue };
        let is_named = KEY_BEGINNINGS.iter().any(|beginning| core.starts_with(beginning)) && core.len() >= 16;
        if !is_ours && (is_named || looks_random(core) || looks_random(content.trim_end_matches('='))) {
            let padding = content.get(offset + core.len()..).unwrap_or_default();
            let padded = padding.len() - padding.trim_start_matches('=').len();
            found.push(word.start + offset..word.start + offset + core.len() + padded);
        }
    }
    found
}

/// A long run of mixed letters and digits, as no word, file or order number is.
fn looks_random(core: &str) -> bool {
    if core.len() < 24
        || core.contains("://")
        || core.matches('/').count() > 2
        || core.matches('.').count() > 3
    {
        return false;
    }
    let digits = core.bytes().filter(u8::is_ascii_digit).count();
    let upper = core.bytes().filter(u8::is_ascii_uppercase).count();
    let lower = core.bytes().filter(u8::is_ascii_lowercase).count();
    let is_hex = core.len() >= 32 && core.bytes().all(|b| b.is_ascii_hexdigit()) && digits * 8 > core.len();
    // A UUID names a record; it opens nothing.
    let is_uuid = core.len() == 36 && core.matches('-').count() == 4;
    let mixed = digits >= 3 && upper >= 3 && lower >= 3;
    !is_uuid && (is_hex || mixed)
}

fn private_keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("-----BEGIN ")).map(|at| at + from) {
        let rest = text.get(at..).unwrap_or_default();
        let end = rest
            .find("-----END ")
            .and_then(|end| rest.get(end + 9..)?.find("-----").map(|last| end + 9 + last + 5));
        let end = at + end.unwrap_or(rest.len());
        found.push(at..end);
        from = end;
    }
    found
}

/// `jane@x.example`, `jane%40x.example`, `jane (at) x.example`.
fn mails(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for sign in ["@", "＠", "%40", " (at) ", " [at] ", "(at)", "[at]"] {
        for (at, _) in text.match_indices(sign) {
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + sign.len()..).unwrap_or_default();
            let local = before.len()
                - before.trim_end_matches(|c: char| c.is_alphanumeric() || "._%+-'".contains(c)).len();
            let domain = after.len()
                - after.trim_start_matches(|c: char| c.is_alphanumeric() || ".-".contains(c)).len();
            let domain = after.get(..domain).unwrap_or_default().trim_end_matches(['.', '-']);
            let top = domain.rsplit('.').next().unwrap_or_default();
            let is_domain =
                domain.contains('.') && top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
            if local > 0 && is_domain {
                let start = at - local;
                let skipped =
                    before.get(start..).map_or(0, |l| l.len() - l.trim_start_matches(['.', '\'', '-']).len());
                found.push(start + skipped..at + sign.len() + domain.len());
            }
        }
    }
    found
}

/// Which characters a kind of number consists of.
struct Run {
    begins: fn(char) -> bool,
    goes_on: fn(char) -> bool,
    /// At most this many bytes are looked at.
    longest: usize,
}

const IBAN_RUN: Run = Run {
    begins: |c| c.is_ascii_alphabetic(),
    goes_on: |c| c.is_ascii_alphanumeric() || " -".contains(c),
    longest: 48,
};
const CARD_RUN: Run =
    Run { begins: |c| c.is_ascii_digit(), goes_on: |c| c.is_ascii_digit() || " -.".contains(c), longest: 32 };
const PHONE_RUN: Run = Run {
    begins: |c| c.is_ascii_digit() || c == '+' || c == '(',
    goes_on: |c| c.is_ascii_digit() || " -./()".contains(c) || c == '\u{a0}',
    longest: 32,
};

/// Ranges where `accepted` finds something at the beginning of a word.
fn runs(text: &str, run: &Run, accepted: fn(&str, &str) -> Option<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, first) in text.char_indices() {
        let before = text.get(..start).unwrap_or_default();
        let touches = before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || "_+#$€£".contains(c));
        let is_inside = found.last().is_some_and(|last| start < last.end);
        if touches || is_inside || !(run.begins)(first) {
            continue;
        }
        let rest = text.get(start..).unwrap_or_default();
        let length: usize =
            rest.chars().take_while(|c| (run.goes_on)(*c) || *c == '+').map(char::len_utf8).sum();
        let mut cut = length.min(run.longest);
        while !rest.is_char_boundary(cut) {
            cut -= 1;
        }
        if let Some(length) = rest.get(..cut).and_then(|candidate| accepted(before, candidate)) {
            found.push(start..start + length);
        }
    }
    found
}

/// The longest of the candidate's beginnings, cut where a group ends, that `is_number` accepts without separators.
fn longest_group(candidate: &str, is_number: fn(&str) -> bool) -> Option<usize> {
    let mut ends: Vec<usize> =
        candidate.char_indices().filter(|(_, c)| !c.is_ascii_alphanumeric()).map(|(at, _)| at).collect();
    ends.push(candidate.len());
    ends.into_iter().rev().find(|end| {
        let compact: String =
            candidate.get(..*end).unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
        let closes = candidate.get(..*end).is_some_and(|c| c.ends_with(|c: char| c.is_ascii_alphanumeric()));
        closes && is_number(&compact)
    })
}

fn iban_at(_before: &str, candidate: &str) -> Option<usize> {
    longest_group(candidate, is_iban)
}

fn card_at(_before: &str, candidate: &str) -> Option<usize> {
    longest_group(candidate, is_card)
}

/// Words that announce a number as a phone's.
const PHONE_WORDS: [&str; 9] =
    ["tel", "phone", "call", "mobile", "fax", "cell", "ring", "telefon", "whatsapp"];

/// International with `+` or `00`; `(555) 010-0199` and `555-010-0199`; national with a leading 0 in groups; or any run of
/// seven to fifteen digits after a word such as `phone`.
fn phone_at(before: &str, candidate: &str) -> Option<usize> {
    let candidate = candidate.trim_end_matches(|c: char| !c.is_ascii_digit());
    let digits = candidate.bytes().filter(u8::is_ascii_digit).count();
    let groups: Vec<&str> =
        candidate.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let first = groups.first().copied().unwrap_or_default();
    let is_international =
        (candidate.starts_with('+') || first.starts_with("00")) && (8..=15).contains(&digits);
    let is_american = lengths == [3, 3, 4] && !candidate.contains('/') || lengths == [1, 3, 3, 4];
    let is_national = first.starts_with('0')
        && (2..=6).contains(&first.len())
        && groups.len() >= 2
        && (9..=13).contains(&digits)
        && !candidate.contains('.');
    let last_word =
        before.trim_end_matches(|c: char| !c.is_alphanumeric()).rsplit(|c: char| !c.is_alphanumeric()).next();
    let is_announced = last_word.is_some_and(|word| PHONE_WORDS.contains(&word.to_lowercase().as_str()))
        && (7..=15).contains(&digits);
    (is_international || is_american || is_national || is_announced).then_some(candidate.len())
}

/// Ranges of longest runs of such characters.
fn words(text: &str, belongs: fn(char) -> bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| belongs(*c)) {
        match found.last_mut() {
            Some(last) if last.end == at => last.end += c.len_utf8(),
            _ => found.push(at..at + c.len_utf8()),
        }
    }
    found
}
