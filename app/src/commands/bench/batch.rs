//! `run-all` over many accounts: how many vendor calls it takes to gather, and how many run at once, as the vendors
//! themselves counted. Then once more where the tightest limit binds: NetSuite's calls at once, one call an account.

use super::simulator::SimulatorProcess;
use crate::commands::run_all::{favour_batches, run_accounts};
use crate::config::Sources;
use crate::installation::Installation;
use crate::output;
use anyhow::{Context as _, Result, bail};
use gangway_governance::limits::Vendor;
use gangway_protocol::run::Trigger;
use gangway_protocol::{AccountId, RunState};
use serde::Serialize;
use serde_json::json;
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
    /// The same where NetSuite's limit binds.
    pub bound: Bound,
}

/// A `run-all` that NetSuite's limit holds up.
#[derive(Debug, Serialize)]
pub struct Bound {
    /// Accounts run, with a NetSuite call each.
    pub accounts: u32,
    /// Calls NetSuite allows at once; it refuses the next one.
    pub allowed_at_once: u16,
    /// The most that ran at once.
    pub peak: u64,
    /// NetSuite calls.
    pub calls: u64,
    /// Of the time from its first call to its last one, how much of what it allows was used, in per cent.
    pub used_percent: f64,
    /// Runs finished a second.
    pub runs_per_second: f64,
}

/// Accounts of the second part: enough that its begin and end weigh little.
const BOUND_ACCOUNTS: u32 = 300;
/// Runs in flight in the second part.
const BOUND_IN_FLIGHT: u16 = 64;
/// NetSuite's round trip in the second part: slow enough that it, and neither the others nor this machine, is what holds
/// everything up.
const ROUND_TRIP: Duration = Duration::from_millis(500);

/// Runs `accounts` synthetic accounts, then fewer against a narrow NetSuite.
pub async fn measure(accounts: u32, in_flight: u16) -> Result<Batch> {
    let simulator = SimulatorProcess::start(Duration::ZERO, accounts).await?;
    let folder = tempfile::tempdir().context("cannot make a folder for the benchmark")?;
    let installation = Installation::open(Sources::simulated_at(&simulator.base_url, folder.path())).await?;
    favour_batches(&installation);
    let elapsed = run_all(&installation, accounts, in_flight).await?;
    let calls = simulator.calls(installation.http()).await?;
    installation.close().await;
    drop(simulator);
    Ok(Batch {
        accounts,
        in_flight,
        gather_calls_per_account: calls.of_assessment() as f64 / f64::from(accounts),
        peak_salesforce: calls.peak("salesforce"),
        peak_docusign: calls.peak("docusign"),
        peak_netsuite: calls.peak("netsuite"),
        runs_per_second: f64::from(accounts) / elapsed.as_secs_f64(),
        bound: bound(accounts.min(BOUND_ACCOUNTS)).await?,
    })
}

/// Every account a call of its own, and NetSuite allows as many at once as the smallest real one.
async fn bound(accounts: u32) -> Result<Bound> {
    let simulator = SimulatorProcess::start(Duration::ZERO, accounts).await?;
    let folder = tempfile::tempdir().context("cannot make a folder for the benchmark")?;
    let installation = Installation::open(Sources::simulated_at(&simulator.base_url, folder.path())).await?;
    let mut limits = installation.config().limits.clone();
    limits.coalesce.window_ms = 0;
    let allowed_at_once = limits.toward(Vendor::Netsuite).concurrency;
    installation.limits().replace(&limits);
    simulator.narrow_netsuite(installation.http(), allowed_at_once).await?;
    let slow = json!([{ "vendor": "netsuite", "kind": "latency", "ms": ROUND_TRIP.as_millis() as u64 }]);
    simulator.fault(installation.http(), &slow).await?;
    let elapsed = run_all(&installation, accounts, BOUND_IN_FLIGHT).await?;
    let calls = simulator.calls(installation.http()).await?;
    installation.close().await;
    Ok(Bound {
        accounts,
        allowed_at_once,
        peak: calls.peak("netsuite"),
        calls: calls.of_vendor("netsuite"),
        used_percent: calls.share_taken("netsuite", allowed_at_once),
        runs_per_second: f64::from(accounts) / elapsed.as_secs_f64(),
    })
}

