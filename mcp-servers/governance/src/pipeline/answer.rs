//! The MCP results: a success carries structured content and the same JSON as text, a failure the error as text only.
//!
//! No structured content on failures: clients check it against the tool's output schema even then.

use gangway_protocol::tools::META_REPLAYED;
use gangway_protocol::{ApiError, canonical};
use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde_json::Value;

/// A result in the forms it is needed in, written out once.
pub(crate) struct Written {
    pub(crate) value: Value,
    pub(crate) text: String,
    pub(crate) digest: String,
}

impl Written {
    pub(crate) fn of(value: Value) -> Self {
        // A JSON value always has canonical bytes and they are UTF-8; the fallback only spares a panic.
        let bytes = canonical::to_canonical(&value).unwrap_or_default();
        let digest = canonical::digest_bytes(&bytes);
        let text = String::from_utf8(bytes).unwrap_or_default();
        Self { value, text, digest }
    }
}

/// The result of a call that succeeded.
pub(crate) fn success(written: Written) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(written.text)]);
    result.structured_content = Some(written.value);
    result
}

/// The first answer to a key, given again and marked so: a caller may want to know that nothing happened now.
pub(crate) fn repeated(written: Written) -> CallToolResult {
    let mut result = success(written);
    let mut meta = MetaObject::default();
    meta.0.insert(META_REPLAYED.to_owned(), Value::Bool(true));
    result.meta = Some(meta);
    result
}

/// The result of a call that failed in a way its caller can act on.
pub(crate) fn failure(error: &ApiError) -> CallToolResult {
    let text = serde_json::to_string(error).unwrap_or_else(|_| error.to_string());
    CallToolResult::error(vec![ContentBlock::text(text)])
}
