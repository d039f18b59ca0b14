//! What one call leaves in the audit: intent before, outcome or refusal after, tied by one call id.
//!
//! Arguments are redacted by type, once; of those of a refused call only what is small and fits. The chain of hashes is the store's.

use super::answer::{self, Written};
use super::schema::{Schemas, Size, measure};
use crate::access::{Policy, Principal};
use crate::call::Call;
use crate::governance::Governance;
use crate::tool::GovernedTool;
use gangway_protocol::ApiError;
use gangway_protocol::audit::{AuditMoment, AuditRecord, CallEnd};
use gangway_protocol::redact::redact;
use jiff::Timestamp;
use rmcp::model::CallToolResult;
use serde_json::{Map, Value};
use std::time::Instant;

/// Oversized arguments are refused, and the audit keeps the fact instead of the megabytes.
const LARGEST_KEPT: usize = 16_384;
/// Of a refused call longer words are not kept.
const LARGEST_REFUSED: usize = 200;
/// In the place of what a refused call brought and the audit does not keep.
const NOT_KEPT: &str = "[invalid]";

/// The audit of one call.
pub(crate) struct Trail {
    began: Instant,
    intent: AuditRecord,
}

impl Trail {
    pub(crate) fn open(
        (tool, policy): (&GovernedTool, &Policy),
        principal: &Principal,
        call: Option<&Call>,
        arguments: &Value,
    ) -> Self {
        let intent = AuditRecord {
            run_id: call.and_then(|call| call.run_id.clone()),
            correlation_id: call.and_then(|call| call.correlation_id.clone()),
            arguments: arguments.as_object().map(|map| kept(map, &tool.schemas.input)).unwrap_or_default(),
            policy: Some(policy.digest().to_owned()),
            ..AuditRecord::intent(tool.contract.name, principal.actor(), Timestamp::now())
        };
        Self { began: Instant::now(), intent }
    }

    /// The record made before the handler runs.
    pub(crate) fn intent(&self) -> AuditRecord {
        self.intent.clone()
    }

    /// Records the intent of a call that need not wait for it.
    pub(crate) async fn intend(&self, governance: &Governance) {
        append_later(governance, self.intent()).await;
    }

    /// The record of how the handler ended; an error's text stays out, it may hold a vendor's words.
    pub(crate) fn outcome(self, ended: Result<&Written, &ApiError>) -> AuditRecord {
        self.closed(AuditMoment::Outcome, ended, false)
    }

    /// Records a call that did not run, or counts it where there are many, and gives its answer.
    pub(crate) async fn refuse(
        self,
        governance: &Governance,
        tool: &GovernedTool,
        refusal: &ApiError,
    ) -> CallToolResult {
        tracing::info!(code = refusal.error_code, "tool call refused");
        let mut record = self.closed(AuditMoment::Refused, Err(refusal), false);
        record.arguments = kept_of_refused(record.arguments, &tool.schemas);
        governance.refusals.record(&governance.store, record).await;
        answer::failure(refusal)
    }

    /// Records a repeat and gives it the first answer.
    pub(crate) async fn replay(self, governance: &Governance, first: Value) -> CallToolResult {
        let first = Written::of(first);
        append_later(governance, self.closed(AuditMoment::Outcome, Ok(&first), true)).await;
        answer::repeated(first)
    }

    fn closed(self, moment: AuditMoment, ended: Result<&Written, &ApiError>, replayed: bool) -> AuditRecord {
        let end = CallEnd {
            ok: ended.is_ok(),
            replayed,
            error: ended.err().map(|error| format!("{}/{}", error.error_type.name(), error.error_code)),
            result_digest: ended.ok().map(|written| written.digest.clone()),
            duration_us: u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
        };
        AuditRecord { at: Timestamp::now(), moment, end: Some(end), ..self.intent }
    }
}

/// Queues a record without waiting for its commit. Only writes fail when the audit does.
pub(super) async fn append_later(governance: &Governance, record: AuditRecord) {
    if let Err(cause) = governance.store.audit().append_later(record).await {
        tracing::error!(cause = cause.with_cause(), "an audit record was lost");
    }
}

/// Redacted arguments, with a mark in the place of any single one that is very large. Of arguments the tool does not
/// know only the count is kept: their names are the caller's free text.
fn kept(arguments: &Map<String, Value>, input_schema: &Value) -> Map<String, Value> {
    let properties = input_schema.get("properties").and_then(Value::as_object);
    let is_known = |name: &String| properties.is_some_and(|known| known.contains_key(name));
    let unknown = arguments.keys().filter(|name| !is_known(name)).count();
    if unknown == 0 {
        return bounded(arguments, input_schema);
    }
    let known = arguments.iter().filter(|(name, _)| is_known(name));
    let known = known.map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut kept = bounded(&known, input_schema);
    kept.insert("[unknown]".to_owned(), Value::from(unknown));
    kept
}

fn bounded(arguments: &Map<String, Value>, input_schema: &Value) -> Map<String, Value> {
    let small = |value: &Value| matches!(measure(value, 0), Size::Bytes(bytes) if bytes <= LARGEST_KEPT);
    if arguments.values().all(small) {
        return redact(arguments, input_schema);
    }
    let bounded = arguments
        .iter()
        .map(|(name, value)| {
            (name.clone(), if small(value) { value.clone() } else { Value::from("[large]") })
        })
        .collect();
    redact(&bounded, input_schema)
}

/// Arguments that nobody has read: what fits its place is kept of them, if it is a word, a number or the like. The rest is
/// whatever a caller without leave wants to have in the audit.
fn kept_of_refused(arguments: Map<String, Value>, schemas: &Schemas) -> Map<String, Value> {
    let bounded = arguments.into_iter().map(|(name, value)| {
        let is_kept = match &value {
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
            Value::String(text) => text.len() <= LARGEST_REFUSED && !text.contains(char::is_whitespace),
            Value::Array(_) | Value::Object(_) => false,
        };
        (name, if is_kept { value } else { Value::from(NOT_KEPT) })
    });
    let mut bounded = Value::Object(bounded.collect());
    for name in schemas.misfits(&bounded) {
        if let Some(value) = bounded.get_mut(&name).filter(|value| !is_mark(value)) {
            *value = Value::from(NOT_KEPT);
        }
    }
    match bounded {
        Value::Object(bounded) => bounded,
        _ => Map::new(),
    }
}

/// Whether it stands in the place of a value already.
fn is_mark(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with('[') && text.ends_with(']'))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

    use super::kept;
    use serde_json::{Value, json};

    #[test]
    fn names_of_unknown_arguments_are_counted_and_not_kept() {
        let schema = json!({"properties": {"account_id": {"type": "string"}}});
        let given = json!({"account_id": "A-1", "jane@acme.example": 1, "password hunter2": {"deep": 2}});
        let kept = kept(given.as_object().unwrap(), &schema);
        assert_eq!(Value::Object(kept), json!({"account_id": "A-1", "[unknown]": 2}));
    }
}
