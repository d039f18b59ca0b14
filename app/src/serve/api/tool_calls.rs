//! The tool calls of a run, as its audit tells them: intent and outcome of one call in one line. Pure.

use gangway_protocol::audit::{AuditEntry, CallEnd};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// One tool call.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ToolCall {
    /// Names it in the audit.
    pub call_id: String,
    /// The tool, dotted.
    pub tool: String,
    /// Who called, e.g. `agent:coordinator`.
    pub principal: String,
    /// When it began.
    pub at: Timestamp,
    /// Its arguments, redacted by type.
    pub arguments: Map<String, Value>,
    /// How it ended; null while it runs, and when its end was lost.
    pub end: Option<CallEnd>,
}

/// The calls in the order they began.
pub fn tool_calls(entries: &[AuditEntry]) -> Vec<ToolCall> {
    let mut calls: Vec<ToolCall> = Vec::new();
    for AuditEntry { record, .. } in entries {
        match calls.iter_mut().rev().find(|call| call.call_id == record.call_id) {
            Some(call) => call.end = record.end.clone(),
            None => calls.push(ToolCall {
                call_id: record.call_id.clone(),
                tool: record.tool.clone(),
                principal: record.principal.clone(),
                at: record.at,
                arguments: record.arguments.clone(),
                end: record.end.clone(),
            }),
        }
    }
    calls
}
