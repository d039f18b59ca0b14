//! `gangway eval`: puts a set of cases to a model or a recording, counts how usable the answers are, and holds them
//! against floors.

mod cases;
mod floor;

pub use floor::Floor;

use super::llm::dollars;
use crate::cli::{EvalArgs, EvalProvider, Globals};
use crate::config::Sources;
use crate::installation::Installation;
use crate::output;
use anyhow::{Context as _, Result, bail};
use gangway_advisor::{
    Case, Model, Prompt, Provider, Recorder, Recording, Scores, Settings, Share, evaluate,
};
use jiff::Timestamp;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// One thing that is evaluated.
struct Candidate {
    model: Arc<dyn Model>,
    prompt: Prompt,
}

/// Evaluates. As a gate - by a recording, or with floors - it fails when a floor is not reached or a case was not asked about,
/// and by a recording also when a case has no recorded answer.
pub async fn run(args: EvalArgs, globals: &Globals) -> Result<ExitCode> {
    let mut cases = cases::built_in()?;
    for folder in &args.cases {
        cases.extend(cases::of_folder(folder)?);
    }
    let scores = match &args.recording {
        Some(file) => from_recording(&args, &Sources::read(globals)?, file, &cases).await?,
        None => from_models(&args, Sources::read(globals)?, &cases).await?,
    };
    if args.output.json {
        output::json(&serde_json::json!({ "cases": cases.len(), "scores": scores }))?;
    } else {
        output::line(&table(&scores))?;
    }
    for why in scores.iter().flat_map(|scores| &scores.unanswered) {
        output::remark(why)?;
    }
    let floors = |scores| args.at_least.iter().filter_map(move |floor| floor.missed_by(scores));
    let missed: Vec<String> = scores.iter().flat_map(floors).collect();
    for floor in &missed {
        output::remark(floor)?;
    }
    let is_recorded = args.recording.is_some();
    let is_gate = is_recorded || !args.at_least.is_empty();
    let is_incomplete = scores
        .iter()
        .any(|scores| is_recorded && scores.failed.part > 0 || is_gate && scores.unasked.part > 0);
    Ok(if is_incomplete || !missed.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Asks a recording; needs no installation and no network.
async fn from_recording(
    args: &EvalArgs,
    sources: &Sources,
    file: &Path,
    cases: &[Case],
) -> Result<Vec<Scores>> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read the recording {}", file.display()))?;
    let recording: Arc<dyn Model> =
        Arc::new(Recording::read(&text).with_context(|| format!("{} is no recording", file.display()))?);
    let settings = sources.adviser()?.without_budgets();
    let candidates = candidates(args, &settings, |name| match name {
        None => Ok(Arc::clone(&recording)),
        Some(other) => bail!("{other} is no prompt, and a recording holds one model only"),
    })?;
    judge(candidates, &settings, cases).await
}

/// Asks the configured model, and another one where that is asked for; keeps the answers if they are wanted.
async fn from_models(args: &EvalArgs, mut sources: Sources, cases: &[Case]) -> Result<Vec<Scores>> {
    // An evaluation keeps nothing in the store, so it needs no folder of its own.
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    sources.use_data_dir(folder.path().join("data"));
    let mut settings = sources.adviser()?;
    if let Some(provider) = args.provider {
        settings.provider = Some(match provider {
            EvalProvider::Openai => Provider::Openai,
            EvalProvider::Bedrock => Provider::Bedrock,
        });
    }
    Installation::session(sources, async |installation| {
        let mut recorders: Vec<Arc<Recorder>> = Vec::new();
        let candidates = candidates(args, &settings, |name| {
            let model = installation.language_model(&settings, name)?.context(
                "no model is configured: name one with --provider or [adviser], or evaluate a --recording",
            )?;
            if args.record.is_none() {
                return Ok(model);
            }
            let recorder = Arc::new(Recorder::of(model));
            recorders.push(Arc::clone(&recorder));
            Ok(recorder)
        })?;
        let scores = judge(candidates, &settings, cases).await?;
        if let Some(file) = &args.record {
            write_recording(&recorders, file)?;
        }
        Ok(scores)
    })
    .await
}

fn write_recording(recorders: &[Arc<Recorder>], file: &Path) -> Result<()> {
    let recording =
        Recorder::joined(recorders).context("a recording holds one model; compare prompts, not models")?;
    fs::write(file, serde_json::to_string_pretty(&recording)? + "\n")
        .with_context(|| format!("cannot write the recording {}", file.display()))
}

async fn judge(candidates: Vec<Candidate>, settings: &Settings, cases: &[Case]) -> Result<Vec<Scores>> {
    let mut scores = Vec::new();
    for Candidate { model, prompt } in candidates {
        scores.push(evaluate(model, settings, prompt, cases, Arc::new(Timestamp::now)).await?);
    }
    Ok(scores)
}

/// The configured model and prompt, and what they are compared with: another prompt, or else another model.
fn candidates(
    args: &EvalArgs,
    settings: &Settings,
    mut model: impl FnMut(Option<&str>) -> Result<Arc<dyn Model>>,
) -> Result<Vec<Candidate>> {
    let named = args.prompt.as_deref().unwrap_or(&settings.prompt);
    let prompt = Prompt::named(named)
        .with_context(|| format!("there is no prompt {named}; gangway prompts list shows what there is"))?;
    let mut candidates = vec![Candidate { model: model(None)?, prompt }];
    if let Some(other) = &args.compare {
        candidates.push(match Prompt::named(other) {
            Some(prompt) => Candidate { model: model(None)?, prompt },
            None => Candidate { model: model(Some(other))?, prompt },
        });
    }
    Ok(candidates)
}

fn table(scores: &[Scores]) -> String {
    let heads = [
        "prompt", "model", "valid", "refused", "failed", "unasked", "grounded", "owner", "level", "calls",
        "tokens", "cost",
    ];
    let mut table = output::table(&heads);
    for scores in scores {
        table.add_row([
            scores.prompt.clone(),
            scores.model.clone(),
            share(scores.valid),
            share(scores.refused),
            share(scores.failed),
            share(scores.unasked),
            share(scores.grounded),
            share(scores.right_owner),
            share(scores.same_level),
            scores.calls.to_string(),
            scores.tokens.to_string(),
            dollars(scores.cost_micro_usd),
        ]);
    }
    table.to_string()
}

/// A percentage over its two numbers, which stay in one piece on a narrow terminal.
fn share(share: Share) -> String {
    let Share { part, of } = share;
    let Some(permille) = (part * 1_000).checked_div(of) else { return "–".to_owned() };
    format!("{}.{} %\n{part}/{of}", permille / 10, permille % 10)
}
