//! The Task Monitor's sweep. Days are UTC days, as due dates are: a task is overdue from midnight UTC on, whatever the
//! schedule's zone.

use super::Crew;
use crate::installation::Installation;
use anyhow::Result;
use gangway_protocol::run::EffectStatus;
use gangway_protocol::tools::onboarding::SweepReport;
use gangway_toolbelt::{Agent, Scope};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Sweeps once, judging by `as_of`.
pub async fn sweep(installation: &Installation, as_of: Date) -> Result<SweepReport> {
    let scope = Scope::of_no_run(installation.call_deadline());
    let belt = installation.belt(Agent::TaskMonitor).await?;
    let settings = installation.monitor_settings()?;
    Ok(gangway_task_monitor::sweep(&belt, &scope, as_of, &settings).await?)
}

pub(super) async fn work(crew: Crew, now: Timestamp) -> Result<Value> {
    let swept = sweep(&crew.installation, now.to_zoned(TimeZone::UTC).date()).await?;
    let ended =
        |status: EffectStatus| swept.reminders.iter().filter(|reminder| reminder.status == status).count();
    Ok(json!({
        "as_of": swept.as_of,
        "onboardings": swept.tenants.len(),
        "overdue": swept.overdue,
        "reminded": ended(EffectStatus::Done),
        "unknown": ended(EffectStatus::Unknown),
        "failed": ended(EffectStatus::Failed),
    }))
}
