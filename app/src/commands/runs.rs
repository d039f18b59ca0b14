//! `gangway runs`: list, show, resume.

use crate::cli::{Globals, RunsCommand};
use crate::config::Sources;
use crate::installation::Installation;
use crate::outbox::{deliver_due, with_present_messages};
use crate::output;
use crate::people::Action;
use crate::serve::{masked, masks};
use anyhow::{Context as _, Result, bail};
use comfy_table::Cell;
use gangway_coordinator::summary_of;
use gangway_protocol::tools::onboarding::RunSummary;
use gangway_protocol::{RunId, RunState};
use gangway_store::RunFilter;
use jiff::Timestamp;
use serde_json::json;
use std::process::ExitCode;

/// Runs one of its commands.
pub async fn run(command: RunsCommand, globals: &Globals) -> Result<ExitCode> {
    let sources = Sources::read(globals)?;
    match command {
        RunsCommand::List { account, state, limit, output } => {
            let (store, _) = super::acting(&sources, Action::Read).await?;
            let runs = store.runs().list(RunFilter { account, state, limit }).await?;
            let runs: Vec<RunSummary> = runs.iter().map(summary_of).collect();
            if output.json {
                output::json(&json!({ "runs": runs }))?
            } else if runs.is_empty() {
                output::line("No such runs.")?
            } else {
                output::line(&table(&runs).to_string())?
            }
            Ok(ExitCode::SUCCESS)
        }
        RunsCommand::Show { run, output } => {
            let (store, person) = super::acting(&sources, Action::Read).await?;
            let record = store.runs().get(&run).await?.with_context(|| {
                format!(
                    "there is no run {run} in {}; gangway runs list shows what there is",
                    sources.data_dir().display()
                )
            })?;
            let record = with_present_messages(&store, record).await?;
            let record = if masks(&person) { masked(record) } else { record };
            if output.json {
                output::json(&record)?
            } else {
                super::run::show(&record, sources.data_dir())?
            }
            Ok(ExitCode::SUCCESS)
        }
        RunsCommand::Resume { run, output } => {
            super::acting(&sources, Action::StartRuns).await?;
            let results =
                Installation::session(sources, async |installation| resume(&installation, run).await).await?;
            let failed = results.iter().any(|row| row["error"].is_string());
            if output.json {
                output::json(&json!({ "resumed": results }))?;
            } else if results.is_empty() {
                output::line("Nothing was unfinished.")?;
            } else {
                for row in &results {
                    let ended = row["error"].as_str().or(row["state"].as_str()).unwrap_or_default();
                    output::line(&format!("{} {ended}", row["run_id"].as_str().unwrap_or_default()))?;
                }
            }
            Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        }
    }
}

async fn resume(installation: &Installation, run: Option<RunId>) -> Result<Vec<serde_json::Value>> {
    let engine = installation.engine().await?;
    let results = match run {
        None => engine.durable().resume_all().await?,
        Some(run) => {
            let Some(record) = engine.durable().query(&run).await? else { bail!("there is no run {run}") };
            if matches!(record.state, RunState::Completed | RunState::Blocked) {
                bail!("run {run} is {}: there is nothing to resume", record.state);
            }
            let driven = match record.state {
                RunState::Parked => engine.durable().retry(&run).await,
                _ => engine.durable().drive(&run).await,
            };
            vec![(run, driven)]
        }
    };
    deliver_due(installation, Timestamp::now()).await?;
    Ok(results
        .into_iter()
        .map(|(run_id, result)| match result {
            Ok(record) => {
                json!({ "run_id": run_id, "account_id": record.request.account_id, "state": record.state,
                                  "parked_because": record.parked_because })
            }
            Err(error) => json!({ "run_id": run_id, "error": format!("{:#}", anyhow::Error::from(error)) }),
        })
        .collect())
}

fn table(runs: &[RunSummary]) -> comfy_table::Table {
    let mut table = output::table(&["run", "account", "state", "decision", "risk", "accepted"]);
    for run in runs {
        table.add_row(vec![
            Cell::new(&run.run_id),
            Cell::new(&run.account_id),
            output::run_state(run.state),
            output::outcome(run.outcome),
            output::risk(run.risk_level),
            Cell::new(format!("{:.0}", run.created_at)),
        ]);
    }
    table
}
