//! A vendor's brown-out under load: half of NetSuite's answers are 503, then all of them, then it is back.
//!
//! Three groups of callers ask Salesforce, DocuSign and NetSuite the whole time. What the vendors saw is the simulator's
//! own count, from the moment the breaker opened; nothing here is derived from what the callers hoped for.

use super::load::percentile;
use super::simulator::SimulatorProcess;
use crate::config::Sources;
use crate::installation::Installation;
use crate::output;
use anyhow::{Context as _, Result};
use gangway_governance::limits::breaker::Phase;
use gangway_governance::limits::settings::{CoalesceSettings, VendorLimits};
use gangway_governance::limits::{LimitSettings, Limits, Vendor};
use gangway_protocol::tools::clm::{ContractArgs, GetContract};
use gangway_protocol::tools::netsuite::{GetInvoices, InvoicesArgs};
use gangway_protocol::tools::salesforce::{DealArgs, GetOnboardingBundle};
use gangway_protocol::{AccountId, ApiError};
use gangway_toolbelt::{Agent, Scope, Toolbelt};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Accounts asked about.
const ACCOUNTS: u32 = 400;
/// Callers of each vendor.
const CALLERS: u32 = 12;
/// A caller's pause between two calls: load enough, and not so much that the machine is what is measured.
const PAUSE: Duration = Duration::from_millis(40);
/// Every vendor's round trip.
const ROUND_TRIP: Duration = Duration::from_millis(10);
/// Lengths of the phases. In the second one the breaker's window has to forget the first.
const HEALTHY: Duration = Duration::from_secs(4);
const HALF: Duration = Duration::from_secs(14);
const DEAD: Duration = Duration::from_secs(8);
const BACK: Duration = Duration::from_secs(6);
/// Longest wait for the breaker to close once the vendor is back.
const RECOVERY: Duration = Duration::from_secs(30);
/// Wait before the first probe: short, so that the benchmark sees several.
const COOL_DOWN: Duration = Duration::from_secs(1);

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Brownout {
    /// From the first 503 to the open breaker.
    pub opened_after_ms: Option<u64>,
    /// Calls that reached the dead vendor while the breaker was not closed.
    pub calls_to_the_dead_vendor: u64,
    /// How many of them ran at once at most.
    pub probes_at_once: u64,
    /// Calls of ours that were refused in that time instead.
    pub refused_meanwhile: u64,
    /// From the moment the vendor was back to the closed breaker.
    pub recovered_after_ms: Option<u64>,
    /// The most calls that ran at once after it was back.
    pub peak_after_recovery: u64,
    /// The most that ran at once before.
    pub peak_before: u64,
    /// The most calls that came in one second after it was back.
    pub most_in_a_second_after_recovery: u64,
    /// The most that came in one second before.
    pub most_in_a_second_before: u64,
    /// How the calls went, by phase and system.
    pub phases: Vec<PhaseFigures>,
}

/// One system in one phase.
#[derive(Debug, Serialize)]
pub struct PhaseFigures {
    /// `healthy`, `half`, `dead` or `back`.
    pub phase: &'static str,
    /// The system asked.
    pub system: &'static str,
    /// Calls that succeeded.
    pub succeeded: usize,
    /// Calls that failed or were refused.
    pub failed: usize,
    /// Of those that succeeded, half were faster.
    pub p50_ms: f64,
    /// Of those that succeeded, 99 of 100 were faster.
    pub p99_ms: f64,
}

