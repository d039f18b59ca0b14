//! The audit's chain of hashes: what a hash covers. Pure; whether a chain holds is `inspection`'s to say.

use crate::StoreError;
use gangway_protocol::audit::{AuditMoment, AuditRecord, CallEnd};
use gangway_protocol::{CorrelationId, RuleSetRef, RunId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

pub(super) type Hash = [u8; 32];

pub(super) const NO_HASH: Hash = [0; 32];
const PREFIX: &str = "sha256:";

/// `previous` of the first entry.
pub const GENESIS: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of an entry: SHA-256, as `sha256:<hex>`, of the canonical JSON of
/// `{"previous":<hash of the entry before>,"record":<the record>,"seq":<position>}`.
///
/// # Errors
/// When the record cannot be written as JSON.
pub fn link_hash(seq: u64, previous: &str, record: &AuditRecord) -> Result<String, StoreError> {
    Ok(text(&digest(seq, previous, canonical_record(record)?.as_bytes())))
}

pub(super) fn hash(seq: u64, previous: &Hash, record: &[u8]) -> Hash {
    digest(seq, &text(previous), record)
}

fn digest(seq: u64, previous: &str, record: &[u8]) -> Hash {
    let mut sha = Sha256::new();
    sha.update(br#"{"previous":""#);
    sha.update(previous);
    sha.update(br#"","record":"#);
    sha.update(record);
    sha.update(br#","seq":"#);
    sha.update(seq.to_string());
    sha.update(b"}");
    sha.finalize().into()
}

/// A stored hash as the outside sees it.
pub(super) fn text(hash: &[u8]) -> String {
    let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|nibble| char::from_digit(u32::from(nibble), 16));
    PREFIX.chars().chain(digits).collect()
}

/// A hash as the outside writes it; none when it is none, capital letters included: one hash has one text.
pub(super) fn of_text(text: &str) -> Option<Hash> {
    let digits = text.strip_prefix(PREFIX)?.as_bytes();
    let mut hash = NO_HASH;
    if digits.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(hash)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The record's canonical JSON, without the detour over a tree: the fields stand in alphabetical order here, and
/// serde_json's maps sort their keys. A test holds it against `protocol::canonical`.
pub(super) fn canonical_record(record: &AuditRecord) -> Result<String, StoreError> {
    crate::codec::to_json(&Sorted {
        arguments: &record.arguments,
        at: &record.at,
        call_id: &record.call_id,
        correlation_id: record.correlation_id.as_ref(),
        end: record.end.as_ref().map(SortedEnd::from),
        moment: record.moment,
        policy: record.policy.as_deref(),
        principal: &record.principal,
        rule_set: record.rule_set.as_ref().map(SortedRules::from),
        run_id: record.run_id.as_ref(),
        tool: &record.tool,
        why: record.why.as_deref(),
    })
}

#[derive(Serialize)]
struct Sorted<'a> {
    arguments: &'a Map<String, Value>,
    at: &'a Timestamp,
    call_id: &'a str,
    correlation_id: Option<&'a CorrelationId>,
    end: Option<SortedEnd<'a>>,
    moment: AuditMoment,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    principal: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_set: Option<SortedRules<'a>>,
    run_id: Option<&'a RunId>,
    tool: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct SortedRules<'a> {
    digest: &'a str,
    id: &'a str,
    version: &'a str,
}

impl<'a> From<&'a RuleSetRef> for SortedRules<'a> {
    fn from(rules: &'a RuleSetRef) -> Self {
        Self { digest: &rules.digest, id: &rules.id, version: &rules.version }
    }
}

#[derive(Serialize)]
struct SortedEnd<'a> {
    duration_us: u64,
    error: Option<&'a str>,
    ok: bool,
    replayed: bool,
    result_digest: Option<&'a str>,
}

impl<'a> From<&'a CallEnd> for SortedEnd<'a> {
    fn from(end: &'a CallEnd) -> Self {
        Self {
            duration_us: end.duration_us,
            error: end.error.as_deref(),
            ok: end.ok,
            replayed: end.replayed,
            result_digest: end.result_digest.as_deref(),
        }
    }
}
