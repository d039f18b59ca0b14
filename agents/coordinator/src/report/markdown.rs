//! Markdown (CommonMark with GitHub's tables and autolinks) that outside text cannot break out of.

use crate::messages::wording::one_line;

/// `text` on one bounded line, with everything that could format, link, or end a table cell escaped.
#[must_use]
pub fn escaped(text: &str, limit: usize) -> String {
    let line = one_line(text, limit);
    let mut out = String::with_capacity(line.len() + 8);
    let mut before: Option<char> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let inside_word = before.is_some_and(char::is_alphanumeric)
            && chars.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // An underscore inside a word never formats; ids stay readable in the source.
            '_' if inside_word => out.push('_'),
            // A colon before a space, or in a time of day, ends no scheme.
            ':' if chars.peek().is_none_or(|next| *next == ' ') => out.push(':'),
            ':' if is_digit(before) && is_digit(chars.peek().copied()) => out.push(':'),
            // `://`, `mailto:` and `@` make autolinks, `#` issue links and headings.
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '~' | '#' | '!' | ':' | '@' => {
                out.push('\\');
                out.push(c);
            }
            // `www.` is an autolink without a scheme.
            '.' if out.to_ascii_lowercase().ends_with("www") => out.push_str("\\."),
            // Only at the start could these begin a list or a rule.
            '-' | '+' | '=' if before.is_none() => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
        before = Some(c);
    }
    out
}

fn is_digit(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_digit())
}

/// A table; cells must already be safe.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn outside_text_stays_text() {
        for (text, safe) in [
            ("[click](https://evil.example)", r"\[click\](https\://evil.example)"),
            ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
            ("a | b\n# c", r"a \| b \# c"),
            ("*_~`", r"\*\_\~\`"),
            ("INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS"),
            ("see www.evil.example or jo@x.example", r"see www\.evil.example or jo\@x.example"),
            ("- item", r"\- item"),
            ("MAILTO:jo", r"MAILTO\:jo"),
            ("at 12:30 approved: 5 warnings", "at 12:30 approved: 5 warnings"),
            ("[now](javascript:alert(1))", r"\[now\](javascript\:alert(1))"),
            ("![img](x)", r"\!\[img\](x)"),
        ] {
            assert_eq!(escaped(text, 200), safe);
        }
    }
}
