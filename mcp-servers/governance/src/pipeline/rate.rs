//! Stage: how often this caller may call this tool. A refused call costs nothing but its audit record.
//!
//! The buckets are [`crate::limits`]' business.

use crate::call::Call;
use crate::limits::Limits;
use gangway_protocol::ApiError;

/// Lets the call pass, or says when it may come again.
pub(crate) fn pass(limits: &Limits, tool: &'static str, call: &Call) -> Result<(), ApiError> {
    limits.take(tool, call)
}
