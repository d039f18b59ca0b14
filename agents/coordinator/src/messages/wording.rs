//! Text from outside, made fit to print: one line, bounded, without control or direction characters; and the
//! escaping of each medium as a type, so that unescaped text cannot reach it.
//!
//! HTML is not here: the template engine escapes it.

/// Longest vendor text inside a message, in characters.
pub const LONG: usize = 400;
/// Longest name or title inside a message, in characters.
pub const SHORT: usize = 120;

/// `text` on one line, cut to `limit` characters.
///
/// Control characters and those that change the reading direction or have no width become spaces: they could make a
/// line read as something else than it says.
#[must_use]
pub fn one_line(text: &str, limit: usize) -> String {
    let visible: String = text.chars().map(|c| if is_deceptive(c) { ' ' } else { c }).collect();
    let joined = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    if joined.chars().count() <= limit {
        return joined;
    }
    let mut cut: String = joined.chars().take(limit.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `1 invoice`, `2 invoices`.
#[must_use]
pub fn count(n: usize, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    }
}

/// Slack markup that is safe to send.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mrkdwn(String);

impl Mrkdwn {
    /// Our own markup, as written.
    #[must_use]
    pub fn ours(markup: &'static str) -> Self {
        Self(markup.to_owned())
    }

    /// Text from anywhere: shown as it is, formats nothing, mentions nobody.
    #[must_use]
    pub fn said(text: &str) -> Self {
        Self(escape_mrkdwn(&one_line(text, LONG)))
    }

    /// Text from anywhere, in bold.
    #[must_use]
    pub fn bold(text: &str) -> Self {
        Self(format!("*{}*", escape_mrkdwn(&one_line(text, SHORT))))
    }

    /// This, then our own markup.
    #[must_use]
    pub fn and(mut self, markup: &'static str) -> Self {
        self.0.push_str(markup);
        self
    }

    /// This, then more.
    #[must_use]
    pub fn then(mut self, next: &Self) -> Self {
        self.0.push_str(&next.0);
        self
    }

    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Slack's three control characters become entities. Formatting marks become look-alikes unless they stand inside
/// a word, where Slack ignores them (so `INSUFFICIENT_ACCESS` can still be copied).
fn escape_mrkdwn(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(c) = chars.next() {
        let inside_word = before.is_some_and(char::is_alphanumeric)
            && chars.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '`' => escaped.push('\u{2cb}'),
            '*' if !inside_word => escaped.push('\u{2217}'),
            '_' if !inside_word => escaped.push('\u{2cd}'),
            '~' if !inside_word => escaped.push('\u{223c}'),
            other => escaped.push(other),
        }
        before = Some(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Mrkdwn, one_line};

    #[test]
    fn slack_text_mentions_nobody_and_formats_nothing() {
        for (text, safe) in [
            ("<!channel> hi", "&lt;!channel&gt; hi"),
            ("<https://evil.example|click>", "&lt;https://evil.example|click&gt;"),
            ("a & b", "a &amp; b"),
            ("*bold* _it_ ~no~ `code`", "∗bold∗ ˍitˍ ∼no∼ ˋcodeˋ"),
            ("INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS"),
        ] {
            assert_eq!(Mrkdwn::said(text).as_str(), safe);
        }
    }

    #[test]
    fn outside_text_stays_on_one_bounded_line() {
        assert_eq!(one_line("a\r\nb\t\u{202e}c\u{0}", 10), "a b c");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(one_line("abcd", 4), "abcd");
    }
}
