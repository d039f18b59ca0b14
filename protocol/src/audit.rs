//! What the audit keeps of every tool call: who, what, in which run, how it ended. The chain of hashes is the store's.

use crate::{CorrelationId, RunId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which moment of a call an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditMoment {
    /// About to run.
    Intent,
    /// Has run, well or badly.
    Outcome,
    /// Was not allowed to run.
    Refused,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallEnd {
    /// Gave a result.
    pub ok: bool,
    /// Answered from an earlier call with the same idempotency key.
    pub replayed: bool,
    /// Error type and code, `type/code`, when it failed.
    #[serde(default)]
    pub error: Option<String>,
    /// Digest of the structured result, when it succeeded.
    #[serde(default)]
    pub result_digest: Option<String>,
    /// How long it took, in microseconds.
    pub duration_us: u64,
}

/// One line of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditRecord {
    /// When.
    pub at: Timestamp,
    /// Intent, outcome or refusal.
    pub moment: AuditMoment,
    /// Ties intent and outcome of one call together.
    pub call_id: String,
    /// Who called.
    pub principal: String,
    /// Canonical (dotted) tool name.
    pub tool: String,
    /// The run it belongs to, when it belongs to one.
    #[serde(default)]
    pub run_id: Option<RunId>,
    /// The correlation id it carried.
    #[serde(default)]
    pub correlation_id: Option<CorrelationId>,
    /// Arguments, redacted by type.
    pub arguments: Map<String, Value>,
    /// How it ended; null on an intent.
    #[serde(default)]
    pub end: Option<CallEnd>,
}

/// An audit line in its chain: `hash` covers `seq`, `previous` and the record's canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// Position, from 1, without gaps.
    pub seq: u64,
    /// Hash of the entry before; all zeros for the first.
    pub previous: String,
    /// Hash of this one.
    pub hash: String,
    /// The line.
    pub record: AuditRecord,
}
