//! The crash matrix: the service is killed at every named place, for every demo account and for the approval path,
//! with a second disturbance drawn from a seed; afterwards nothing may be lost, doubled, decided wrongly or stuck.
//!
//! Real processes, real sockets, a real database; effects are counted in the simulator's ledger, which lives in this
//! process and not in the one that is killed. A failing case prints the one command that repeats it.

mod case;
mod disturbance;
mod house;
mod journey;
mod plan;
mod receivers;
mod self_test;
mod service;
mod told;
mod vendors;
mod verdict;

use anyhow::{Context as _, Result, bail};
use case::Case;
use clap::Parser;
use futures::StreamExt as _;
use house::Ground;
use journey::End;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Kills the service everywhere and looks what is left. Exits 1 when a case failed.
#[derive(Debug, Parser)]
#[command(name = "crash-matrix")]
struct Args {
    /// The program to kill.
    #[arg(long, value_name = "FILE", default_value = "target/release/gangway")]
    binary: PathBuf,
    /// Every place, account and path with every seed, instead of a sample.
    #[arg(long)]
    all: bool,
    /// Seeds of every place, account and path; 0 is the crash alone. Those that draw the same disturbance count once.
    #[arg(long, value_name = "N", default_value_t = 100)]
    seeds: u64,
    /// How many cases to draw from all of them.
    #[arg(long, value_name = "N", default_value_t = 2_000, conflicts_with = "all")]
    sample: usize,
    /// Which sample to draw.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "all")]
    draw: u64,
    /// Only this case, e.g. ACME-001/deliver/step.effect:assess#1/7; its folder is kept.
    #[arg(long, value_name = "CASE", conflicts_with_all = ["all", "sample"])]
    case: Option<Case>,
    /// Whether the matrix can fail: runs a few cases of a program that may not tell anybody.
    #[arg(long, conflicts_with_all = ["all", "sample", "case"])]
    self_test: bool,
    /// Cases at once.
    #[arg(long, value_name = "N", default_value_t = 12)]
    at_once: usize,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    // Building an HTTP client panics without a provider; only a second installation can fail, and it does not matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let binary = std::path::absolute(&args.binary)?;
    if !binary.is_file() {
        bail!("{} is not there; build it with cargo build --release", binary.display());
    }
    if args.self_test {
        return can_fail(&binary).await;
    }
    let ground = Ground::prepared(binary).await?;
    if let Some(case) = &args.case {
        return one(&ground, case).await;
    }
    let begun = Instant::now();
    let all = plan::everything(&ground, args.seeds).await.context("the places could not be listed")?;
    let (cases, of) = match args.all {
        true => (all.clone(), all.len()),
        false => (plan::sample(&all, args.sample, args.draw), all.len()),
    };
    let places: BTreeSet<_> = all.iter().map(|case| (&case.account, case.path, &case.place)).collect();
    say(&format!("{} of {of} cases at {} places, {} at once", cases.len(), places.len(), args.at_once))?;
    let tally = run(&ground, cases, args.at_once).await?;
    // A sample may hold only those cases of a place in which it is not reached.
    let missed = if args.all { tally.missed() } else { Vec::new() };
    for spot in &missed {
        say(&format!("FAILED {spot}: no case reached it"))?;
    }
    say(&tally.told(begun.elapsed()))?;
    Ok(if tally.failed.is_empty() && missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether what is lost is seen.
async fn can_fail(binary: &Path) -> Result<ExitCode> {
    let blind = self_test::blindness(binary).await?;
    for sight in &blind {
        say(&format!("FAILED {sight}"))?;
    }
    say(if blind.is_empty() {
        "what is not told is missed"
    } else {
        "the matrix does not see what is lost"
    })?;
    Ok(if blind.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One case, told in full, its folder kept.
async fn one(ground: &Ground, case: &Case) -> Result<ExitCode> {
    let end = journey::travel(ground, case, journey::Folder::Kept).await?;
    say(&format!("{case}: {end}"))?;
    Ok(if matches!(end, End::Wrong(_)) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn run(ground: &Ground, cases: Vec<Case>, at_once: usize) -> Result<Tally> {
    let total = cases.len();
    let mut tally = Tally::default();
    let mut ends = futures::stream::iter(cases.into_iter().map(|case| async move {
        let end = journey::travel(ground, &case, journey::Folder::Removed).await;
        (case, end.unwrap_or_else(|error| End::Wrong(vec![format!("{error:#}")])))
    }))
    .buffer_unordered(at_once.max(1));
    while let Some((case, end)) = ends.next().await {
        tally.add(&case, end)?;
        if tally.done.is_multiple_of(500) {
            say(&format!("{} of {total} done, {} failed", tally.done, tally.failed.len()))?;
        }
    }
    Ok(tally)
}

#[derive(Default)]
struct Tally {
    done: usize,
    crashed: usize,
    unknown: usize,
    by_disturbance: BTreeMap<&'static str, usize>,
    /// Whether any case of a spot was killed there.
    spots: BTreeMap<String, bool>,
    failed: Vec<String>,
}

impl Tally {
    fn add(&mut self, case: &Case, end: End) -> Result<()> {
        self.done += 1;
        *self.by_disturbance.entry(case.disturbance().name()).or_default() += 1;
        let was_reached = matches!(end, End::Sound { crashed: true, .. });
        if !case.is_of_the_clock() {
            *self.spots.entry(case.spot()).or_default() |= was_reached;
        }
        match end {
            End::Sound { crashed, unknown } => {
                self.crashed += usize::from(crashed);
                self.unknown += unknown;
            }
            End::Wrong(problems) => {
                say(&format!(
                    "FAILED {case}\n  {}\n  repeat: tests/crash-matrix --case '{case}'",
                    problems.join("\n  ")
                ))?;
                self.failed.push(case.to_string());
            }
        }
        Ok(())
    }

    /// Places that were planned and never reached: what was to be shown there was not.
    fn missed(&self) -> Vec<&str> {
        self.spots.iter().filter(|(_, reached)| !**reached).map(|(spot, _)| spot.as_str()).collect()
    }

    fn told(&self, took: std::time::Duration) -> String {
        let kinds: Vec<String> =
            self.by_disturbance.iter().map(|(name, count)| format!("{name} {count}")).collect();
        format!(
            "{} passed, {} failed\n{} cases in {} s; killed in {}; messages left to a person as UNKNOWN: {}; {}",
            self.done - self.failed.len(),
            self.failed.len(),
            self.done,
            took.as_secs(),
            self.crashed,
            self.unknown,
            kinds.join(", ")
        )
    }
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}
