//! What a model is asked and what it answers, whoever the provider is.

use crate::prompt::Prompt;
use crate::redaction::Disclosed;
use futures::future::BoxFuture;
use gangway_protocol::canonical::digest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One turn of a conversation after the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Ours.
    Asked(Disclosed),
    /// The model's, shown to it again for a repair.
    Answered(Disclosed),
}

/// What a model is asked. All text in it is a prompt of ours or was let through by the redactor.
#[derive(Debug, Clone)]
pub struct ModelRequest {
    pub(crate) prompt: Prompt,
    pub(crate) turns: Vec<Turn>,
    pub(crate) schema: Value,
    pub(crate) max_output_tokens: u32,
}

impl ModelRequest {
    /// The prompt.
    #[must_use]
    pub fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    /// What follows it, in order, as role (`user` or `assistant`) and text.
    pub fn turns(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.turns.iter().map(|turn| match turn {
            Turn::Asked(text) => ("user", text.as_str()),
            Turn::Answered(text) => ("assistant", text.as_str()),
        })
    }

    /// The form the answer must have.
    #[must_use]
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Longest answer, in tokens.
    #[must_use]
    pub fn max_output_tokens(&self) -> u32 {
        self.max_output_tokens
    }

    /// Names the request to this model; equal requests have equal digests. `None` cannot happen with our own schema.
    #[must_use]
    pub fn digest(&self, model: &str) -> Option<String> {
        let turns: Vec<Value> = self.turns().map(|(role, text)| json!([role, text])).collect();
        let prompt = self.prompt.reference().digest;
        digest(&json!({"model": model, "prompt": prompt, "schema": self.schema, "turns": turns})).ok()
    }

    /// Tokens it will take at most, by length: no usual tokeniser needs more than one for two bytes of English.
    #[must_use]
    pub fn input_tokens_at_most(&self) -> u64 {
        let turns: usize = self.turns().map(|(_, text)| text.len()).sum();
        let bytes = self.prompt.text.len() + turns + self.schema.to_string().len();
        u64::try_from(bytes.div_ceil(2)).unwrap_or(u64::MAX)
    }
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It was done.
    Done,
    /// The token limit, or a filter; the provider's word.
    CutOff(String),
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelAnswer {
    /// Its text; none when it refused.
    pub content: Option<String>,
    /// Why it would not answer.
    #[serde(default)]
    pub refusal: Option<String>,
    /// Why it stopped.
    pub finish: Finish,
    /// The model that says it answered.
    #[serde(default)]
    pub model: Option<String>,
    /// Tokens of question and answer, when the provider counted them.
    #[serde(default)]
    pub usage: Option<(u64, u64)>,
}

/// Why there is no answer. Texts are ours: a provider's message may repeat what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Too many requests, or the provider failed: the same request may pass later.
    #[error("the provider answered {status}")]
    Busy {
        /// HTTP status.
        status: u16,
    },
    /// The provider would not take the request.
    #[error("the provider refused the request with {status}: check key, model name and quota")]
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// No connection, or it broke.
    #[error("the provider could not be reached")]
    Unreachable,
    /// An answer that is no completion.
    #[error("the provider's answer could not be read")]
    Unreadable,
    /// The recording has no answer to this request.
    #[error("the recording has no answer to request {digest}: record it anew")]
    NotRecorded {
        /// Digest of the request.
        digest: String,
    },
}

impl ModelError {
    /// Whether the same request may pass if it is sent again.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Unreachable => true,
            Self::Refused { .. } | Self::Unreadable | Self::NotRecorded { .. } => false,
        }
    }

    /// Whether the provider may have done the work all the same: the answer was lost or cannot be read, or its status does
    /// not say that nothing was done. Such a call counts as if it had taken all it may.
    #[must_use]
    pub fn may_have_cost(&self) -> bool {
        match self {
            // A gateway's timeout, a failure inside the model (424) and a failing server may come after the work; who has no
            // time for us (425, 429, 503) or does not let us in did none.
            Self::Busy { status } => !matches!(status, 400 | 422 | 425 | 429 | 503),
            Self::Refused { .. } | Self::NotRecorded { .. } => false,
            Self::Unreachable | Self::Unreadable => true,
        }
    }
}

/// A model somewhere.
pub trait Model: Send + Sync {
    /// Who answers, e.g. `openai`.
    fn provider(&self) -> &str;

    /// The model's name.
    fn name(&self) -> &str;

    /// Asks once, without retries or deadline of its own.
    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelAnswer, ModelError>>;
}
