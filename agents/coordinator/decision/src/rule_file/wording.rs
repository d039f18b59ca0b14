//! What names and sentences of a rules file may look like. They end up in messages, reports and file names of others.

/// Longest message, owner or resolution, in characters.
const MAX_TEXT_CHARS: usize = 300;
/// Longest id or version of a rule set, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// Why a rule's id is none.
pub(super) fn unfit_id(id: &str) -> Option<&'static str> {
    let fits = id.split_once('-').is_some_and(|(domain, number)| {
        (2..=8).contains(&domain.len())
            && domain.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && (3..=4).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
    });
    (!fits).then_some("a rule's id is two to eight capitals, a dash and three or four digits, like NWC-001")
}

/// Why a rule set's id or version is none.
pub(super) fn unfit_name(name: &str) -> Option<&'static str> {
    let fits = (1..=MAX_NAME_BYTES).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !fits {
        return Some("1 to 64 letters, digits, dots, dashes and underscores");
    }
    (name == "builtin").then_some("builtin is the name of the rules that come with Gangway; take another")
}

/// Why a text is no sentence for people.
pub(super) fn unfit_text(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        return Some("is empty");
    }
    if text.chars().count() > MAX_TEXT_CHARS {
        return Some("is longer than 300 characters");
    }
    text.chars()
        .any(is_unseen)
        .then_some("holds a line break or another character that is not seen or turns the text around")
}

/// Controls, line separators, and what turns the direction of text or takes no room: a message must read as it stands.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
