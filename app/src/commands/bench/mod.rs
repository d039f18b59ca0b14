//! `gangway bench`: throughput, latency, vendor calls and memory; a batch's vendor calls; a vendor's brown-out. Against a
//! simulator in a process of its own.
//!
//! Every figure is measured here and now; none is a goal. The simulator shares the machine's cores with us.

mod batch;
mod brownout;
mod figures;
mod intake;
mod load;
mod simulator;

use crate::cli::{BenchArgs, Globals, Json, RUN_ALL_IN_FLIGHT};
use crate::config::Sources;
use crate::output;
use anyhow::{Result, bail};
use figures::Figures;
use serde::Serialize;
use simulator::SimulatorProcess;
use std::process::ExitCode;
use std::time::Duration;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// Runs alone and under load, and with distant vendors.
    Load,
    /// run-all: vendor calls per account, and how many run at once.
    Batch,
    /// NetSuite fails half of the time, then always, then is back.
    Brownout,
    /// Signed webhooks against a running service, one in ten of them a repeat.
    Intake,
}

/// Runs one after the other, for latency without load.
const ALONE: u32 = 200;
/// Runs at the simulated round trip.
const DISTANT: u32 = 10;
/// Simulated round trip of every vendor.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// Runs in flight at full load.
const IN_FLIGHT: u16 = 64;

/// Measures and prints.
pub async fn run(args: BenchArgs, globals: &Globals) -> Result<ExitCode> {
    let sources = Sources::read(globals)?;
    if sources.names_a_vendor() || sources.simulator().is_some() {
        bail!(
            "the benchmark starts simulated vendors of its own; run it without configured vendors and without GANGWAY_SIMULATOR"
        );
    }
    if args.goals && !matches!(args.scenario, Scenario::Intake | Scenario::Batch) {
        bail!("--goals is for --scenario intake and batch; the other scenarios only measure");
    }
    // What must not happen is a failure: an event lost, an account run twice, a vendor asked too often. How fast it was is for
    // the reader to judge, unless they ask.
    let (failures, missed_goals) = match args.scenario {
        Scenario::Load => {
            load(args).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Scenario::Brownout => {
            let brownout = brownout::measure().await?;
            show(&args.output, &brownout, brownout.table())?;
            return Ok(ExitCode::SUCCESS);
        }
        Scenario::Batch => {
            let batch = batch::measure(args.runs, args.in_flight.unwrap_or(RUN_ALL_IN_FLIGHT)).await?;
            show(&args.output, &batch, batch.table())?;
            (batch.failures(), batch.missed_goals())
        }
        Scenario::Intake => {
            let figures = intake::measure(args.events, args.connections).await?;
            show(&args.output, &figures, figures.table())?;
            (figures.failures(), figures.missed_goals())
        }
    };
    let asked = if args.goals { missed_goals } else { Vec::new() };
    for failure in failures.iter().chain(&asked) {
        output::remark(failure)?;
    }
    Ok(if failures.is_empty() && asked.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(wanted: &Json, figures: &impl Serialize, table: comfy_table::Table) -> Result<()> {
    if wanted.json { output::json(figures) } else { output::line(&table.to_string()) }
}

async fn load(args: BenchArgs) -> Result<()> {
    let near = SimulatorProcess::start(Duration::ZERO, load::WARM_UP + ALONE + args.runs).await?;
    let in_flight = args.in_flight.unwrap_or(IN_FLIGHT);
    let near_figures = load::near(&near, ALONE, args.runs, usize::from(in_flight)).await?;
    drop(near);
    let distant = SimulatorProcess::start(ROUND_TRIP, load::WARM_UP + DISTANT).await?;
    let distant_figures = load::distant(&distant, DISTANT, ROUND_TRIP).await?;
    drop(distant);
    let figures = Figures { in_flight, runs: args.runs, near: near_figures, distant: distant_figures };
    show(&args.output, &figures, figures.table())
}
