//! Facts as JSON lines in, decisions as JSON lines out: what `gangway decide` does.
//!
//! It stands beside the core rather than in the command line so that "the other lines are still decided" is tested
//! where the rules are. It opens nothing: it reads and writes only what it is handed.

use crate::{RuleSet, decide};
use gangway_protocol::redact::scrub;
use gangway_protocol::{AccountId, Decision, Facts};
use jiff::civil::Date;
use serde::Serialize;
use std::io::{self, BufRead, Read as _, Write};

/// Longest line that is read, in bytes, its line break not counted. The largest real account is a few kilobytes.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// Longest reason written for a malformed line, in characters; the reason may quote the line.
const REASON_CHARS: usize = 300;

/// What became of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinesSummary {
    /// Lines decided.
    pub decided: u64,
    /// Lines that could not be read as facts.
    pub malformed: u64,
}

/// One output line: the decision, and whose it is.
#[derive(Serialize)]
struct DecidedLine<'a> {
    account_id: &'a AccountId,
    #[serde(flatten)]
    decision: &'a Decision,
}

/// Decides each line of `input` as of one day and writes one decision a line to `out`.
///
/// A line that is no facts gets one line on `err`, with its number and the path of the field, and the next line is
/// read. Blank lines are skipped but counted in the numbering.
///
/// # Errors
/// When `input` cannot be read, or `out` or `err` cannot be written.
pub fn decide_lines(
    mut input: impl BufRead,
    rules: &RuleSet,
    as_of: Date,
    mut out: impl Write,
    mut err: impl Write,
) -> io::Result<LinesSummary> {
    let mut summary = LinesSummary::default();
    let mut line = Vec::new();
    let mut number: u64 = 0;
    while let Some(length) = next_line(&mut input, &mut line)? {
        number += 1;
        let facts = match length {
            LineLength::Whole if line.trim_ascii().is_empty() => continue,
            LineLength::Whole => read_facts(&line),
            LineLength::TooLong => Err(format!("longer than {MAX_LINE_BYTES} bytes")),
        };
        match facts {
            Ok(facts) => {
                let decision = decide(&facts, rules, as_of);
                let decided = DecidedLine { account_id: &facts.account_id, decision: &decision };
                serde_json::to_writer(&mut out, &decided)?;
                out.write_all(b"\n")?;
                summary.decided += 1;
            }
            Err(reason) => {
                writeln!(err, "line {number}: {}", scrub(&reason, REASON_CHARS))?;
                summary.malformed += 1;
            }
        }
    }
    out.flush()?;
    err.flush()?;
    Ok(summary)
}

enum LineLength {
    Whole,
    TooLong,
}

/// Reads the next line into `line` without its break; of a line that is too long only the beginning is kept.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<LineLength>> {
    line.clear();
    // One byte more than a line may have: either its break, or proof that it is too long.
    let limit = MAX_LINE_BYTES as u64 + 1;
    if input.by_ref().take(limit).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Some(LineLength::Whole));
    }
    if line.len() <= MAX_LINE_BYTES {
        return Ok(Some(LineLength::Whole));
    }
    input.skip_until(b'\n')?;
    Ok(Some(LineLength::TooLong))
}

/// The facts of one line, or why it has none: `opportunity.amount: invalid type …, column 57`.
fn read_facts(line: &[u8]) -> Result<Facts, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8 from column {} on", error.valid_up_to() + 1))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let facts = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let reason = without_position(error.inner());
        // The root is `.`, and a place no field was reached at ends in `?`: neither names a field.
        match path.trim_end_matches(['.', '?']) {
            "" => reason,
            field => format!("{field}: {reason}"),
        }
    })?;
    json.end().map_err(|error| without_position(&error))?;
    Ok(facts)
}

/// The reason with its column only: its line is always 1 and would contradict the number of the line.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&position) {
        Some(reason) => format!("{reason}, column {}", error.column()),
        None => text,
    }
}
