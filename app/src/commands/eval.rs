//! `gangway eval`: puts a set of cases to a model or a recording, and counts how usable the answers are.

use super::llm::dollars;
use crate::cli::{EvalArgs, EvalProvider, Globals};
use crate::config::Sources;
use crate::installation::Installation;
use crate::output;
use anyhow::{Context as _, Result, bail};
use gangway_advisor::{
    Case, Model, Prompt, Provider, Recorder, Recording, Scores, Settings, Share, evaluate,
};
use gangway_decision::{RuleSet, decide};
use gangway_protocol::Facts;
use include_dir::{Dir, include_dir};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// The cases everybody has: the scenarios of the rules.
static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../agents/coordinator/decision/scenarios");

/// A case's file. What the rules make of it is worked out, so what a scenario expects is not read.
#[derive(Deserialize)]
struct CaseFile {
    as_of: Date,
    facts: Facts,
}

/// One thing that is evaluated.
struct Candidate {
    model: Arc<dyn Model>,
    prompt: Prompt,
}

/// Evaluates; fails when a case has no recorded answer.
pub async fn run(args: EvalArgs, globals: &Globals) -> Result<ExitCode> {
    let cases = match &args.cases {
        Some(folder) => cases_in(folder)?,
        None => built_in()?,
    };
    let mut sources = Sources::read(globals)?;
    // An evaluation keeps nothing, so it needs no folder of its own.
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    sources.use_data_dir(folder.path().join("data"));
    let scores =
        Installation::session(sources, async |installation| all(&args, &installation, &cases).await).await?;
    let is_incomplete = args.recording.is_some() && scores.iter().any(|scores| scores.failed.part > 0);
    if args.output.json {
        output::json(&serde_json::json!({ "cases": cases.len(), "scores": scores }))?;
    } else {
        output::line(&table(&scores))?;
        for why in scores.iter().flat_map(|scores| &scores.unanswered) {
            output::remark(why)?;
        }
    }
    Ok(if is_incomplete { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn all(args: &EvalArgs, installation: &Installation, cases: &[Case]) -> Result<Vec<Scores>> {
    let mut settings = installation.config().adviser.clone();
    if let Some(provider) = args.provider {
        settings.provider = Some(match provider {
            EvalProvider::Openai => Provider::Openai,
            EvalProvider::Bedrock => Provider::Bedrock,
        });
    }
    let mut scores = Vec::new();
    let mut recordings: Vec<Arc<Recorder>> = Vec::new();
    for candidate in candidates(args, &settings, installation)? {
        let model = match &args.record {
            None => candidate.model,
            Some(_) => {
                let recorder = Arc::new(Recorder::of(candidate.model));
                recordings.push(Arc::clone(&recorder));
                recorder
            }
        };
        let clock = Arc::new(Timestamp::now);
        scores.push(evaluate(model, &settings, candidate.prompt, cases, clock).await?);
    }
    if let Some(file) = &args.record {
        let recording = Recorder::joined(&recordings)
            .context("a recording holds one model; compare prompts, not models")?;
        fs::write(file, serde_json::to_string_pretty(&recording)? + "\n")
            .with_context(|| format!("cannot write the recording {}", file.display()))?;
    }
    Ok(scores)
}

/// The configured model and prompt, and what they are compared with: another prompt, or else another model.
fn candidates(args: &EvalArgs, settings: &Settings, installation: &Installation) -> Result<Vec<Candidate>> {
    let model = |name: Option<&str>| -> Result<Arc<dyn Model>> {
        if let Some(file) = &args.recording {
            let text = fs::read_to_string(file)
                .with_context(|| format!("cannot read the recording {}", file.display()))?;
            let recording =
                Recording::read(&text).with_context(|| format!("{} is no recording", file.display()))?;
            return Ok(Arc::new(recording));
        }
        installation.language_model(settings, name)?.context(
            "no model is configured: name one with --provider or [adviser], or evaluate a --recording",
        )
    };
    let named = args.prompt.as_deref().unwrap_or(&settings.prompt);
    let prompt = Prompt::named(named)
        .with_context(|| format!("there is no prompt {named}; gangway prompts list shows what there is"))?;
    let mut candidates = vec![Candidate { model: model(None)?, prompt }];
    if let Some(other) = &args.compare {
        candidates.push(match Prompt::named(other) {
            Some(prompt) => Candidate { model: model(None)?, prompt },
            None if args.recording.is_some() => {
                bail!("{other} is no prompt, and a recording holds one model only")
            }
            None => Candidate { model: model(Some(other))?, prompt },
        });
    }
    Ok(candidates)
}

fn built_in() -> Result<Vec<Case>> {
    let files =
        SCENARIOS.files().filter_map(|file| Some((file.path().display().to_string(), file.contents_utf8()?)));
    files.map(|(name, text)| case(&name, text)).collect()
}

fn cases_in(folder: &Path) -> Result<Vec<Case>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut paths: Vec<_> =
        entries.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    if paths.is_empty() {
        bail!("there are no cases in {}: a case is a .json file with as_of and facts", folder.display());
    }
    paths
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            case(&path.file_name().unwrap_or_default().to_string_lossy(), &text)
        })
        .collect()
}

fn case(name: &str, text: &str) -> Result<Case> {
    let CaseFile { as_of, facts } =
        serde_json::from_str(text).with_context(|| format!("{name} is no case"))?;
    let decision = decide(&facts, &RuleSet::builtin(), as_of);
    Ok(Case { name: name.trim_end_matches(".json").to_owned(), facts, decision })
}

fn table(scores: &[Scores]) -> String {
    let heads = [
        "model",
        "prompt",
        "valid",
        "refused",
        "failed",
        "grounded",
        "right owner",
        "same level",
        "calls",
        "tokens",
        "cost",
    ];
    let mut table = output::table(&heads);
    for scores in scores {
        table.add_row([
            scores.model.clone(),
            scores.prompt.clone(),
            share(scores.valid),
            share(scores.refused),
            share(scores.failed),
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

fn share(share: Share) -> String {
    let Share { part, of } = share;
    let Some(permille) = (part * 1_000).checked_div(of) else { return "–".to_owned() };
    format!("{}.{} % ({part}/{of})", permille / 10, permille % 10)
}
