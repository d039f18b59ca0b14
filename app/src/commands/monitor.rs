//! `gangway monitor`: the Task Monitor's sweep, then the contract agent's look at blocked runs; as scheduled, or once.

use crate::cli::{Globals, MonitorArgs};
use crate::config::Sources;
use crate::installation::Installation;
use crate::onboarding::finish_earlier_if_free;
use crate::outbox::deliver_due;
use crate::people::Action;
use crate::schedule::jobs::{contracts, monitor};
use crate::schedule::{Crew, JobName, Scheduler, jobs};
use crate::{output, shutdown};
use anyhow::Result;
use comfy_table::{Cell, Color};
use gangway_contract::WatchReport;
use gangway_protocol::task::Health;
use gangway_protocol::tools::onboarding::SweepReport;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::process::ExitCode;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Exit code when something is overdue.
const OVERDUE: u8 = 3;

/// Looks as scheduled until it is stopped, or once.
pub async fn run(args: MonitorArgs, globals: &Globals) -> Result<ExitCode> {
    let sources = Sources::read(globals)?;
    super::acting(&sources, Action::StartRuns).await?;
    if args.once {
        return once(args, sources).await;
    }
    Installation::session_even_unsealed(sources, async |installation| {
        let crew = Crew { installation: Arc::clone(&installation), engine: None, line: None };
        let watched = jobs(&crew, &[JobName::Monitor, JobName::Contracts, JobName::Audit])?;
        let scheduler =
            Scheduler::new(installation.store().clone(), watched, installation.crash_points().clone());
        let stop = CancellationToken::new();
        let (ran, ()) = futures::join!(scheduler.run(stop.clone()), async {
            shutdown::requested().await;
            stop.cancel();
        });
        ran
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// Looks once and says whether anything is overdue.
async fn once(args: MonitorArgs, sources: Sources) -> Result<ExitCode> {
    let as_of = args.as_of.unwrap_or_else(|| Timestamp::now().to_zoned(TimeZone::UTC).date());
    let (swept, watched) = Installation::session(sources, async |installation| {
        finish_earlier_if_free(&installation).await?;
        let swept = monitor::sweep(&installation, as_of).await?;
        let crew = Crew { installation: Arc::clone(&installation), engine: None, line: None };
        let watched = contracts::watch(&crew).await?;
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
            "  {} {} days overdue: telling {}: {}",
            reminder.task_id,
            reminder.days_overdue,
            reminder.rung,
            reminder.status.name()
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
