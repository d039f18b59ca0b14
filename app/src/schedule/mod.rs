//! The service's jobs and when they run: one timer per job in the store, one firing at a time per job.
//!
//! Fires what is due, keeps how it ended, and stops when told. What a job does is its own file's business; what a
//! schedule means is `timetable`'s.

pub mod jobs;
mod settings;
mod timetable;

pub use jobs::{Crew, Job, jobs, service_jobs};
pub use settings::{JobName, Retention, Schedule, WonDeals};

use crate::installation::Installation;
use anyhow::Result;
use futures::FutureExt as _;
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::redact::scrub;
use gangway_store::{Store, StoreError, Timer, TimerEnd};
use jiff::Timestamp;
use serde_json::Value;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often the timers are looked at: a step of the clock, or somebody's wish, is noticed this soon.
const BEAT: Duration = Duration::from_secs(1);
/// How long jobs under way may go on after the service was told to stop; then the next start begins them again.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest reason kept of a failure.
const LONGEST_REASON: usize = 500;

/// Seals the audit as scheduled, for a process that does nothing else by schedule: what it adds must not wait for its end,
/// which may be a kill.
pub fn sealing(installation: &Arc<Installation>) -> Result<Scheduler> {
    let crew = Crew { installation: Arc::clone(installation), engine: None, line: None };
    let jobs = jobs(&crew, &[JobName::Audit])?;
    Ok(Scheduler::new(installation.store().clone(), jobs, installation.crash_points().clone()))
}

/// Why a job failed the last time it was fired; none when it did not, or never was.
pub async fn failure_of(store: &Store, job: JobName) -> Result<Option<String>, StoreError> {
    let timers = store.timers().list().await?;
    let timer = timers.into_iter().find(|timer| timer.name == job.name());
    Ok(timer.and_then(|timer| timer.last).and_then(|end| end.error))
}

/// Fires jobs when they are due.
pub struct Scheduler {
    store: Store,
    jobs: Vec<Arc<Job>>,
    crash: CrashPoints,
}

impl Scheduler {
    /// A scheduler of these jobs, on the store's timers.
    pub fn new(store: Store, jobs: Vec<Job>, crash: CrashPoints) -> Self {
        Self { store, jobs: jobs.into_iter().map(Arc::new).collect(), crash }
    }

    /// Makes sure that every job has its timer.
    pub async fn set_timers(&self, now: Timestamp) -> Result<()> {
        for job in &self.jobs {
            let next = job.timetable.next_after(now)?;
            self.store.timers().set(job.name.name(), job.timetable.text(), next).await?;
        }
        Ok(())
    }

    /// Fires what is due until it is told to stop, then lets what is under way end.
    pub async fn run(&self, stop: CancellationToken) -> Result<()> {
        self.set_timers(Timestamp::now()).await?;
        let mut beats = tokio::time::interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut firings = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = beats.tick() => {}
            }
            while firings.try_join_next().is_some() {}
            match self.claim_due(Timestamp::now()).await {
                Ok(due) => due.into_iter().for_each(|job| {
                    firings.spawn(fire(self.store.clone(), job, self.crash.clone()));
                }),
                Err(error) => tracing::warn!("the schedule could not be looked at: {error:#}"),
            }
        }
        let ended = tokio::time::timeout(PATIENCE, async { while firings.join_next().await.is_some() {} });
        if ended.await.is_err() {
            tracing::warn!("{} jobs did not end in time; the next start begins them again", firings.len());
        }
        Ok(())
    }

    /// Claims every job that is due at `now`. Nothing is due while a restore holds the schedules.
    pub async fn claim_due(&self, now: Timestamp) -> Result<Vec<Arc<Job>>> {
        if self.store.restores().held().await?.is_some() {
            return Ok(Vec::new());
        }
        let timers = self.store.timers().list().await?;
        let mut due = Vec::new();
        for job in &self.jobs {
            let Some(timer) = timers.iter().find(|timer| timer.name == job.name.name()) else { continue };
            if self.claim(job, timer, now).await? {
                due.push(Arc::clone(job));
            }
        }
        Ok(due)
    }

    async fn claim(&self, job: &Job, timer: &Timer, now: Timestamp) -> Result<bool> {
        let timers = self.store.timers();
        if timer.is_due(now) {
            // However many instants were missed, this is one firing; the next is the first one to come.
            return Ok(timers.claim(&timer.name, now, job.timetable.next_after(now)?).await?);
        }
        if let Some(next) = job.timetable.after_clock_step(timer.next_at, now)? {
            tracing::warn!(job = timer.name, "the clock was set back; the job goes on at {next}");
            timers.move_to(&timer.name, timer.next_at, next).await?;
        }
        Ok(false)
    }

    /// Fires one job now, whatever its timer says; none when somebody is at work on it.
    pub async fn fire_now(&self, name: JobName) -> Result<Option<TimerEnd>> {
        let Some(job) = self.jobs.iter().find(|job| job.name == name) else { return Ok(None) };
        let now = Timestamp::now();
        self.store.timers().ask(name.name(), now).await?;
        let next = job.timetable.next_after(now)?;
        if !self.store.timers().claim(name.name(), now, next).await? {
            return Ok(None);
        }
        Ok(Some(fire(self.store.clone(), Arc::clone(job), self.crash.clone()).await))
    }
}

/// Does a claimed job's work and keeps how it ended; a panic is an end like any other.
async fn fire(store: Store, job: Arc<Job>, crash: CrashPoints) -> TimerEnd {
    let name = job.name.name();
    crash.reach("schedule.claimed", name);
    let (began_at, began) = (Timestamp::now(), std::time::Instant::now());
    let worked = AssertUnwindSafe((job.work)(began_at)).catch_unwind().await;
    let (report, error) = match worked {
        Ok(Ok(report)) => (report, None),
        Ok(Err(error)) => (Value::Null, Some(scrub(&format!("{error:#}"), LONGEST_REASON))),
        Err(_) => (Value::Null, Some("it panicked; standard error says where".to_owned())),
    };
    if let Some(error) = &error {
        tracing::warn!(job = name, "a scheduled job failed: {error}");
    }
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let end = TimerEnd { began_at, duration_ms, report, error };
    crash.reach("schedule.worked", name);
    if let Err(error) = store.timers().end(name, &end).await {
        tracing::error!(job = name, "how a scheduled job ended could not be kept: {}", error.with_cause());
    }
    crash.reach("schedule.ended", name);
    end
}

#[cfg(test)]
mod tests;
