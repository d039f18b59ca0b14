//! What an operator may configure about the adviser. Plain values; reading files and environment is `app`'s business.

use crate::prompt::{PROMPTS, Prompt, Split};
use gangway_protocol::Spent;
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::time::Duration;

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Nobody: advice comes from rules.
    None,
    /// An OpenAI-compatible endpoint.
    Openai,
    /// AWS Bedrock; only in builds with the feature `bedrock`.
    Bedrock,
}

/// The adviser's settings; every field has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Who answers; an OpenAI-compatible endpoint if only the usual environment of one is set, else nobody.
    pub provider: Option<Provider>,
    /// Address of the endpoint, with `/v1` for OpenAI-compatible ones.
    pub base_url: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// The key that lets us in.
    pub api_key: Option<SecretString>,
    /// The prompt most accounts get.
    pub prompt: String,
    /// A prompt tried beside it.
    pub candidate_prompt: Option<String>,
    /// For how many accounts of a hundred the candidate is used.
    #[serde(deserialize_with = "share")]
    pub candidate_percent: u8,
    /// Longest wait for advice, retries and repair included.
    pub deadline_ms: u64,
    /// Further attempts after a failure that may pass.
    pub retries: u32,
    /// Wait before the first of them; doubles each time.
    pub retry_base_ms: u64,
    /// Calls in flight at once.
    pub concurrency: u32,
    /// Longest answer.
    pub max_output_tokens: u32,
    /// Most tokens one run may take, both ways, all attempts.
    pub run_tokens: u64,
    /// Most one run may cost, in millionths of a US dollar.
    pub run_micro_usd: u64,
    /// Most tokens one UTC day may take.
    pub day_tokens: u64,
    /// Most one UTC day may cost.
    pub day_micro_usd: u64,
    /// Price of a million tokens of questions, in millionths of a US dollar.
    pub input_price_micro_usd: u64,
    /// Price of a million tokens of answers.
    pub output_price_micro_usd: u64,
    /// Failures in a row after which nobody is asked for a while.
    pub breaker_failures: u32,
    /// How long that while is.
    pub breaker_open_ms: u64,
    /// Answers remembered.
    pub cache_entries: u32,
    /// How long they are.
    pub cache_ms: u64,
}

fn share<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    match u8::deserialize(from)? {
        percent @ 0..=100 => Ok(percent),
        other => Err(D::Error::custom(format!("{other} is no share: 0 to 100 percent"))),
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            provider: None,
            base_url: None,
            model: None,
            api_key: None,
            prompt: PROMPTS[0].name.to_owned(),
            candidate_prompt: None,
            candidate_percent: 0,
            deadline_ms: 5_000,
            retries: 1,
            retry_base_ms: 200,
            concurrency: 16,
            max_output_tokens: 1_200,
            run_tokens: 40_000,
            run_micro_usd: 20_000,
            day_tokens: 5_000_000,
            day_micro_usd: 5_000_000,
            // gpt-4o-mini's list prices: 0.15 and 0.60 US dollars a million.
            input_price_micro_usd: 150_000,
            output_price_micro_usd: 600_000,
            breaker_failures: 5,
            breaker_open_ms: 30_000,
            cache_entries: 256,
            cache_ms: 600_000,
        }
    }
}

/// A prompt is named that is not part of this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no prompt {name:?}: gangway prompts list shows what there is")]
pub struct UnknownPrompt {
    name: String,
}

impl Settings {
    /// Longest wait for advice.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// The same settings without budgets: what is answered from a recording costs nothing.
    #[must_use]
    pub fn without_budgets(self) -> Self {
        Self {
            run_tokens: u64::MAX,
            run_micro_usd: u64::MAX,
            day_tokens: u64::MAX,
            day_micro_usd: u64::MAX,
            ..self
        }
    }

    /// Who gets which prompt.
    ///
    /// # Errors
    /// [`UnknownPrompt`].
    pub fn split(&self) -> Result<Split, UnknownPrompt> {
        let named = |name: &str| Prompt::named(name).ok_or_else(|| UnknownPrompt { name: name.to_owned() });
        let candidate = self.candidate_prompt.as_deref().map(named).transpose()?;
        Ok(Split {
            usual: named(&self.prompt)?,
            candidate: candidate.map(|prompt| (prompt, self.candidate_percent)),
        })
    }

    /// What so many tokens of question and answer cost, rounded up.
    #[must_use]
    pub fn cost(&self, input_tokens: u64, output_tokens: u64) -> Spent {
        let price = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let sum = price(input_tokens, self.input_price_micro_usd)
            + price(output_tokens, self.output_price_micro_usd);
        Spent {
            tokens: input_tokens.saturating_add(output_tokens),
            micro_usd: u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX),
        }
    }
}
