//! An export of the audit: a header that says where it begins, a line for each entry, and a checkpoint of the last as its end.
//!
//! Every byte of it counts: what is not exactly as it is written here is found. Reads what it is given once, a line at a time.

use super::chain::of_text;
use super::inspection::{Beginning, Inspected, Inspection};
use super::witness::Witness;
use crate::StoreError;
use crate::codec::to_json;
use ed25519_dalek::VerifyingKey;
use gangway_protocol::checkpoint::Checkpoint;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read as _};

const VERSION: u32 = 1;
/// An entry is some kilobytes; whoever writes longer lines wants to fill our memory.
const LONGEST_LINE: u64 = 4 * 1024 * 1024;

/// Fields in alphabetical order, as canonical JSON has them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    after: u64,
    gangway_audit: u32,
    head: String,
}

impl Beginning {
    /// The header of an export that begins here, without its line's end.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which it can.
    pub fn header(&self) -> Result<String, StoreError> {
        to_json(&Header { after: self.after, gangway_audit: VERSION, head: self.head.clone() })
    }

    fn of_header(text: &str) -> Option<Self> {
        let header: Header = serde_json::from_str(text).ok()?;
        let beginning = Self { after: header.after, head: header.head };
        let is_hash = of_text(&beginning.head).is_some();
        let is_ours =
            header.gangway_audit == VERSION && is_hash && beginning.header().is_ok_and(|ours| ours == text);
        is_ours.then_some(beginning)
    }
}

/// Looks at an export, with the checkpoints that were kept elsewhere. Needs nothing but what it is given.
///
/// # Errors
/// It cannot be read. That something is wrong with what it says is no error, but in the result.
pub fn inspect_export(
    mut export: impl BufRead,
    witness: Witness,
    keys: &[VerifyingKey],
) -> io::Result<Inspected> {
    let mut line = Vec::new();
    read_line(&mut export, &mut line)?;
    let beginning = text_of(&line).and_then(Beginning::of_header);
    let mut inspection = match &beginning {
        Some(beginning) => Inspection::from(beginning, witness),
        None => Inspection::of_whole(witness),
    };
    if beginning.is_none() {
        inspection.unreadable(1);
    }
    let (mut number, mut is_closed) = (1, false);
    while read_line(&mut export, &mut line)? {
        number += 1;
        let text = text_of(&line).unwrap_or_default();
        match closing(text) {
            // Whatever follows the end was put there.
            _ if is_closed => inspection.unreadable(number),
            Some(checkpoint) => {
                inspection.close(&checkpoint, keys);
                is_closed = true;
            }
            None => inspection.line(number, text),
        }
    }
    if !is_closed {
        inspection.not_closed();
    }
    Ok(inspection.end())
}

/// The next line, its end included; false when there is none.
fn read_line(export: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    Ok(export.take(LONGEST_LINE).read_until(b'\n', line)? > 0)
}

/// None when it is no text, too long, or has no end.
fn text_of(line: &[u8]) -> Option<&str> {
    line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok())
}

fn closing(line: &str) -> Option<Checkpoint> {
    if line.starts_with(r#"{"hash":"#) {
        return None;
    }
    let checkpoint: Checkpoint = serde_json::from_str(line).ok()?;
    checkpoint.line().is_ok_and(|ours| ours == line).then_some(checkpoint)
}
