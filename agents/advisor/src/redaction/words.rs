//! Which words of a free text a model may see: plain words of the list, tokens, masks, known days and single small numbers.
//!
//! Names are words, and many are words of the list as well. So a capitalised word stays only where it names a product, a
//! field or a status, or where it opens a sentence and no further capitalised word follows; a word that is as much a name as
//! a word stays in lower case only. Digits in groups are somebody's number whatever their form: two small numbers side by
//! side are left out. What is written in lower case and is on the list cannot be told from the word.

use super::vocabulary::{is_proper, is_surname, knows};
use jiff::civil::Date;

/// Stands where words were left out and cannot come back.
const LEFT_OUT: &str = "[...]";
/// Numbers as words of the list; a phone number can be spelled with them.
const NUMBER_WORDS: [&str; 6] = ["zero", "one", "two", "three", "six", "ten"];

/// What is made of one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    LeftOut,
    /// Digits that may stay when they stand alone.
    Number,
    /// Digits that may not stay in any case.
    LongNumber,
    /// No letter and no digit.
    Mark,
}

/// The text with everything else left out, once for each gap.
pub(super) fn plain_words(text: &str, days: &[Date]) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut fates: Vec<Fate> = Vec::with_capacity(words.len());
    let mut opens = true;
    for (n, word) in words.iter().enumerate() {
        let is_followed_by_name = words.get(n + 1).is_some_and(|next| is_strange_capital(next));
        let fate = fate_of(word, opens && !is_followed_by_name, days);
        opens = fate != Fate::LeftOut
            && word.trim_end_matches(['"', '\'', ')', '”', '’']).ends_with(['.', '!', '?', ':']);
        fates.push(fate);
    }
    leave_out_number_runs(&mut fates);
    let mut out: Vec<&str> = Vec::new();
    for (word, fate) in words.into_iter().zip(fates) {
        let kept = match fate {
            Fate::Kept | Fate::Number | Fate::Mark => word,
            Fate::LeftOut | Fate::LongNumber => LEFT_OUT,
        };
        if kept != LEFT_OUT || out.last() != Some(&LEFT_OUT) {
            out.push(kept);
        }
    }
    out.join(" ")
}

/// Whether a value names nobody wherever it stands: every word of it is a plain one.
pub(super) fn is_plain(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .all(|word| is_known(word, false))
}

/// Numbers with no kept word between them are one number.
fn leave_out_number_runs(fates: &mut [Fate]) {
    let mut last: Option<usize> = None;
    for n in 0..fates.len() {
        match fates.get(n) {
            Some(Fate::Number | Fate::LongNumber) => {
                if let Some(last) = last {
                    for place in [last, n] {
                        fates.iter_mut().skip(place).take(1).for_each(|fate| *fate = Fate::LongNumber);
                    }
                }
                last = Some(n);
            }
            Some(Fate::Kept) => last = None,
            Some(Fate::LeftOut | Fate::Mark) | None => {}
        }
    }
}

fn fate_of(word: &str, opens: bool, days: &[Date]) -> Fate {
    let core = core(word);
    if !core.contains(char::is_alphanumeric) {
        return if word.len() <= 2 { Fate::Mark } else { Fate::LeftOut };
    }
    if core.starts_with('[') && core.ends_with(']') && core.matches('[').count() == 1 {
        return Fate::Kept;
    }
    if core.contains(char::is_numeric) {
        let is_day = core.len() == 10 && core.parse::<Date>().is_ok_and(|day| days.contains(&day));
        let is_small = core.len() <= 3 && core.bytes().all(|b| b.is_ascii_digit() || b == b'%');
        return match (is_day, is_small) {
            (true, _) => Fate::Kept,
            (_, true) => Fate::Number,
            (_, false) => Fate::LongNumber,
        };
    }
    if NUMBER_WORDS.contains(&core) {
        return Fate::Number;
    }
    let mut parts = core.split(['\'', '-', '/', '(', ')', ',', ':', '"']).filter(|part| !part.is_empty());
    let bare = core.strip_suffix("'s").unwrap_or(core);
    let may_stay =
        is_known(bare, opens) || (0..).zip(&mut parts).all(|(n, part)| is_known(part, opens && n == 0));
    if may_stay { Fate::Kept } else { Fate::LeftOut }
}

