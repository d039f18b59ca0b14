//! AWS Bedrock's Converse API, asked with a Bedrock API key.
//!
//! The answer's form is demanded by a tool the model must call, Converse's only way to a schema. Requests signed with an AWS
//! identity are not made here (protocol/decisions/0007).

use crate::model::{Finish, Model, ModelAnswer, ModelError, ModelRequest};
use futures::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

const TOOL: &str = "advice";

/// A model in Bedrock.
pub struct Bedrock {
    url: String,
    model: String,
    api_key: SecretString,
    http: reqwest::Client,
}

impl Bedrock {
    /// A model of a region's endpoint, e.g. `https://bedrock-runtime.eu-central-1.amazonaws.com`.
    #[must_use]
    pub fn new(base_url: &str, api_key: SecretString, model: &str, http: reqwest::Client) -> Self {
        // Model ids hold a colon, inference profiles' names a slash.
        let id = model.replace('%', "%25").replace(':', "%3A").replace('/', "%2F");
        let url = format!("{}/model/{id}/converse", base_url.trim_end_matches('/'));
        Self { url, model: model.to_owned(), api_key, http }
    }
}

fn body(request: &ModelRequest) -> Value {
    let messages: Vec<Value> =
        request.turns().map(|(role, text)| json!({"role": role, "content": [{"text": text}]})).collect();
    json!({
        "system": [{"text": request.prompt().text}],
        "messages": messages,
        "inferenceConfig": {"maxTokens": request.max_output_tokens()},
        "toolConfig": {
            "tools": [{"toolSpec": {
                "name": TOOL,
                "description": "Gives the advice.",
                "inputSchema": {"json": request.schema()}
            }}],
            "toolChoice": {"tool": {"name": TOOL}}
        }
    })
}

impl Model for Bedrock {
    fn provider(&self) -> &str {
        "aws.bedrock"
    }

    fn name(&self) -> &str {
        &self.model
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        Box::pin(async move {
            let asked =
                self.http.post(&self.url).bearer_auth(self.api_key.expose_secret()).json(&body(request));
            let answer = asked.send().await.map_err(|_| ModelError::Unreachable)?;
            let status = answer.status().as_u16();
            match status {
                200 => {}
                // 424 is a failure inside the model, 408 its timeout.
                408 | 424 | 429 | 500..=599 => return Err(ModelError::Busy { status }),
                _ => return Err(ModelError::Refused { status }),
            }
            let answer: Value = answer.json().await.map_err(|_| ModelError::Unreadable)?;
            read(&answer).ok_or(ModelError::Unreadable)
        })
    }
}

/// The tool call's input, or the text of a model that ignored the tool.
fn read(answer: &Value) -> Option<ModelAnswer> {
    let blocks = answer.get("output")?.get("message")?.get("content")?.as_array()?;
    let called = blocks.iter().find_map(|block| block.get("toolUse")?.get("input")).map(Value::to_string);
    let said = || blocks.iter().find_map(|block| block.get("text")?.as_str()).map(str::to_owned);
    let finish = match answer.get("stopReason").and_then(Value::as_str) {
        Some(
            reason @ ("max_tokens"
            | "content_filtered"
            | "guardrail_intervened"
            | "model_context_window_exceeded"),
        ) => Finish::CutOff(reason.to_owned()),
        _ => Finish::Done,
    };
    let usage = answer
        .get("usage")
        .and_then(|usage| Some((usage.get("inputTokens")?.as_u64()?, usage.get("outputTokens")?.as_u64()?)));
    Some(ModelAnswer { content: called.or_else(said), refusal: None, finish, model: None, usage })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{Bedrock, read};
    use crate::model::{Finish, Model as _};
    use serde_json::json;

    #[test]
    fn a_tool_call_and_a_plain_text_are_both_read() {
        let usage = json!({"inputTokens": 10, "outputTokens": 5, "totalTokens": 15});
        let called = json!({"output": {"message": {"role": "assistant", "content": [
            {"text": "Here it is."}, {"toolUse": {"toolUseId": "t", "name": "advice", "input": {"summary": "s"}}}]}},
            "stopReason": "tool_use", "usage": usage});
        let answer = read(&called).unwrap();
        assert_eq!(answer.content.as_deref(), Some(r#"{"summary":"s"}"#));
        assert_eq!((answer.finish, answer.usage), (Finish::Done, Some((10, 5))));
        let cut = json!({"output": {"message": {"content": [{"text": "{"}]}}, "stopReason": "max_tokens"});
        assert_eq!(read(&cut).unwrap().finish, Finish::CutOff("max_tokens".to_owned()));
        assert!(read(&json!({"message": "no"})).is_none());
    }

    #[test]
    fn a_model_id_is_one_segment_of_the_address() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let model =
            Bedrock::new("https://b.example/", "k".into(), "eu.vendor/x-v1:0", reqwest::Client::new());
        assert_eq!(model.url, "https://b.example/model/eu.vendor%2Fx-v1%3A0/converse");
        assert_eq!(model.provider(), "aws.bedrock");
    }
}
