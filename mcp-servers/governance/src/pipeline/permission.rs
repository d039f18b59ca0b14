//! Stage: may this caller call this tool, with these arguments? The rules are [`crate::access`]' business.
//!
//! Arguments that are too large or too deep are refused before any rule looks into them.

use crate::access::{Policy, Verdict};
use crate::call::Call;
use crate::tool::GovernedTool;
use gangway_protocol::ApiError;
use serde_json::Value;

/// Lets the call pass, or says why not.
pub(crate) fn pass(
    policy: &Policy,
    tool: &GovernedTool,
    call: &Call,
    arguments: &Value,
) -> Result<(), ApiError> {
    if policy.looks_at_arguments() {
        tool.schemas.check_size(arguments, call)?;
    }
    match policy.decide(&call.principal, &tool.contract, Some(arguments)) {
        Verdict::Allowed(_) => Ok(()),
        Verdict::Refused(refusal) => Err(refusal.error(&call.principal, &tool.contract)),
    }
}