type Ended = (&'static str, Duration, bool);

/// What all callers share.
struct Load {
    stop: CancellationToken,
    ended: Mutex<Vec<Ended>>,
}

/// Runs the four phases.
pub async fn measure() -> Result<Brownout> {
    let simulator = SimulatorProcess::start(ROUND_TRIP, ACCOUNTS).await?;
    let folder = tempfile::tempdir().context("cannot make a folder for the benchmark")?;
    let installation = Installation::open(Sources::simulated_at(&simulator.base_url, folder.path())).await?;
    installation.limits().replace(&limits());
    let load = Arc::new(Load { stop: CancellationToken::new(), ended: Mutex::default() });
    let callers = callers(&installation, &load).await?;
    let measured = phases(&installation, &simulator, &load).await;
    load.stop.cancel();
    for caller in callers {
        caller.await.context("a caller of the benchmark died")?;
    }
    installation.close().await;
    measured
}

fn limits() -> LimitSettings {
    let cool_down_ms = u64::try_from(COOL_DOWN.as_millis()).ok();
    LimitSettings {
        netsuite: VendorLimits { cool_down_ms, ..VendorLimits::default() },
        clm: VendorLimits { per_second: Some(0), per_hour: Some(0), ..VendorLimits::default() },
        // One call for each question: nothing softens the load.
        coalesce: CoalesceSettings { window_ms: 0, longest_ms: 0 },
        ..LimitSettings::default()
    }
}

async fn phases(installation: &Installation, simulator: &SimulatorProcess, load: &Load) -> Result<Brownout> {
    let (http, gate) = (installation.http(), installation.limits().gate(Vendor::Netsuite));
    let mut figures = Vec::new();
    let mut phase = async |name, length| {
        load.take();
        tokio::time::sleep(length).await;
        figures.extend(summary(name, load.take()));
    };
    tokio::time::sleep(HEALTHY / 4).await;
    simulator.forget_calls(http).await?;
    phase("healthy", HEALTHY).await;
    let before = simulator.calls(http).await?;
    let opened = reached(installation.limits(), Phase::Open);
    simulator.fault(http, &unavailable(0.5)).await?;
    phase("half", HALF).await;
    simulator.fault(http, &unavailable(1.0)).await?;
    let opened = opened.await.context("the breaker was not watched")?;
    // A probe in the half-dead phase may have closed it again.
    while gate.view().phase == Phase::Closed {
        tokio::time::sleep(PAUSE).await;
    }
    simulator.forget_calls(http).await?;
    let refused_before = gate.view().refused;
    phase("dead", DEAD).await;
    let (dead, refused) = (simulator.calls(http).await?, gate.view().refused - refused_before);
    simulator.forget_calls(http).await?;
    let closed = reached(installation.limits(), Phase::Closed);
    simulator.fault(http, &json!([])).await?;
    let closed = tokio::time::timeout(RECOVERY, closed).await.ok().and_then(Result::ok).flatten();
    phase("back", BACK).await;
    let ms = |time: Option<Duration>| time.and_then(|time| u64::try_from(time.as_millis()).ok());
    let after = simulator.calls(http).await?;
    Ok(Brownout {
        opened_after_ms: ms(opened),
        calls_to_the_dead_vendor: dead.of_vendor("netsuite"),
        probes_at_once: dead.peak("netsuite"),
        refused_meanwhile: refused,
        recovered_after_ms: ms(closed),
        peak_after_recovery: after.peak("netsuite"),
        peak_before: before.peak("netsuite"),
        most_in_a_second_after_recovery: after.most_in_a_second("netsuite"),
        most_in_a_second_before: before.most_in_a_second("netsuite"),
        phases: figures,
    })
}

/// How long it takes from now until NetSuite's breaker, is there.
fn reached(limits: &Limits, phase: Phase) -> JoinHandle<Option<Duration>> {
    let (mut changes, begun) = (limits.subscribe(), Instant::now());
    tokio::spawn(async move {
        while let Ok(change) = changes.recv().await {
            if change.vendor == Vendor::Netsuite && change.to == phase {
                return Some(begun.elapsed());
            }
        }
        None
    })
}

fn unavailable(probability: f64) -> Value {
    json!([{"vendor": "netsuite", "kind": "status", "status": 503, "probability": probability}])
}

/// Callers of each vendor, each asking about other accounts all the time.
async fn callers(installation: &Installation, load: &Arc<Load>) -> Result<Vec<JoinHandle<()>>> {
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        let belt = installation.belt(Agent::Coordinator).await?;
        callers.push(tokio::spawn(Arc::clone(load).keep(
            "salesforce",
            number,
            belt,
            async |belt, scope, id| {
                let args = DealArgs { account_id: id, opportunity_id: None };
                belt.call::<GetOnboardingBundle>(&scope, &args).await.map(drop)
            },
        )));
        let belt = installation.belt(Agent::Contract).await?;
        callers.push(tokio::spawn(Arc::clone(load).keep("clm", number, belt, async |belt, scope, id| {
            let args = ContractArgs { account_id: Some(id), contract_id: None };
            belt.call::<GetContract>(&scope, &args).await.map(drop)
        })));
        let belt = installation.belt(Agent::Finance).await?;
        callers.push(tokio::spawn(Arc::clone(load).keep(
            "netsuite",
            number,
            belt,
            async |belt, scope, id| {
                belt.call::<GetInvoices>(&scope, &InvoicesArgs { account_ids: vec![id] }).await.map(drop)
            },
        )));
    }
    Ok(callers)
}

