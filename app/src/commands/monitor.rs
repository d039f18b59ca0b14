//! `gangway monitor --once`: the Task Monitor's sweep, then the contract agent's look at blocked runs.

use crate::cli::{Globals, MonitorArgs};
use crate::config::Sources;
use crate::installation::Installation;
use crate::onboarding::finish_earlier_if_free;
use crate::outbox::deliver_due;
use crate::{onboarding, output};
use anyhow::{Result, bail};
use comfy_table::{Cell, Color};
use gangway_contract::WatchReport;
use gangway_governance::{Governed, Principal, ToolNames};
use gangway_protocol::System;
use gangway_protocol::task::Health;
use gangway_protocol::tools::onboarding::SweepReport;
use gangway_toolbelt::{Agent, Connection, Scope};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::process::ExitCode;
use std::sync::Arc;

/// Exit code when something is overdue.
const OVERDUE: u8 = 3;

/// Sweeps once and says whether anything is overdue.
pub async fn run(args: MonitorArgs, globals: &Globals) -> Result<ExitCode> {
    if !args.once {
        bail!(
            "gangway monitor sweeps once and ends: say so with --once, and let a scheduler such as cron call it"
        );
    }
    let sources = Sources::read(globals)?;
    super::existing_store(&sources)?;
    let as_of = args.as_of.unwrap_or_else(|| Timestamp::now().to_zoned(TimeZone::UTC).date());
    let (swept, watched) = Installation::session(sources, async |installation| {
        finish_earlier_if_free(&installation).await?;
        let scope = Scope::of_no_run(installation.call_deadline());
        let belt = installation.belt(Agent::TaskMonitor).await?;
        let settings = installation.monitor_settings()?;
        let swept = gangway_task_monitor::sweep(&belt, &scope, as_of, &settings).await?;
        let watched = watch_contracts(&installation, &scope).await?;
        deliver_due(&installation, Timestamp::now()).await?;
        Ok((swept, watched))
    })
    .await?;
    if args.output.json {
        let mut report = serde_json::to_value(&swept)?;
        report["contracts"] = serde_json::to_value(&watched)?;
        output::json(&report)?;
    } else {
        print(&swept, &watched)?;
    }
    Ok(if swept.overdue > 0 { ExitCode::from(OVERDUE) } else { ExitCode::SUCCESS })
}

async fn watch_contracts(installation: &Arc<Installation>, scope: &Scope) -> Result<WatchReport> {
    let server = onboarding::server(Arc::clone(installation), None);
    let principal = Principal::named(Agent::Contract.name());
    let governed = Governed::new(server, installation.governance(), &principal, ToolNames::Dotted);
    let belt = installation
        .belt(Agent::Contract)
        .await?
        .with(System::Onboarding, Connection::embedded(governed).await?);
    Ok(gangway_contract::watch(&belt, scope).await)
}

fn print(swept: &SweepReport, watched: &WatchReport) -> Result<()> {
    let mut table = output::table(&["account", "health", "done", "overdue"]);
    for tenant in &swept.tenants {
        let health = Cell::new(tenant.health);
        let health = match tenant.health {
            Health::OnTrack | Health::Completed => health.fg(Color::Green),
            Health::AtRisk => health.fg(Color::Yellow),
            Health::Stalled => health.fg(Color::Red),
        };
        table.add_row(vec![
            Cell::new(&tenant.account_id),
            health,
            Cell::new(format!("{} %", tenant.percent)),
            Cell::new(tenant.overdue),
        ]);
    }
    output::line(&table.to_string())?;
    output::line(&format!("{} tasks overdue on {}.", swept.overdue, swept.as_of))?;
    for reminder in &swept.reminders {
        output::line(&format!(
            "  {} {} days overdue: {} told ({:?})",
            reminder.task_id, reminder.days_overdue, reminder.rung, reminder.status
        ))?;
    }
    for reminded in &watched.reminded {
        output::line(&format!(
            "  {}: reminded {} of those who sign {}",
            reminded.account_id, reminded.reminded, reminded.contract_id
        ))?;
    }
    for requested in &watched.requested {
        output::line(&format!(
            "  {}: contract executed, run again as {}",
            requested.account_id, requested.new_run
        ))?;
    }
    watched.errors.iter().try_for_each(|error| output::line(&format!("  {error}")))
}
