//! `gangway llm`: what was asked of a model, what it answered, what it cost. Everything shown is masked already.

use crate::cli::LlmCommand;
use crate::config::Sources;
use crate::output;
use crate::people::Action;
use anyhow::{Context as _, Result};
use gangway_protocol::LlmCall;
use gangway_store::{LlmCallFilter, LlmTotals};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Runs one of its commands.
pub async fn run(command: LlmCommand, sources: &Sources) -> Result<()> {
    let (store, _) = super::acting(sources, Action::Read).await?;
    match command {
        LlmCommand::List { run, verdict, limit, output } => {
            let calls = store.llm_calls().list(LlmCallFilter { run_id: run, verdict, limit }).await?;
            if output.json {
                output::json(&json!({ "calls": numbered(&calls) }))
            } else if calls.is_empty() {
                output::line("No such calls.")
            } else {
                output::line(&table(&calls))
            }
        }
        LlmCommand::Show { call, output } => {
            let found = store.llm_calls().get(call).await?;
            let found = found
                .with_context(|| format!("there is no call {call}; gangway llm list shows what there is"))?;
            if output.json { output::json(&found) } else { show(&found) }
        }
        LlmCommand::Stats { since, output } => {
            let since = since.map_or(Ok(Timestamp::UNIX_EPOCH), |day| {
                day.to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp())
            });
            let totals = store.llm_calls().totals(since.context("the day is out of range")?).await?;
            if output.json {
                output::json(&json!({ "totals": totals }))
            } else {
                output::line(&stats(&totals))
            }
        }
    }
}

fn numbered(calls: &[(u64, LlmCall)]) -> Vec<Value> {
    calls.iter().map(|(number, call)| json!({ "number": number, "call": call })).collect()
}

fn table(calls: &[(u64, LlmCall)]) -> String {
    let heads = ["#", "when", "run", "model", "prompt", "tokens", "cost", "took", "verdict"];
    let mut table = output::table(&heads);
    for (number, call) in calls {
        table.add_row([
            number.to_string(),
            format!("{:.0}", call.at),
            call.run_id.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            format!("{}/{}", call.provider, call.model),
            call.prompt.name.clone(),
            format!("{} + {}", call.input_tokens, call.output_tokens),
            dollars(call.cost_micro_usd),
            format!("{} ms", call.duration_ms),
            call.verdict.to_string(),
        ]);
    }
    table.to_string()
}

fn show(call: &LlmCall) -> Result<()> {
    output::line(&format!(
        "{} {}/{} with {} ({}), {} + {} tokens, {}, {} ms: {}",
        call.at,
        call.provider,
        call.model,
        call.prompt.name,
        call.prompt.digest,
        call.input_tokens,
        call.output_tokens,
        dollars(call.cost_micro_usd),
        call.duration_ms,
        call.verdict
    ))?;
    if let Some(why) = &call.why {
        output::line(&format!("Because: {why}"))?;
    }
    output::line(&format!("\nAsked, after the prompt:\n{}", call.input))?;
    output::line(&format!("\nAnswered:\n{}", call.output.as_deref().unwrap_or("nothing")))
}

fn stats(totals: &[LlmTotals]) -> String {
    let mut table = output::table(&["model", "prompt", "verdict", "calls", "tokens", "cost"]);
    for total in totals {
        table.add_row([
            total.model.clone(),
            total.prompt.clone(),
            total.verdict.clone(),
            total.calls.to_string(),
            total.tokens.to_string(),
            dollars(total.cost_micro_usd),
        ]);
    }
    table.to_string()
}

/// Millionths of a dollar, as dollars.
pub(super) fn dollars(micro_usd: u64) -> String {
    format!("${}.{:06}", micro_usd / 1_000_000, micro_usd % 1_000_000)
}
