//! What the audit keeps of every call and act: who, what, why, in which run, by which policy and rules, how it ended.
//!
//! One type for all of it, made in one way. The chain of hashes is the store's; redaction is whoever's that knows the schema.

use crate::redact::scrub;
use crate::{Actor, CorrelationId, RuleSetRef, RunId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

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

impl CallEnd {
    /// How long it took, in words; none of what took no time worth telling.
    #[must_use]
    pub fn took(&self) -> Option<String> {
        let (whole, rest) = (self.duration_us / 1_000, self.duration_us % 1_000);
        (self.duration_us > 0).then(|| format!("{whole}.{rest:03} ms"))
    }
}

/// One line of the audit. What is absent is left out where older lines did not have it, so that their bytes, and with them
/// their hashes, stay what they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditRecord {
    /// When.
    pub at: Timestamp,
    /// Intent, outcome or refusal.
    pub moment: AuditMoment,
    /// Ties intent and outcome of one call together.
    pub call_id: String,
    /// Who called: `agent:coordinator`, `person:dana`, `host:CLIENT SUBJECT`. Older lines have bare names.
    pub principal: String,
    /// Canonical (dotted) name of the tool, or of the act that is no tool call, such as `rules.activate`.
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
    /// Digest of the policy that allowed or refused it; absent where no policy was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The rules it was decided by; absent where none were asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<RuleSetRef>,
    /// The reason somebody gave, without personal data; absent where nobody gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Longest reason kept.
const LONGEST_WHY: usize = 500;

impl AuditRecord {
    /// The intent of a call, or of an act that is done in two steps: everything but who, what and when is left to be said.
    #[must_use]
    pub fn intent(tool: &str, by: &Actor, at: Timestamp) -> Self {
        Self {
            at,
            moment: AuditMoment::Intent,
            call_id: Uuid::now_v7().simple().to_string(),
            principal: by.to_string(),
            tool: tool.to_owned(),
            run_id: None,
            correlation_id: None,
            arguments: Map::new(),
            end: None,
            policy: None,
            rule_set: None,
            why: None,
        }
    }

    /// Something that was done, and took no time worth telling. `arguments` is an object, without secrets and personal data.
    #[must_use]
    pub fn done(act: &str, by: &Actor, arguments: Value, at: Timestamp) -> Self {
        Self::ended(act, by, arguments, at, None)
    }

    /// Something that was refused, for the reason of this code.
    #[must_use]
    pub fn refused(act: &str, by: &Actor, arguments: Value, at: Timestamp, code: &str) -> Self {
        Self::ended(act, by, arguments, at, Some(format!("refused/{code}")))
    }

    fn ended(act: &str, by: &Actor, arguments: Value, at: Timestamp, error: Option<String>) -> Self {
        let arguments = match arguments {
            Value::Object(arguments) => arguments,
            _ => Map::new(),
        };
        let moment = if error.is_some() { AuditMoment::Refused } else { AuditMoment::Outcome };
        let ok = error.is_none();
        let end = CallEnd { ok, replayed: false, error, result_digest: None, duration_us: 0 };
        Self { moment, arguments, end: Some(end), ..Self::intent(act, by, at) }
    }

    /// The same, of a run.
    #[must_use]
    pub fn of_run(self, run_id: &RunId, correlation_id: Option<&CorrelationId>) -> Self {
        Self { run_id: Some(run_id.clone()), correlation_id: correlation_id.cloned(), ..self }
    }

    /// The same, for the reason somebody gave: bounded, and without addresses and the like.
    #[must_use]
    pub fn because(self, why: &str) -> Self {
        Self { why: Some(scrub(why, LONGEST_WHY)), ..self }
    }

    /// The same, decided by these rules.
    #[must_use]
    pub fn by_rules(self, rule_set: &RuleSetRef) -> Self {
        Self { rule_set: Some(rule_set.clone()), ..self }
    }
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
