//! An entry as a line of an export: canonical JSON, `{"hash":…,"previous":…,"record":…,"seq":…}`. What its hash covers is the
//! line without its first member, so that anybody can check an export without us. Reads no file.

use super::chain::{Hash, of_text, text};
use std::fmt::Write as _;

const HASH: &str = r#"{"hash":""#;
const PREVIOUS: &str = r#"","previous":""#;
const RECORD: &str = r#"","record":"#;
const SEQ: &str = r#","seq":"#;
/// Length of a hash as text.
const HASH_TEXT: usize = 71;

/// An entry as it stands in a row or a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link<'a> {
    pub(super) seq: u64,
    pub(super) previous: Hash,
    pub(super) hash: Hash,
    /// Canonical JSON.
    pub(super) record: &'a [u8],
}

/// The line, without its end.
pub(super) fn write(link: &Link<'_>) -> String {
    let mut line = String::with_capacity(link.record.len() + 200);
    let record = String::from_utf8_lossy(link.record);
    // Writing to a String cannot fail.
    let _ = write!(
        line,
        "{HASH}{}{PREVIOUS}{}{RECORD}{record}{SEQ}{}}}",
        text(&link.hash),
        text(&link.previous),
        link.seq
    );
    line
}

/// The entry of a line; none when it is not exactly as [`write()`] writes one. The record is not looked into: its hash says
/// whether it is what was written.
pub(super) fn read(line: &str) -> Option<Link<'_>> {
    let (hash, rest) = hash_after(line, HASH)?;
    let (previous, rest) = hash_after(rest, PREVIOUS)?;
    let (record, seq) = rest.strip_prefix(RECORD)?.strip_suffix('}')?.rsplit_once(SEQ)?;
    let is_plain = seq.bytes().all(|byte| byte.is_ascii_digit()) && !seq.starts_with('0');
    let seq = seq.parse().ok().filter(|_| is_plain)?;
    Some(Link { seq, previous, hash, record: record.as_bytes() })
}

fn hash_after<'a>(text: &'a str, prefix: &str) -> Option<(Hash, &'a str)> {
    let (digits, rest) = text.strip_prefix(prefix)?.split_at_checked(HASH_TEXT)?;
    Some((of_text(digits)?, rest))
}
