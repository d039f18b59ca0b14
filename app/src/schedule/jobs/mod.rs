//! The jobs of the schedule, one file each, and the list of those that are switched on.

mod alarms;
mod approvals;
pub mod contracts;
pub mod monitor;
mod retention;
mod won_deals;

use super::settings::JobName;
use super::timetable::Timetable;
use crate::installation::{Installation, OnboardingEngine};
use crate::outbox;
use crate::serve::queue::Queue;
use anyhow::Result;
use futures::future::BoxFuture;
use futures::stream;
use futures::{FutureExt as _, StreamExt as _};
use gangway_protocol::RunId;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// Runs that a job drives at once.
const AT_ONCE: usize = 8;

/// What a job does at the time it is fired; gives a short report without personal data.
pub type Work = Box<dyn Fn(Timestamp) -> BoxFuture<'static, Result<Value>> + Send + Sync>;

/// One job.
pub struct Job {
    /// Which.
    pub name: JobName,
    /// When.
    pub timetable: Timetable,
    /// What.
    pub work: Work,
}

/// What jobs work with.
#[derive(Clone)]
pub struct Crew {
    /// Store, servers, belts, configuration.
    pub installation: Arc<Installation>,
    /// Runs onboardings; none in a process that leaves the data folder's engine to others.
    pub engine: Option<OnboardingEngine>,
    /// The line of a service, whose workers drive what jobs let go on; elsewhere the job drives by itself.
    pub line: Option<Arc<Queue>>,
}

impl Crew {
    /// Drives runs to their next rest, a few at once; gives how many could not be driven now.
    pub async fn drive(&self, runs: Vec<RunId>) -> u32 {
        let Some(engine) = &self.engine else { return 0 };
        let drives = runs.into_iter().map(async |run_id| {
            let driven = engine.durable().drive(&run_id).await.map_err(anyhow::Error::from);
            driven.map_err(|error| tracing::warn!(%run_id, "a job could not drive a run: {error:#}")).is_err()
        });
        let failed: Vec<bool> = stream::iter(drives).buffer_unordered(AT_ONCE).collect().await;
        u32::try_from(failed.into_iter().filter(|failed| *failed).count()).unwrap_or(u32::MAX)
    }

    /// Lets runs go on that waited for a person: in the line if there is one; gives how many could not be driven now.
    pub async fn let_go_on(&self, runs: Vec<RunId>) -> u32 {
        let Some(line) = &self.line else { return self.drive(runs).await };
        runs.into_iter().for_each(|run_id| line.push(run_id, None));
        0
    }
}

/// Every job that is switched on; the timers of the others are forgotten, so that switching one on again does not find
/// it long overdue.
pub async fn service_jobs(crew: &Crew) -> Result<Vec<Job>> {
    let switched_on = jobs(crew, &JobName::ALL)?;
    for name in JobName::ALL {
        if !switched_on.iter().any(|job| job.name == name) {
            crew.installation.store().timers().remove(name.name()).await?;
        }
    }
    Ok(switched_on)
}

/// Those of `wanted` that are switched on.
pub fn jobs(crew: &Crew, wanted: &[JobName]) -> Result<Vec<Job>> {
    let config = crew.installation.config();
    config.retention.check()?;
    let mut jobs = Vec::new();
    for name in wanted {
        if let Some(timetable) = config.schedule.timetable(*name)? {
            jobs.push(Job { name: *name, timetable, work: work(*name, crew.clone()) });
        }
    }
    Ok(jobs)
}

fn work(name: JobName, crew: Crew) -> Work {
    match name {
        JobName::Monitor => Box::new(move |now| monitor::work(crew.clone(), now).boxed()),
        JobName::Contracts => Box::new(move |_| contracts::work(crew.clone()).boxed()),
        JobName::WonDeals => Box::new(move |now| won_deals::work(crew.clone(), now).boxed()),
        JobName::Outbox => Box::new(move |now| deliver(crew.clone(), now).boxed()),
        JobName::Approvals => Box::new(move |now| approvals::work(crew.clone(), now).boxed()),
        JobName::Alarms => Box::new(move |now| alarms::work(crew.clone(), now).boxed()),
        JobName::Retention => Box::new(move |now| retention::work(crew.clone(), now).boxed()),
        JobName::Audit => Box::new(move |now| seal(crew.clone(), now).boxed()),
    }
}

/// A checkpoint of the audit, which is a file of its own because every command ends with one.
async fn seal(crew: Crew, now: Timestamp) -> Result<Value> {
    let sealed = crew.installation.sealer().seal(now).await?;
    Ok(json!({ "sealed_to": sealed.map(|checkpoint| checkpoint.attested.seq) }))
}

/// A round of the outbox, which is a file of its own because every command ends with one.
async fn deliver(crew: Crew, now: Timestamp) -> Result<Value> {
    Ok(serde_json::to_value(outbox::deliver_due(&crew.installation, now).await?)?)
}
