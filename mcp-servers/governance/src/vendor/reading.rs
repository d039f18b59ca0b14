//! Reading one complete answer: the failure it stands for, else its JSON. Nothing is sent or asked again.

use super::classify::{Classify, error_of};
use super::request::Answer;
use gangway_protocol::{ApiError, ErrorType, System};
use serde::de::DeserializeOwned;

/// What an answer says.
///
/// # Errors
/// The failure it stands for, by the connector's reading before its status; as [`read_json`].
pub fn read<T: DeserializeOwned>(
    system: System,
    operation: &str,
    answer: &Answer,
    classify: Classify,
) -> Result<T, ApiError> {
    match error_of(system, operation, answer, classify) {
        Some(error) => Err(error),
        None => read_json(system, operation, answer),
    }
}

/// The one JSON document that an answer's body is.
///
/// # Errors
/// `UNREADABLE_ANSWER`, naming the path but not the value, when it is not what was expected.
pub fn read_json<T: DeserializeOwned>(
    system: System,
    operation: &str,
    answer: &Answer,
) -> Result<T, ApiError> {
    let unreadable = |text: &str| {
        ApiError::new(system, ErrorType::ServerError, operation, "UNREADABLE_ANSWER", text)
            .with_status(answer.status)
    };
    let mut json = serde_json::Deserializer::from_slice(&answer.body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let inner = error.inner();
        let kind = match inner.classify() {
            serde_json::error::Category::Eof => "the JSON ends too early",
            serde_json::error::Category::Syntax => "this is not JSON",
            serde_json::error::Category::Data => "a field is missing or of another type",
            serde_json::error::Category::Io => "the answer could not be read",
        };
        unreadable(&format!("{kind} at {} (line {}, column {})", error.path(), inner.line(), inner.column()))
    })?;
    json.end().map_err(|_| unreadable("there is something after the JSON"))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::read_json;
    use crate::vendor::Answer;
    use bytes::Bytes;
    use gangway_protocol::System;
    use http::HeaderMap;

    fn read(body: &'static str) -> Result<Vec<u8>, String> {
        let answer =
            Answer { status: 200, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) };
        read_json(System::Clm, "op", &answer).map_err(|error| error.message)
    }

    #[test]
    fn an_answer_is_one_document() {
        assert_eq!(read("[1] \n"), Ok(vec![1]));
        for (body, says) in
            [("[1", "ends too early"), ("[1][2]", "after the JSON"), ("[1]</html>", "after the JSON")]
        {
            assert!(read(body).is_err_and(|message| message.contains(says)), "{body}");
        }
    }
}
