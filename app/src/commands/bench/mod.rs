//! `gangway bench`: throughput, latency, vendor calls and memory, against a simulator in a process of its own.
//!
//! Every figure is measured here and now; none is a goal. The simulator shares the machine's cores with us.

mod figures;
mod load;
mod simulator;

use crate::cli::{BenchArgs, Globals};
use crate::config::Sources;
use crate::output;
use anyhow::{Result, bail};
use figures::Figures;
use simulator::SimulatorProcess;
use std::process::ExitCode;
use std::time::Duration;

/// Runs one after the other, for latency without load.
const ALONE: u32 = 200;
/// Runs at the simulated round trip.
const DISTANT: u32 = 10;
/// Simulated round trip of every vendor.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// Measures and prints.
pub async fn run(args: BenchArgs, globals: &Globals) -> Result<ExitCode> {
    let sources = Sources::read(globals)?;
    if sources.names_a_vendor() || sources.simulator().is_some() {
        bail!(
            "the benchmark starts simulated vendors of its own; run it without configured vendors and without GANGWAY_SIMULATOR"
        );
    }
    let near = SimulatorProcess::start(Duration::ZERO, load::WARM_UP + ALONE + args.runs).await?;
    let near_figures = load::near(&near, ALONE, args.runs, usize::from(args.in_flight)).await?;
    drop(near);
    let distant = SimulatorProcess::start(ROUND_TRIP, load::WARM_UP + DISTANT).await?;
    let distant_figures = load::distant(&distant, DISTANT, ROUND_TRIP).await?;
    drop(distant);
    let figures =
        Figures { in_flight: args.in_flight, runs: args.runs, near: near_figures, distant: distant_figures };
    if args.output.json {
        output::json(&figures)?
    } else {
        output::line(&figures.table().to_string())?
    }
    Ok(ExitCode::SUCCESS)
}