impl Load {
    async fn keep<F>(
        self: Arc<Self>,
        system: &'static str,
        number: u32,
        belt: Toolbelt,
        ask: impl Fn(Toolbelt, Scope, AccountId) -> F,
    ) where
        F: Future<Output = Result<(), ApiError>>,
    {
        let mut turn = number;
        while !self.stop.is_cancelled() {
            turn = (turn + CALLERS) % ACCOUNTS;
            let Ok(id) = AccountId::parse(format!("SYN-{:06}", turn + 1)) else { return };
            let begun = Instant::now();
            let answer = ask(belt.clone(), Scope::of_no_run(Duration::from_secs(60)), id).await;
            self.ended().push((system, begun.elapsed(), answer.is_ok()));
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn take(&self) -> Vec<Ended> {
        std::mem::take(&mut *self.ended())
    }

    fn ended(&self) -> std::sync::MutexGuard<'_, Vec<Ended>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn summary(phase: &'static str, ended: Vec<Ended>) -> Vec<PhaseFigures> {
    let mut by_system: BTreeMap<&'static str, (Vec<Duration>, usize)> = BTreeMap::new();
    for (system, took, succeeded) in ended {
        let (times, failed) = by_system.entry(system).or_default();
        if succeeded { times.push(took) } else { *failed += 1 }
    }
    let figures = by_system.into_iter().map(|(system, (mut times, failed))| PhaseFigures {
        phase,
        system,
        succeeded: times.len(),
        failed,
        p50_ms: percentile(&mut times, 50),
        p99_ms: percentile(&mut times, 99),
    });
    figures.collect()
}

impl Brownout {
    /// The figures as a table.
    pub fn table(&self) -> comfy_table::Table {
        let mut table = output::table(&["what", "measured"]);
        let ms = |time: Option<u64>| time.map_or_else(|| "never".to_owned(), |ms| format!("{ms} ms"));
        table.add_row(["breaker open after the first 503", &ms(self.opened_after_ms)]);
        table.add_row([
            &format!("calls that reached the dead vendor in {} s", DEAD.as_secs()),
            &self.calls_to_the_dead_vendor.to_string(),
        ]);
        table.add_row(["of them at once", &self.probes_at_once.to_string()]);
        table.add_row(["refused without sending meanwhile", &self.refused_meanwhile.to_string()]);
        table.add_row(["breaker closed after the vendor was back", &ms(self.recovered_after_ms)]);
        let peaks = format!("{} / {}", self.peak_before, self.peak_after_recovery);
        table.add_row(["most calls at once, before / after", &peaks]);
        let seconds = format!("{} / {}", self.most_in_a_second_before, self.most_in_a_second_after_recovery);
        table.add_row(["most calls in one second, before / after", &seconds]);
        for row in &self.phases {
            let what = format!("{}, {}: p50 / p99 (succeeded, failed)", row.phase, row.system);
            let times = match row.succeeded {
                0 => "–".to_owned(),
                _ => format!("{:.0} / {:.0} ms", row.p50_ms, row.p99_ms),
            };
            let measured = format!("{times} ({}, {})", row.succeeded, row.failed);
            table.add_row([what, measured]);
        }
        table
    }
}
