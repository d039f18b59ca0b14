//! `resources/read`: which tool an address means, and its answer as the resource's text.
//!
//! A refusal of the arguments is a resource that does not exist, and one of the caller an invalid request; any other failure
//! is an internal error. Each carries the taxonomy, because a read has no result a model could be told about it in.

use super::{JSON, Offers, Reads};
use gangway_protocol::offers::Resource;
use gangway_protocol::redact::scrub;
use gangway_protocol::{ApiError, ErrorType};
use rmcp::model::{CallToolResult, ErrorData, ResourceContents};
use serde_json::{Map, Value, json};

/// What is at `uri`.
pub(crate) async fn read(
    offers: &Offers,
    uri: &str,
    reads: &impl Reads,
) -> Result<ResourceContents, ErrorData> {
    if let Some(document) = offers.documents.iter().find(|document| document.address == uri) {
        return Ok(document.contents());
    }
    let found =
        offers.resources.iter().find_map(|(_, resource)| Some((resource, resource.arguments_of(uri)?)));
    let Some((resource, arguments)) = found else { return Err(absent(uri, None)) };
    fetch(resource, arguments, uri, reads).await
}

/// One resource, read now.
pub(super) async fn fetch(
    resource: &Resource,
    arguments: Map<String, Value>,
    uri: &str,
    reads: &impl Reads,
) -> Result<ResourceContents, ErrorData> {
    let Some(result) = reads.call(resource.tool, arguments).await else { return Err(absent(uri, None)) };
    if result.is_error == Some(true) {
        return Err(failed(uri, &result));
    }
    let is_null = |field: &str| {
        result.structured_content.as_ref().is_none_or(|content| content.get(field).is_none_or(Value::is_null))
    };
    if resource.absent_if_null.is_some_and(is_null) {
        return Err(absent(uri, None));
    }
    Ok(ResourceContents::text(text_of(&result), uri).with_mime_type(JSON))
}

/// The text of a result: its answer or its error, as JSON.
fn text_of(result: &CallToolResult) -> String {
    let block = result.content.first().and_then(|block| block.as_text());
    block.map(|text| text.text.clone()).unwrap_or_default()
}

fn failed(uri: &str, result: &CallToolResult) -> ErrorData {
    let text = text_of(result);
    let Ok(error) = serde_json::from_str::<ApiError>(&text) else {
        return ErrorData::internal_error("the resource could not be read", None);
    };
    let (words, data) =
        (format!("{}: {}", error.error_code, error.message), serde_json::to_value(&error).ok());
    match error.error_type {
        ErrorType::Validation | ErrorType::NotFound => absent(uri, Some(&error)),
        ErrorType::Authorization => ErrorData::invalid_request(words, data),
        ErrorType::Authentication
        | ErrorType::RateLimit
        | ErrorType::ServerError
        | ErrorType::Network
        | ErrorType::Timeout => ErrorData::internal_error(words, data),
    }
}

fn absent(uri: &str, error: Option<&ApiError>) -> ErrorData {
    let shown = scrub(uri, 200);
    let mut data = json!({ "uri": shown });
    if let (Some(error), Some(fields)) = (error, data.as_object_mut()) {
        fields.insert("error".to_owned(), json!(error));
    }
    ErrorData::resource_not_found(format!("there is no resource at {shown}"), Some(data))
}
