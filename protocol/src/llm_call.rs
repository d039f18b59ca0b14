//! The record of one call to a language model: what was said, in masked form, and what came of it.
//!
//! Field names in JSON follow OpenTelemetry's GenAI conventions where they have one. Input and output are what the
//! redactor let through; nothing here can hold a credential or a person's details.

use crate::RunId;
use crate::advice::PromptRef;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a call was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallPurpose {
    /// The question.
    Ask,
    /// The same question again, after a failure that may pass.
    Retry,
    /// The question with the last answer and what was wrong with it.
    Repair,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallVerdict {
    /// An answer of the demanded form.
    Valid,
    /// An answer of another form.
    Invalid,
    /// The model would not answer.
    Refused,
    /// The answer ended too early: token limit or content filter.
    CutOff,
    /// No answer within the deadline.
    TooLate,
    /// The provider failed, or could not be reached.
    Failed,
}

impl CallVerdict {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Valid, Self::Invalid, Self::Refused, Self::CutOff, Self::TooLate, Self::Failed];

    /// The name as it stands in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::CutOff => "cut_off",
            Self::TooLate => "too_late",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for CallVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One call to a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LlmCall {
    /// When it was made.
    pub at: Timestamp,
    /// The run it was made for; null in an evaluation.
    #[serde(default)]
    pub run_id: Option<RunId>,
    /// Why it was made.
    pub purpose: CallPurpose,
    /// Who answers: `openai`, `bedrock`, `recording`.
    #[serde(rename = "gen_ai.provider.name")]
    pub provider: String,
    /// The model asked for.
    #[serde(rename = "gen_ai.request.model")]
    pub model: String,
    /// The model that says it answered.
    #[serde(rename = "gen_ai.response.model", default)]
    pub response_model: Option<String>,
    /// The prompt.
    pub prompt: PromptRef,
    /// Digest of the whole request; equal requests have equal digests.
    pub request_digest: String,
    /// What was asked, after the prompt; masked.
    #[serde(rename = "gen_ai.input.messages")]
    pub input: String,
    /// What was answered; masked. Null without an answer.
    #[serde(rename = "gen_ai.output.messages", default)]
    pub output: Option<String>,
    /// Why the model stopped, in the provider's word.
    #[serde(rename = "gen_ai.response.finish_reason", default)]
    pub finish_reason: Option<String>,
    /// Tokens of the question; estimated when the provider did not say.
    #[serde(rename = "gen_ai.usage.input_tokens")]
    pub input_tokens: u64,
    /// Tokens of the answer; estimated when the provider did not say.
    #[serde(rename = "gen_ai.usage.output_tokens")]
    pub output_tokens: u64,
    /// What it cost by the configured prices, in millionths of a US dollar, rounded up.
    pub cost_micro_usd: u64,
    /// From request to answer.
    pub duration_ms: u64,
    /// What became of it.
    pub verdict: CallVerdict,
    /// Why it was not valid, in plain words.
    #[serde(default)]
    pub why: Option<String>,
}

/// What a span of time spent on models.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spent {
    /// Tokens, both ways.
    pub tokens: u64,
    /// Cost in millionths of a US dollar.
    pub micro_usd: u64,
}

impl Spent {
    /// Both together; what does not fit counts as everything.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            micro_usd: self.micro_usd.saturating_add(other.micro_usd),
        }
    }
}
