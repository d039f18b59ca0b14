//! The audit's chain of hashes: what a hash covers, and where a chain breaks. Pure; reads no database.

use crate::StoreError;
use gangway_protocol::audit::{AuditMoment, AuditRecord, CallEnd};
use gangway_protocol::{CorrelationId, RuleSetRef, RunId, canonical};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

pub(super) type Hash = [u8; 32];

pub(super) const NO_HASH: Hash = [0; 32];

/// `previous` of the first entry.
pub const GENESIS: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// How the audit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every entry is as it was written.
    Whole {
        /// How many there are.
        entries: u64,
    },
    /// It was altered.
    Broken(AuditBreak),
}

/// The first place where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditBreak {
    /// Positions jump: one or more entries were deleted, or moved elsewhere.
    #[error("entry {expected} is missing: the next one is {found}")]
    Missing {
        /// The position that should come.
        expected: u64,
        /// The position that came.
        found: u64,
    },
    /// The entry's content or position is not what its hash was made from.
    #[error("entry {seq} was altered: its hash does not match its content and position")]
    Altered {
        /// Its position.
        seq: u64,
    },
    /// The entry is sound in itself but continues another chain: the one before it was replaced.
    #[error("entry {seq} does not continue entry {}: the one before it was replaced", seq.saturating_sub(1))]
    Unlinked {
        /// Its position.
        seq: u64,
    },
}

/// The hash of an entry: SHA-256, as `sha256:<hex>`, of the canonical JSON of
/// `{"previous":<hash of the entry before>,"record":<the record>,"seq":<position>}`.
///
/// # Errors
/// When the record cannot be written as JSON.
pub fn link_hash(seq: u64, previous: &str, record: &AuditRecord) -> Result<String, StoreError> {
    let bytes = preimage(seq, previous, canonical_record(record)?.as_bytes());
    Ok(canonical::digest_bytes(&bytes))
}

pub(super) fn hash(seq: u64, previous: &[u8], record: &[u8]) -> Hash {
    Sha256::digest(preimage(seq, &text(previous), record)).into()
}

fn preimage(seq: u64, previous: &str, record: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(record.len() + 128);
    bytes.extend_from_slice(br#"{"previous":""#);
    bytes.extend_from_slice(previous.as_bytes());
    bytes.extend_from_slice(br#"","record":"#);
    bytes.extend_from_slice(record);
    bytes.extend_from_slice(br#","seq":"#);
    bytes.extend_from_slice(seq.to_string().as_bytes());
    bytes.push(b'}');
    bytes
}

/// A stored hash as the outside sees it.
pub(super) fn text(hash: &[u8]) -> String {
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in hash {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
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

/// Walks a chain, entry by entry.
pub(super) struct Check {
    seen: u64,
    head: Hash,
}

impl Check {
    pub(super) fn new() -> Self {
        Self { seen: 0, head: NO_HASH }
    }

    pub(super) fn next(
        &mut self,
        seq: u64,
        previous: &[u8],
        stored: &[u8],
        record: &[u8],
    ) -> Result<(), AuditBreak> {
        let expected = self.seen.saturating_add(1);
        if seq != expected {
            return Err(AuditBreak::Missing { expected, found: seq });
        }
        let computed = hash(seq, previous, record);
        if computed != stored {
            return Err(AuditBreak::Altered { seq });
        }
        if previous != self.head {
            return Err(AuditBreak::Unlinked { seq });
        }
        self.seen = seq;
        self.head = computed;
        Ok(())
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }
}
