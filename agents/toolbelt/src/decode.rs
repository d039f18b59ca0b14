//! From an MCP result to the tool's typed result or the taxonomy's error. What cannot be read is the server's failure.

use gangway_protocol::tools::Tool;
use gangway_protocol::{ApiError, ErrorType};
use rmcp::model::CallToolResult;
use serde::Deserialize as _;

/// The typed result of tool `T`.
pub(crate) fn output<T: Tool>(result: CallToolResult) -> Result<T::Output, ApiError> {
    let contract = T::CONTRACT;
    let unreadable = |text: &str| {
        let (system, operation) = (contract.system, contract.operation());
        ApiError::new(system, ErrorType::ServerError, operation, "UNREADABLE_ANSWER", text)
    };
    if result.is_error == Some(true) {
        let text = result.content.first().and_then(|block| block.as_text()).map(|block| block.text.as_str());
        let text = text.unwrap_or("an error without words");
        return Err(serde_json::from_str(text).unwrap_or_else(|_| {
            unreadable(&format!("the server answered with an error of another form: {text}"))
        }));
    }
    let Some(structured) = result.structured_content else {
        return Err(unreadable("the server answered without structured content"));
    };
    T::Output::deserialize(structured).map_err(|error| {
        unreadable(&format!("the server's answer does not fit the tool's contract: {error}"))
    })
}
