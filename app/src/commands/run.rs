//! `gangway run`: one account from request to rest, and how a run is shown to people.

use crate::cli::{Globals, RunArgs};
use crate::config::Sources;
use crate::installation::{Installation, reports_dir};
use crate::onboarding::{finish_earlier, start};
use crate::outbox::{deliver_due, with_present_messages};
use crate::output;
use crate::people::Action;
use anyhow::Result;
use comfy_table::Cell;
use gangway_coordinator::approving::how_to_decide;
use gangway_durable::EngineError;
use gangway_protocol::run::{EffectStatus, RunRequest, Trigger};
use gangway_protocol::{CorrelationId, RunRecord, RunState};
use jiff::Timestamp;
use std::path::Path;
use std::process::ExitCode;
use uuid::Uuid;

/// Runs the account and prints the record.
pub async fn run(args: RunArgs, globals: &Globals) -> Result<ExitCode> {
    let sources = Sources::read(globals)?;
    let mut request = RunRequest {
        account_id: args.account,
        opportunity_id: args.opportunity,
        correlation_id: args.correlation_id.unwrap_or_else(|| CorrelationId::from_uuid(Uuid::now_v7())),
        as_of: args.as_of,
        trigger: Trigger::Cli,
        requested_by: String::new(),
    };
    let (record, folder) = Installation::session(sources, async |installation| {
        let person = installation.acting(Action::StartRuns).await?;
        request.requested_by = person.name;
        let engine = installation.engine().await.map_err(beside_a_service)?;
        finish_earlier(&installation, &engine, std::slice::from_ref(&request.account_id)).await?;
        let (record, _) = start(&engine, request, None).await?;
        deliver_due(&installation, Timestamp::now()).await?;
        let record = with_present_messages(installation.store(), record).await?;
        Ok((record, installation.data_dir().to_owned()))
    })
    .await?;
    if args.output.json {
        output::json(&record)?
    } else {
        show(&record, &folder)?
    }
    Ok(if record.state == RunState::Parked { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Another process that works on the folder may be the service, which takes runs all the same.
pub fn beside_a_service(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(EngineError::Taken { .. }) => error.context(
            "no run is begun beside another engine; if that is gangway serve, ask it for the run with POST /api/runs and an API key",
        ),
        _ => error,
    }
}

/// Prints a run for people.
pub fn show(record: &RunRecord, data_dir: &Path) -> Result<()> {
    let mut head = output::table(&["account", "decision", "risk", "state", "as of"]);
    let decision = record.decision.as_ref();
    head.add_row(vec![
        Cell::new(&record.request.account_id),
        output::outcome(decision.map(|decision| decision.outcome)),
        output::risk(decision.map(|decision| decision.risk_level)),
        output::run_state(record.state),
        Cell::new(record.as_of),
    ]);
    output::line(&head.to_string())?;
    output::line(&format!("run {}   correlation {}", record.run_id, record.request.correlation_id))?;
    if let Some(reason) = &record.parked_because {
        output::line(&format!("\n{reason}"))?;
    }
    show_reasons(record)?;
    show_advice(record)?;
    show_effects(record)?;
    if let (RunState::AwaitingApproval, Some(approval)) = (record.state, &record.approval_id) {
        output::line(&format!("\nIt waits for approval {approval}. {}", how_to_decide(approval)))?;
    }
    let folder = reports_dir(data_dir);
    if !record.reports.is_empty() {
        output::line("\nReports")?;
    }
    record
        .reports
        .iter()
        .try_for_each(|report| output::line(&format!("  {}", folder.join(&report.file).display())))
}

fn show_reasons(record: &RunRecord) -> Result<()> {
    let Some(decision) = &record.decision else { return Ok(()) };
    if !decision.api_errors.is_empty() {
        let mut table = output::table(&["system", "error", "code", "owner", "resolution"]);
        for error in &decision.api_errors {
            table.add_row([
                error.system.to_string(),
                error.error_type.name().to_owned(),
                error.error_code.clone(),
                error.owner.clone(),
                error.resolution.clone(),
            ]);
        }
        output::line(&table.to_string())?;
    }
    if decision.violations.is_empty() && decision.warnings.is_empty() {
        return Ok(());
    }
    let mut table = output::table(&["rule", "severity", "what", "owner", "what to do"]);
    for finding in decision.violations.iter().chain(&decision.warnings) {
        table.add_row(vec![
            Cell::new(&finding.rule),
            output::severity(finding.severity),
            Cell::new(&finding.message),
            Cell::new(&finding.owner),
            Cell::new(&finding.resolution),
        ]);
    }
    output::line(&table.to_string())
}

fn show_advice(record: &RunRecord) -> Result<()> {
    let Some(advice) = &record.advice else { return Ok(()) };
    output::line(&format!("\n{}", advice.summary))?;
    output::line(&format!("Impact: {}   Usually takes: {}", advice.business_impact, advice.resolution_time))
}

fn show_effects(record: &RunRecord) -> Result<()> {
    if record.effects.is_empty() {
        return Ok(());
    }
    let mut table = output::table(&["effect", "", "tool", "reference"]);
    for effect in &record.effects {
        let status = match effect.status {
            EffectStatus::Done => output::verdict(true),
            EffectStatus::Queued => Cell::new("queued").fg(comfy_table::Color::Cyan),
            EffectStatus::Unknown => Cell::new("unknown").fg(comfy_table::Color::Yellow),
            EffectStatus::Failed => output::verdict(false),
        };
        let said = effect.error.as_ref().map(ToString::to_string);
        let open = effect.message_id.as_ref().map(|id| format!("gangway outbox show {id}"));
        table.add_row(vec![
            Cell::new(&effect.label),
            status,
            Cell::new(&effect.tool),
            Cell::new(effect.reference.clone().or(said).or(open).unwrap_or_default()),
        ]);
    }
    output::line(&table.to_string())
}
