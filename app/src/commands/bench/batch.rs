//! `run-all` over many accounts: how many vendor calls it takes to gather, and how many run at once, as the vendors
//! themselves counted.

use super::simulator::SimulatorProcess;
use crate::commands::run_all::{favour_batches, run_accounts};
use crate::config::Sources;
use crate::installation::Installation;
use crate::output;
use anyhow::{Context as _, Result, bail};
use gangway_protocol::run::Trigger;
use gangway_protocol::{AccountId, RunState};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Batch {
    /// Accounts run.
    pub accounts: u32,
    /// Runs in flight at once.
    pub in_flight: u16,
    /// Vendor reads for gathering, per account, tokens not counted.
    pub gather_calls_per_account: f64,
    /// The most calls of each vendor that ran at once.
    pub peak_salesforce: u64,
    /// Likewise.
    pub peak_docusign: u64,
    /// Likewise.
    pub peak_netsuite: u64,
    /// Runs finished a second.
    pub runs_per_second: f64,
}

/// Runs `accounts` synthetic accounts.
pub async fn measure(accounts: u32, in_flight: u16) -> Result<Batch> {
    let simulator = SimulatorProcess::start(Duration::ZERO, accounts).await?;
    let folder = tempfile::tempdir().context("cannot make a folder for the benchmark")?;
    let installation = Installation::open(Sources::simulated_at(&simulator.base_url, folder.path())).await?;
    favour_batches(&installation);
    let engine = installation.engine().await?;
    let ids = (1..=accounts).map(|number| AccountId::parse(format!("SYN-{number:06}")));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let begun = Instant::now();
    let finished = run_accounts(&engine, ids, usize::from(in_flight), (Trigger::Batch, "bench")).await;
    let elapsed = begun.elapsed();
    let calls = simulator.calls(installation.http()).await?;
    drop(engine);
    installation.close().await;
    let completed = |record: &gangway_protocol::RunRecord| record.state == RunState::Completed;
    if let Some(row) = finished.iter().find(|row| !row.record.as_ref().is_ok_and(completed)) {
        bail!("{} did not complete; the figures would be of something else", row.account_id);
    }
    Ok(Batch {
        accounts,
        in_flight,
        gather_calls_per_account: calls.of_assessment() as f64 / f64::from(accounts),
        peak_salesforce: calls.peak("salesforce"),
        peak_docusign: calls.peak("docusign"),
        peak_netsuite: calls.peak("netsuite"),
        runs_per_second: f64::from(accounts) / elapsed.as_secs_f64(),
    })
}

impl Batch {
    /// The figures as a table.
    pub fn table(&self) -> comfy_table::Table {
        let mut table = output::table(&["what", "measured"]);
        let load = format!("run-all, {} accounts, {} in flight", self.accounts, self.in_flight);
        table.add_row([load, format!("{:.0} runs/s", self.runs_per_second)]);
        table.add_row([
            "vendor calls to gather, per account",
            &format!("{:.3}", self.gather_calls_per_account),
        ]);
        let peaks = format!("{} / {} / {}", self.peak_salesforce, self.peak_docusign, self.peak_netsuite);
        table.add_row(["most calls at once, Salesforce / DocuSign / NetSuite", &peaks]);
        table
    }
}
