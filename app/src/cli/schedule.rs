//! `gangway schedule`, `gangway backup`, `gangway restore`: their flags and help.

use super::Json;
use crate::schedule::JobName;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `gangway schedule …`
#[derive(Debug, Subcommand)]
pub enum ScheduleCommand {
    /// List the jobs: schedule, next and last time, how it ended.
    List(Json),
    /// Run one job now, here or in the service that works on the data folder.
    Run {
        /// The job: monitor, contracts, won_deals, outbox, approvals, retention, audit.
        #[arg(value_parser = parse_job)]
        job: JobName,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// After a restore: let the schedules run again.
    Release,
}

/// `gangway backup`
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// A folder that is not there yet.
    #[arg(value_name = "FOLDER")]
    pub to: PathBuf,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}

/// `gangway restore`
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The folder that gangway backup made.
    #[arg(value_name = "FOLDER")]
    pub from: PathBuf,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}

fn parse_job(text: &str) -> Result<JobName, String> {
    JobName::named(text).ok_or_else(|| format!("one of {}", JobName::ALL.map(JobName::name).join(", ")))
}
