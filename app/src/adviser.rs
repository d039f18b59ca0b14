//! Makes the configured language model, and keeps its calls in the store.
//!
//! `[adviser]` names a provider. Without one, `OPENAI_API_KEY` in the environment is enough, as for other programs;
//! `provider = "none"` switches that off.

use crate::telemetry::trace_model_call;
use anyhow::{Context as _, Result};
use futures::future::BoxFuture;
use gangway_advisor::{Ledger, Model, OpenAi, Provider, Settings};
use gangway_protocol::{LlmCall, Spent, TraceParent};
use gangway_store::Store;
use jiff::Timestamp;
use secrecy::SecretString;
use std::sync::Arc;

const DEFAULT_MODEL: &str = "gpt-4o-mini";
const OPENAI_URL: &str = "https://api.openai.com/v1";

/// The model of these settings, or the one named instead; `simulated` is where a simulator answers and the key to it,
/// used when a provider is asked for and nothing else is known.
pub fn model(
    settings: &Settings,
    name: Option<&str>,
    simulated: Option<(String, SecretString)>,
    http: reqwest::Client,
) -> Result<Option<Arc<dyn Model>>> {
    let mut settings = settings.clone();
    if let Some(name) = name {
        settings.model = Some(name.to_owned());
    }
    let is_usual = variable("OPENAI_API_KEY").is_some();
    match settings.provider {
        Some(Provider::None) => Ok(None),
        None if !is_usual => Ok(None),
        None | Some(Provider::Openai) => openai(&settings, simulated, http).map(Some),
        Some(Provider::Bedrock) => bedrock(&settings, http).map(Some),
    }
}

/// What is configured comes first, then the environment's usual names, then the simulator.
fn openai(
    settings: &Settings,
    simulated: Option<(String, SecretString)>,
    http: reqwest::Client,
) -> Result<Arc<dyn Model>> {
    let key = settings.api_key.clone().or_else(|| variable("OPENAI_API_KEY").map(SecretString::from));
    let base_url = settings.base_url.clone().or_else(|| variable("OPENAI_BASE_URL"));
    let (base_url, key) = match (base_url, key, simulated) {
        (None, None, Some(simulated)) => simulated,
        (Some(base_url), key, _) => (base_url, key.unwrap_or_default()),
        (None, Some(key), _) => (OPENAI_URL.to_owned(), key),
        (None, None, None) => anyhow::bail!(
            "[adviser] asks for an OpenAI-compatible model, but there is neither base_url nor api_key: set GANGWAY_ADVISER__API_KEY or OPENAI_API_KEY"
        ),
    };
    let name = settings.model.clone().or_else(|| variable("OPENAI_MODEL"));
    Ok(Arc::new(OpenAi::new(&base_url, &key, name.as_deref().unwrap_or(DEFAULT_MODEL), http)))
}

#[cfg(feature = "bedrock")]
fn bedrock(settings: &Settings, http: reqwest::Client) -> Result<Arc<dyn Model>> {
    let key =
        settings.api_key.clone().or_else(|| variable("AWS_BEARER_TOKEN_BEDROCK").map(SecretString::from));
    let key = key.context(
        "[adviser] asks for Bedrock, but there is no key: set AWS_BEARER_TOKEN_BEDROCK (a Bedrock API key) or GANGWAY_ADVISER__API_KEY; requests signed with an AWS identity are not made",
    )?;
    let model = settings.model.clone().context(
        "[adviser] asks for Bedrock, but names no model: set GANGWAY_ADVISER__MODEL to a model id or an inference profile",
    )?;
    let base_url = match (&settings.base_url, variable("AWS_REGION")) {
        (Some(base_url), _) => base_url.clone(),
        (None, Some(region)) => format!("https://bedrock-runtime.{region}.amazonaws.com"),
        (None, None) => anyhow::bail!(
            "[adviser] asks for Bedrock, but it is not said where: set AWS_REGION, or GANGWAY_ADVISER__BASE_URL"
        ),
    };
    Ok(Arc::new(gangway_advisor::Bedrock::new(&base_url, key, &model, http)))
}

#[cfg(not(feature = "bedrock"))]
fn bedrock(_settings: &Settings, _http: reqwest::Client) -> Result<Arc<dyn Model>> {
    None.context("this gangway was built without Bedrock: build it with --features bedrock")
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// The store as the record of calls; each is a span as well.
pub struct StoreLedger(pub Store);

impl StoreLedger {
    /// The trace of the run a call was made for.
    async fn trace_of(&self, call: &LlmCall) -> Option<TraceParent> {
        let run = self.0.runs().get(call.run_id.as_ref()?).await;
        let run = run.inspect_err(|error| tracing::warn!("cannot read the trace of a model call: {error}"));
        run.ok()??.traceparent
    }
}

impl Ledger for StoreLedger {
    fn spent_on_day(&self, at: Timestamp) -> BoxFuture<'_, Option<Spent>> {
        Box::pin(async move {
            let spent = self.0.llm_calls().spent_on_day(at).await;
            spent
                .inspect_err(|error| tracing::warn!("cannot read what the day's advice has cost: {error}"))
                .ok()
        })
    }

    fn record(&self, call: LlmCall) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            trace_model_call(&call, self.trace_of(&call).await.as_ref());
            if let Err(error) = self.0.llm_calls().append(&call).await {
                tracing::warn!("a call to the model could not be recorded: {error}");
            }
        })
    }
}