/// A word of the list in lower case, a proper one as it is written, or one that opens a sentence and is no surname.
fn is_known(word: &str, opens: bool) -> bool {
    let is_lower = !word.contains(char::is_uppercase);
    let is_opening =
        || opens && !word.chars().skip(1).any(char::is_uppercase) && !is_surname(word) && knows(word);
    is_proper(word) || (is_lower && knows(word)) || is_opening()
}

/// Whether a word is capitalised and no proper one that we know.
fn is_strange_capital(word: &str) -> bool {
    let core = core(word);
    let bare = core.strip_suffix("'s").unwrap_or(core);
    bare.starts_with(char::is_uppercase)
        && !bare
            .split(['-', '/', '(', ')', ',', ':', '"', '_'])
            .filter(|part| !part.is_empty())
            .all(is_proper)
}

fn core(word: &str) -> &str {
    word.trim_matches(|c: char| c.is_ascii_punctuation() && !"[]_%".contains(c))
}

#[cfg(test)]
mod tests {
    use super::{is_plain, plain_words};

    #[test]
    fn names_that_are_words_are_left_out() {
        for (text, left) in [
            ("Not allowed for user Grant, Mark. Contact the owner.", "Not allowed for user [...] the owner."),
            ("Will May called about the account.", "[...] called about the account."),
            ("Ask Bill or April, or Long Price.", "[...] or [...] or [...]"),
            ("CONTACT LONG PRICE NOW", "[...]"),
            ("contact mark grant", "contact [...]"),
            ("Page said so: Strong did it.", "[...] said so: [...] did it."),
            ("the account of Small-Page's team", "the account of [...] team"),
        ] {
            assert_eq!(plain_words(text, &[]), left, "{text}");
        }
    }

    #[test]
    fn plain_sentences_about_products_stay_as_they_are() {
        for text in [
            "Close the opportunity as won in Salesforce before onboarding",
            "The contract's status is \"SENT\": it is neither executed nor signed.",
            "DocuSign: Check the vendor's status page and retry later.",
            "Less than 50 % of invoice [INVOICE_1] is paid.",
            "Name the tier in the contract's key terms: Enterprise, Growth or Starter",
            "1 to 4 hours",
            "2 of 3 signatories have not signed the contract.",
            "The invoice will be paid. You may wait.",
        ] {
            assert_eq!(plain_words(text, &[]), text);
        }
    }

    #[test]
    fn numbers_in_groups_and_days_of_nobodys_record_are_left_out() {
        let day = jiff::civil::date(2026, 1, 15);
        for (text, left) in [
            ("contact 44 20 79 46 09 58 or 6 12 34 56 78.", "contact [...] or [...]"),
            ("contact 6, 12 / 34 - 56", "contact [...] / [...] - [...]"),
            ("contact 44 x 20 x 79", "contact [...]"),
            ("contact six two one three", "contact [...]"),
            ("since 1980-05-12, due 2026-01-15", "since [...] due 2026-01-15"),
            ("since 12 May 1980", "since [...]"),
            ("about 3 of 4", "about 3 of 4"),
        ] {
            assert_eq!(plain_words(text, &[day]), left, "{text}");
        }
    }

    #[test]
    fn a_plain_value_names_nobody() {
        assert!(is_plain("Closed Won") && is_plain("SENT") && is_plain("on hold"));
        assert!(!is_plain("Mark Grant") && !is_plain("Long Price") && !is_plain("Will") && !is_plain("12"));
    }
}
