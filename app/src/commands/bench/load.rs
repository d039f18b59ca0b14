//! Making the load and timing it.

use super::figures::{Distant, Near};
use super::simulator::SimulatorProcess;
use crate::config::Sources;
use crate::installation::{Installation, OnboardingEngine};
use crate::onboarding::start;
use anyhow::{Context as _, Result, bail};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use gangway_decision::{RuleSet, decide};
use gangway_protocol::audit::AuditMoment;
use gangway_protocol::run::{RunRequest, Trigger};
use gangway_protocol::{AccountId, CorrelationId, RunRecord, RunState};
use std::hint::black_box;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Runs before anything is timed: tokens fetched, connections open.
pub const WARM_UP: u32 = 20;
/// Repetitions of `decide`.
const DECISIONS: u32 = 20_000;
/// The reads of an assessment.
const READS: [&str; 3] = ["salesforce.get_onboarding_bundle", "clm.get_contract", "netsuite.get_invoices"];

/// At zero vendor latency: alone, then under load.
pub async fn near(simulator: &SimulatorProcess, alone: u32, runs: u32, in_flight: usize) -> Result<Near> {
    let folder = tempfile::tempdir().context("cannot make a folder for the benchmark")?;
    let installation = Installation::open(Sources::simulated_at(&simulator.base_url, folder.path())).await?;
    let engine = installation.engine().await?;
    warm_up(&engine).await?;
    let mut single = Vec::new();
    for number in 0..alone {
        single.push(run(&engine, WARM_UP + number).await?.1);
    }
    let before = simulator.calls(installation.http()).await?;
    let begun = Instant::now();
    let numbers = (0..runs).map(|number| WARM_UP + alone + number);
    let mut loaded: Vec<Duration> = stream::iter(numbers)
        .map(|number| {
            let engine = engine.clone();
            async move { run(&engine, number).await.map(|(_, took)| took) }
        })
        .buffer_unordered(in_flight)
        .try_collect()
        .await?;
    let elapsed = begun.elapsed();
    let after = simulator.calls(installation.http()).await?;
    let resident_mb = resident_mb()?;
    let (record, _) = run(&engine, 0).await?;
    drop(engine);
    installation.close().await;
    let per_run = |calls: u64| calls as f64 / f64::from(runs);
    Ok(Near {
        decide_us: decide_us(&record)?,
        alone_p50_ms: percentile(&mut single, 50),
        alone_p99_ms: percentile(&mut single, 99),
        runs_per_second: f64::from(runs) / elapsed.as_secs_f64(),
        loaded_p50_ms: percentile(&mut loaded, 50),
        loaded_p99_ms: percentile(&mut loaded, 99),
        vendor_calls_per_assessment: per_run(after.of_assessment() - before.of_assessment()),
        vendor_calls_per_run: per_run(after.all() - before.all()),
        resident_mb,
    })
}

/// With slow vendors: how much of a run is waiting for them.
pub async fn distant(simulator: &SimulatorProcess, runs: u32, round_trip: Duration) -> Result<Distant> {
    let folder = tempfile::tempdir().context("cannot make a folder for the benchmark")?;
    let installation = Installation::open(Sources::simulated_at(&simulator.base_url, folder.path())).await?;
    let engine = installation.engine().await?;
    warm_up(&engine).await?;
    let (mut whole, mut gather) = (Vec::new(), Vec::new());
    for number in 0..runs {
        let (record, took) = run(&engine, WARM_UP + number).await?;
        whole.push(took);
        gather.push(gathered(&installation, &record).await?);
    }
    drop(engine);
    installation.close().await;
    let trip_ms = round_trip.as_secs_f64() * 1_000.0;
    let run_p50_ms = percentile(&mut whole, 50);
    let gather_p50_ms = percentile(&mut gather, 50);
    Ok(Distant {
        gather_over_slowest_vendor: gather_p50_ms / trip_ms,
        gather_p50_ms,
        run_p50_ms,
        run_over_critical_path: run_p50_ms / (2.0 * trip_ms),
    })
}

async fn warm_up(engine: &OnboardingEngine) -> Result<()> {
    for number in 0..WARM_UP {
        run(engine, number).await?;
    }
    Ok(())
}

/// One healthy account from request to tenant; anything else would be another measurement.
async fn run(engine: &OnboardingEngine, number: u32) -> Result<(RunRecord, Duration)> {
    let request = RunRequest {
        account_id: AccountId::parse(format!("SYN-{:06}", number + 1))?,
        opportunity_id: None,
        correlation_id: CorrelationId::from_uuid(Uuid::now_v7()),
        as_of: None,
        trigger: Trigger::Batch,
        requested_by: "benchmark".to_owned(),
    };
    let begun = Instant::now();
    let (record, _) = start(engine, request, None).await?;
    if record.state != RunState::Completed {
        bail!("{} ended {} instead of completed", record.request.account_id, record.state);
    }
    Ok((record, begun.elapsed()))
}

/// From the first read's intent to the last read's outcome, as the audit has it.
async fn gathered(installation: &Installation, record: &RunRecord) -> Result<Duration> {
    let entries = installation.store().audit().of_run(&record.run_id).await?;
    let of = |moment: AuditMoment| {
        let reads = entries.iter().filter(move |entry| READS.contains(&entry.record.tool.as_str()));
        reads.filter(move |entry| entry.record.moment == moment).map(|entry| entry.record.at)
    };
    let begun = of(AuditMoment::Intent).min().context("the run has no reads in the audit")?;
    let ended = of(AuditMoment::Outcome).max().context("the run has no finished reads in the audit")?;
    Ok(Duration::try_from(ended.duration_since(begun))?)
}

fn decide_us(record: &RunRecord) -> Result<f64> {
    let facts = record.facts.as_ref().context("the run has no facts")?;
    let rules = RuleSet::builtin();
    let begun = Instant::now();
    for _ in 0..DECISIONS {
        black_box(decide(black_box(facts), &rules, record.as_of));
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(DECISIONS))
}

/// The time that so many of a hundred stay below, in milliseconds.
pub fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}

/// `VmRSS` of this process (proc(5)).
fn resident_mb() -> Result<f64> {
    let status =
        std::fs::read_to_string("/proc/self/status").context("cannot read this process's memory use")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("the system does not say VmRSS")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1_000.0)
}