/// Runs that many accounts to their end, and how long it took.
async fn run_all(installation: &Installation, accounts: u32, in_flight: u16) -> Result<Duration> {
    let engine = installation.engine().await?;
    let ids = (1..=accounts).map(|number| AccountId::parse(format!("SYN-{number:06}")));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let begun = Instant::now();
    let finished = run_accounts(&engine, ids, usize::from(in_flight), (Trigger::Batch, "bench")).await;
    let elapsed = begun.elapsed();
    let completed = |record: &gangway_protocol::RunRecord| record.state == RunState::Completed;
    if let Some(row) = finished.iter().find(|row| !row.record.as_ref().is_ok_and(completed)) {
        bail!("{} did not complete; the figures would be of something else", row.account_id);
    }
    Ok(elapsed)
}

/// From so many accounts on, calls to gather are shared by enough of them to be judged.
const JUDGED_FROM: u32 = 2_000;
/// Calls to gather, per account, at most.
const CALLS_PER_ACCOUNT: f64 = 0.1;
/// What is to be used of what NetSuite allows, in per cent.
const USED_PERCENT: f64 = 95.0;

impl Batch {
    /// What went wrong: vendors were asked more often, or more at once, than they may be.
    pub fn failures(&self) -> Vec<String> {
        let (calls, bound) = (self.gather_calls_per_account, &self.bound);
        let is_often = self.accounts >= JUDGED_FROM && calls > CALLS_PER_ACCOUNT;
        let often = is_often.then(|| {
            format!(
                "vendor calls to gather, per account: {calls:.3}, at most {CALLS_PER_ACCOUNT} are allowed"
            )
        });
        let is_crowded = bound.peak > u64::from(bound.allowed_at_once);
        let crowded = is_crowded
            .then(|| format!("{} calls at once where NetSuite allows {}", bound.peak, bound.allowed_at_once));
        often.into_iter().chain(crowded).collect()
    }

    /// The goals that were missed.
    pub fn missed_goals(&self) -> Vec<String> {
        let used = self.bound.used_percent;
        let missed = (used < USED_PERCENT)
            .then(|| format!("used of what NetSuite allows: {used:.1} %, the goal is {USED_PERCENT} %"));
        missed.into_iter().collect()
    }

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
        let bound = &self.bound;
        let what = format!(
            "NetSuite allows {} at once, {} ms each, {} accounts one by one: used of it",
            bound.allowed_at_once,
            ROUND_TRIP.as_millis(),
            bound.accounts
        );
        table.add_row([what, format!("{:.1} %, at most {} at once", bound.used_percent, bound.peak)]);
        table.add_row([
            "the same: NetSuite calls, runs/s",
            &format!("{}, {:.1}", bound.calls, bound.runs_per_second),
        ]);
        table
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Bound};

    fn measured(gather_calls_per_account: f64, peak: u64, used_percent: f64) -> Batch {
        Batch {
            accounts: 2_000,
            in_flight: 256,
            gather_calls_per_account,
            peak_salesforce: 2,
            peak_docusign: 2,
            peak_netsuite: 1,
            runs_per_second: 100.0,
            bound: Bound {
                accounts: 300,
                allowed_at_once: 5,
                peak,
                calls: 300,
                used_percent,
                runs_per_second: 9.9,
            },
        }
    }

    #[test]
    fn vendors_asked_too_often_are_a_failure_and_unused_calls_a_missed_goal() {
        let good = measured(0.1, 5, 95.0);
        assert!(good.failures().is_empty() && good.missed_goals().is_empty());
        let bad = measured(0.101, 6, 94.9);
        assert_eq!((bad.failures().len(), bad.missed_goals().len()), (2, 1));
        let few = Batch { accounts: 1_999, ..measured(0.5, 5, 95.0) };
        assert!(few.failures().is_empty(), "few accounts share little");
    }
}
