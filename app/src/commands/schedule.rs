//! `gangway schedule`: when jobs run and how they ended; fire one now; release the schedules after a restore.

use crate::cli::{Globals, Json, ScheduleCommand};
use crate::config::Sources;
use crate::installation::Installation;
use crate::output;
use crate::people::Action;
use crate::schedule::{Crew, JobName, Schedule, Scheduler, jobs};
use anyhow::{Context as _, Result, bail};
use comfy_table::Cell;
use gangway_durable::EngineError;
use gangway_protocol::audit::AuditRecord;
use gangway_store::{Restore, Store, Timer, TimerEnd};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// How long and how often the end of a job is looked for that another process fires.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs one of its commands.
pub async fn run(command: ScheduleCommand, globals: &Globals) -> Result<ExitCode> {
    let sources = Sources::read(globals)?;
    match command {
        ScheduleCommand::List(output) => {
            let (store, _) = super::acting(&sources, Action::Read).await?;
            list(&store, &sources.schedule()?, output).await?;
        }
        ScheduleCommand::Run { job, output } => {
            let end = Installation::session_even_unsealed(sources, async |installation| {
                installation.acting(Action::Administer).await?;
                fire(installation, job).await
            })
            .await?;
            tell(job, &end, output)?;
            if end.error.is_some() {
                return Ok(ExitCode::FAILURE);
            }
        }
        ScheduleCommand::Release => {
            let (store, person) = super::acting(&sources, Action::Administer).await?;
            let record =
                AuditRecord::done("schedule.release", &person.actor(), Value::Null, Timestamp::now());
            let released = store.restores().release(record).await?;
            output::line(if released { "The schedules run again." } else { "The schedules were not held." })?;
            store.close().await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Fires the job here, or has the process do it that holds the folder's engine.
async fn fire(installation: Arc<Installation>, job: JobName) -> Result<TimerEnd> {
    if let Some(restore) = installation.store().restores().held().await? {
        bail!("{}", held(&restore));
    }
    let engine = match installation.engine().await {
        Ok(engine) => Some(engine),
        Err(error) => match error.downcast_ref() {
            Some(EngineError::Taken { .. }) => None,
            _ => return Err(error),
        },
    };
    let is_elsewhere = engine.is_none();
    let crash = installation.crash_points().clone();
    let crew = Crew { installation: Arc::clone(&installation), engine, line: None };
    let scheduler = Scheduler::new(installation.store().clone(), jobs(&crew, &[job])?, crash);
    scheduler.set_timers(Timestamp::now()).await?;
    if installation.config().schedule.timetable(job)?.is_none() {
        bail!("{0} is switched off: give schedule.{0} a schedule such as \"*/15 * * * *\"", job.name());
    }
    if is_elsewhere {
        return ask(installation.store(), job).await;
    }
    scheduler.fire_now(job).await?.with_context(|| format!("{} is being run by another process", job.name()))
}

async fn ask(store: &Store, job: JobName) -> Result<TimerEnd> {
    let asked_at = Timestamp::now();
    store.timers().ask(job.name(), asked_at).await?;
    let answered = async {
        loop {
            let timers = store.timers().list().await?;
            let last = timers.into_iter().find(|timer| timer.name == job.name()).and_then(|timer| timer.last);
            if let Some(end) = last.filter(|end| end.began_at >= asked_at) {
                return Ok(end);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(LONGEST_WAIT, answered).await.unwrap_or_else(|_| {
        bail!("the process that holds the data folder's engine has not run {} yet; gangway schedule list shows when it does", job.name())
    })
}

fn tell(job: JobName, end: &TimerEnd, output: Json) -> Result<()> {
    if output.json {
        return output::json(&json!({ "job": job.name(), "end": end }));
    }
    output::line(&format!("{}: {}", job.name(), how(end)))
}

fn how(end: &TimerEnd) -> String {
    match &end.error {
        Some(error) => format!("failed after {} ms: {error}", end.duration_ms),
        None => format!("{} ms: {}", end.duration_ms, facts(&end.report)),
    }
}

fn facts(report: &Value) -> String {
    let Some(fields) = report.as_object() else { return report.to_string() };
    let told = fields.iter().filter(|(_, value)| !is_nothing(value)).map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{} {value}", name.replace('_', " "))
    });
    let told = told.collect::<Vec<_>>().join(", ");
    if told.is_empty() { "nothing to do".to_owned() } else { told }
}

/// Nothing of its kind, so nothing worth telling.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

fn held(restore: &Restore) -> String {
    format!(
        "schedules rest since this folder was restored from the backup of {:.0}; see in Slack, mail and Salesforce what was done after that, then: gangway schedule release",
        restore.backup_at
    )
}

async fn list(store: &Store, schedule: &Schedule, output: Json) -> Result<()> {
    let timers = store.timers().list().await?;
    let rest = store.restores().held().await?;
    if output.json {
        let rows = JobName::ALL.into_iter().map(|job| row(schedule, job, &timers));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        return output::json(&json!({ "jobs": rows, "held_since": rest.map(|rest| rest.restored_at) }));
    }
    let mut table = output::table(&["job", "schedule", "next", "last", "how"]);
    for job in JobName::ALL {
        let timer = timers.iter().find(|timer| timer.name == job.name());
        let timetable = schedule.timetable(job)?;
        let last = timer.and_then(|timer| timer.last.as_ref());
        table.add_row([
            Cell::new(job.name()),
            Cell::new(timetable.as_ref().map_or("off", |timetable| timetable.text())),
            Cell::new(timer.filter(|_| timetable.is_some()).map_or_else(|| "–".to_owned(), next)),
            Cell::new(last.map_or_else(|| "–".to_owned(), |end| format!("{:.0}", end.began_at))),
            Cell::new(last.map_or_else(|| "–".to_owned(), how)),
        ]);
    }
    output::line(&table.to_string())?;
    rest.map_or(Ok(()), |rest| output::line(&held(&rest)))
}

fn next(timer: &Timer) -> String {
    match timer.running_since {
        Some(since) => format!("running since {since:.0}"),
        None => format!("{:.0}", timer.next_at),
    }
}

fn row(schedule: &Schedule, job: JobName, timers: &[Timer]) -> Result<Value> {
    let timer = timers.iter().find(|timer| timer.name == job.name());
    Ok(json!({
        "job": job.name(),
        "schedule": schedule.timetable(job)?.map(|timetable| timetable.text().to_owned()),
        "next_at": timer.map(|timer| timer.next_at),
        "running_since": timer.and_then(|timer| timer.running_since),
        "last": timer.and_then(|timer| timer.last.as_ref()),
    }))
}

#[cfg(test)]
mod tests {
    use super::facts;
    use serde_json::json;

    #[test]
    fn what_a_job_did_is_told_and_what_it_had_not_to_do_is_not() {
        let report =
            json!({ "absent": 0, "dead": 0, "sent": 2, "not_reminded": [], "last_day": "2026-03-04" });
        assert_eq!(facts(&report), "last day 2026-03-04, sent 2");
        assert_eq!(facts(&json!({ "absent": 0, "reminded": [] })), "nothing to do");
    }
}
