//! Audit import: what `gangway audit verify` reads, which is an export, a list of checkpoints and public keys.
//!
//! The fuzzer has an honest export of twelve entries and its two checkpoints, and no key. Input: one byte for what is tried
//! and which checkpoints the auditor kept, then a whole export, or edits of the honest one, or another list, or a PEM text.
//! An export that is found whole must be an honest one, byte for byte.

use ed25519_dalek::SigningKey;
use gangway_protocol::Actor;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::canonical::to_canonical;
use gangway_protocol::checkpoint::{Attested, Checkpoint, NO_CHECKPOINT, public_key_pem, public_keys};
use gangway_store::{Beginning, Inspected, Witness, inspect_export, link_hash};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::OnceLock;

const ENTRIES: u64 = 12;
const SEALED_FIRST: u64 = 6;
/// An export is edited further only up to this size.
const LARGEST: usize = 64 << 10;

/// An honest audit.
struct Honest {
    entries: Vec<String>,
    /// The hash at each position, that before the first included.
    heads: Vec<String>,
    /// Of positions 6 and 12.
    checkpoints: [Checkpoint; 2],
    /// Every export that could have been written, with the position it ends at.
    exports: Vec<(u64, Vec<u8>)>,
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn honest() -> &'static Honest {
    static HONEST: OnceLock<Honest> = OnceLock::new();
    HONEST.get_or_init(|| {
        let (mut entries, mut heads) = (Vec::new(), vec![Beginning::of_all().head]);
        for seq in 1..=ENTRIES {
            let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
            let arguments = json!({ "task_id": format!("t-{seq}") });
            let record = AuditRecord {
                call_id: format!("call-{seq}"),
                // By the bare name of earlier versions: the corpus holds exports of this very audit.
                principal: "Ada".to_owned(),
                ..AuditRecord::done("tasks.update", &Actor::person("Ada"), arguments, at)
            };
            let previous = heads.last().unwrap();
            let hash = link_hash(seq, previous, &record).unwrap();
            let line = json!({ "hash": hash, "previous": previous, "record": record, "seq": seq });
            entries.push(String::from_utf8(to_canonical(&line).unwrap()).unwrap());
            heads.push(hash);
        }
        let one = signed(1, NO_CHECKPOINT, SEALED_FIRST, &heads);
        let two = signed(2, &one.digest().unwrap(), ENTRIES, &heads);
        let mut honest = Honest { entries, heads, checkpoints: [one, two], exports: Vec::new() };
        let written = |closing: &Checkpoint| {
            let end = closing.attested.seq;
            (0..=end).map(|after| (end, honest.export(after, closing))).collect::<Vec<_>>()
        };
        honest.exports = honest.checkpoints.iter().flat_map(written).collect();
        honest
    })
}

fn signed(number: u64, previous: &str, seq: u64, heads: &[String]) -> Checkpoint {
    let head = heads.get(usize::try_from(seq).unwrap()).unwrap().clone();
    let at = "2026-01-02T04:00:00Z".parse().unwrap();
    let attested = Attested { number, previous: previous.to_owned(), seq, head, at, restored: None };
    Checkpoint::sign(attested, &key()).unwrap()
}

impl Honest {
    /// What `gangway audit export` writes of the entries after a position, when the audit ended with this checkpoint.
    fn export(&self, after: u64, closing: &Checkpoint) -> Vec<u8> {
        let (from, to) = (usize::try_from(after).unwrap(), usize::try_from(closing.attested.seq).unwrap());
        let head = self.heads.get(from).unwrap().clone();
        let mut lines = vec![Beginning { after, head }.header().unwrap()];
        lines.extend_from_slice(self.entries.get(from..to).unwrap());
        lines.push(closing.line().unwrap());
        lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
    }

    /// Whether somebody with the key would have written this export, at the newest position the auditor knows or later.
    fn wrote(&self, export: &[u8], kept: &[Checkpoint]) -> bool {
        let newest = kept.iter().map(|checkpoint| checkpoint.attested.seq).max().unwrap_or(0);
        self.exports.iter().any(|(end, written)| *end >= newest && written == export)
    }
}

