//! OpenAI-compatible chat completions: OpenAI, Azure, vLLM, llama.cpp, Ollama, whatever speaks the same form.
//!
//! One request, one answer. The library's own retries are switched off, because ours count against deadline and budget,
//! and answers are read tolerantly, because servers leave out what the library demands.

use crate::model::{Finish, Model, ModelAnswer, ModelError, ModelRequest};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::ReqwestService;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// A model behind an OpenAI-compatible endpoint.
pub struct OpenAi {
    client: Client<OpenAIConfig>,
    model: String,
    /// OpenAI's newer models know only `max_completion_tokens`, other servers only `max_tokens`.
    limit_field: &'static str,
    /// The server refused a demanded schema once; the prompt and our own validation must do.
    takes_schema: AtomicBool,
}

impl OpenAi {
    /// A model at this address (with its `/v1`), asked with this key.
    #[must_use]
    pub fn new(base_url: &str, api_key: &SecretString, model: &str, http: reqwest::Client) -> Self {
        let base_url = base_url.trim_end_matches('/');
        let config = OpenAIConfig::new().with_api_base(base_url).with_api_key(api_key.expose_secret());
        let host = base_url.split('/').nth(2).unwrap_or_default();
        let is_openai = ["openai.com", "azure.com"].iter().any(|theirs| host.ends_with(theirs));
        Self {
            client: Client::build(http.clone(), config).with_http_service(ReqwestService::new(http)),
            model: model.to_owned(),
            limit_field: if is_openai { "max_completion_tokens" } else { "max_tokens" },
            takes_schema: AtomicBool::new(true),
        }
    }

    fn body(&self, request: &ModelRequest) -> Value {
        let mut messages = vec![json!({"role": "system", "content": request.prompt().text})];
        messages.extend(request.turns().map(|(role, text)| json!({"role": role, "content": text})));
        let mut body = json!({"model": self.model, "messages": messages});
        body[self.limit_field] = json!(request.max_output_tokens());
        if self.takes_schema.load(Ordering::Relaxed) {
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": {"name": "advice", "strict": true, "schema": request.schema()}
            });
        }
        body
    }

    fn failed(&self, error: &OpenAIError) -> ModelError {
        match error {
            OpenAIError::ApiError(answer) => {
                let status = answer.status_code.as_u16();
                let is_out_of_quota = answer.api_error.r#type.as_deref() == Some("insufficient_quota");
                // The library reads no error bodies but OpenAI's; a status is enough.
                if matches!(status, 400 | 422) && names_the_schema(&answer.api_error.message) {
                    self.takes_schema.store(false, Ordering::Relaxed);
                    return ModelError::Busy { status };
                }
                match status {
                    408 | 425 | 500..=599 => ModelError::Busy { status },
                    429 if !is_out_of_quota => ModelError::Busy { status },
                    _ => ModelError::Refused { status },
                }
            }
            OpenAIError::Reqwest(cause) if !cause.is_decode() => ModelError::Unreachable,
            _ => ModelError::Unreadable,
        }
    }
}

impl Model for OpenAi {
    fn provider(&self) -> &str {
        "openai"
    }

    fn name(&self) -> &str {
        &self.model
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        Box::pin(async move {
            let asked: Result<Value, OpenAIError> = self.client.chat().create_byot(self.body(request)).await;
            let answer = asked.map_err(|error| self.failed(&error))?;
            read(&answer).ok_or(ModelError::Unreadable)
        })
    }
}

/// Whether a refusal is about the demanded form: servers without it name the field, its kind or the feature.
fn names_the_schema(message: &str) -> bool {
    let message = message.to_lowercase();
    ["response_format", "json_schema", "structured output"].iter().any(|name| message.contains(name))
}

/// The first choice of a completion; none when the answer is no completion.
fn read(answer: &Value) -> Option<ModelAnswer> {
    let choice = answer.get("choices")?.get(0)?;
    let message = choice.get("message")?;
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let finish = match choice.get("finish_reason").and_then(Value::as_str) {
        Some(reason @ ("length" | "content_filter")) => Finish::CutOff(reason.to_owned()),
        _ => Finish::Done,
    };
    let usage = answer.get("usage").and_then(|usage| {
        Some((usage.get("prompt_tokens")?.as_u64()?, usage.get("completion_tokens")?.as_u64()?))
    });
    Some(ModelAnswer {
        content: text(message.get("content")),
        refusal: text(message.get("refusal")),
        finish,
        model: text(answer.get("model")),
        usage,
    })
}