/// Tries one input.
pub fn check(input: &[u8]) {
    let Some((mode, rest)) = input.split_first() else { return };
    let [one, two] = &honest().checkpoints;
    let kept = match mode / 4 % 4 {
        0 => vec![one.clone(), two.clone()],
        1 => vec![one.clone()],
        2 => vec![two.clone()],
        _ => Vec::new(),
    };
    match mode % 4 {
        0 => export(rest, &kept),
        1 => export(&edited(whole().to_vec(), rest), &kept),
        2 => checkpoints(rest),
        _ => pem(rest),
    }
}

/// The export of everything.
fn whole() -> &'static [u8] {
    honest().exports.iter().find(|(end, _)| *end == ENTRIES).map(|(_, written)| written.as_slice()).unwrap()
}

fn inspected(export: &[u8], kept: &[Checkpoint]) -> Inspected {
    let keys = [key().verifying_key()];
    inspect_export(export, Witness::of(kept, &keys), &keys).unwrap()
}

fn export(export: &[u8], kept: &[Checkpoint]) {
    let found = inspected(export, kept);
    assert_eq!(found.is_whole(), honest().wrote(export, kept), "{:?}", found.breaks);
    let lines = export.iter().filter(|byte| **byte == b'\n').count();
    assert!(found.entries <= u64::try_from(lines).unwrap_or(u64::MAX) + 1);
    for broken in &found.breaks {
        crate::assert_is_readable(&broken.to_string());
    }
}

/// Edits of four bytes each: what, where in two, and a value.
fn edited(mut export: Vec<u8>, edits: &[u8]) -> Vec<u8> {
    for edit in edits.chunks_exact(4).take(64) {
        let [what, high, low, value] = edit else { break };
        // A line that is the whole export doubles it.
        if export.len() > LARGEST {
            break;
        }
        let place = usize::from(u16::from_be_bytes([*high, *low])) % (export.len() + 1);
        let (line, end) = line_at(&export, place);
        match what % 7 {
            0 => export.get_mut(place).into_iter().for_each(|byte| *byte = *value),
            1 => export.get_mut(place).into_iter().for_each(|byte| *byte ^= 1 << (value % 8)),
            2 => export.insert(place, *value),
            3 => export.truncate(place),
            4 => drop(export.drain(line..end)),
            5 => {
                let twice = export.get(line..end).unwrap_or_default().to_vec();
                let (other, _) = line_at(&export, usize::from(*value) * 16 % (export.len() + 1));
                export.splice(other..other, twice);
            }
            _ => {
                // The export's end changed for the checkpoint of before.
                let last = honest().checkpoints.first().unwrap().line().unwrap();
                export.truncate(line);
                export.extend_from_slice(last.as_bytes());
                export.push(b'\n');
            }
        }
    }
    export
}

/// Where the line around a place begins, and ends.
fn line_at(export: &[u8], place: usize) -> (usize, usize) {
    let (before, after) = export.split_at(place);
    let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let end = after.iter().position(|byte| *byte == b'\n').map_or(export.len(), |at| place + at + 1);
    (begin, end)
}

/// A list of checkpoints of the input's own beside the honest export: it is found whole only by what we signed.
fn checkpoints(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let kept: Vec<Checkpoint> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for checkpoint in &kept {
        let written: Value = serde_json::from_str(&checkpoint.line().unwrap()).unwrap();
        assert_eq!(&serde_json::from_value::<Checkpoint>(written).unwrap(), checkpoint);
    }
    let [one, two] = &honest().checkpoints;
    let found = inspected(whole(), &kept);
    let signed_by_us = kept.iter().all(|checkpoint| checkpoint == one || checkpoint == two);
    assert!(!found.is_whole() || signed_by_us, "a checkpoint nobody signed was believed");
}

fn pem(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    match public_keys(text) {
        Ok(keys) => {
            assert!(!keys.is_empty(), "no key is none");
            let written: String = keys.iter().map(public_key_pem).collect();
            assert_eq!(public_keys(&written).unwrap(), keys);
        }
        Err(error) => crate::assert_is_readable(&error.to_string()),
    }
}
