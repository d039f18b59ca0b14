//! The intake under load: signed events with repeats among them, at many connections, against a `gangway serve` of its own.
//!
//! Sender, service and simulated vendors share the machine's cores. What was done is counted in the simulator's ledger.

use super::simulator::SimulatorProcess;
use crate::output;
use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::stream::{self, StreamExt as _};
use gangway_intake::signature::sign_standard;
use jiff::Timestamp;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// One event in so many comes again.
const REPEAT_EVERY: u32 = 10;
/// How far back the one that comes again was sent first: still under way, as often as not.
const REPEAT_BACK: u32 = 7;
/// Between two looks at `/healthz`.
const PROBE_EVERY: Duration = Duration::from_millis(20);
/// Between two looks at how many runs still wait.
const DRAIN_LOOK: Duration = Duration::from_millis(250);
/// Goals at zero vendor latency; that of memory is three times what 10,000 events took when it was set.
const ACK_P99_MS: f64 = 50.0;
const HEALTHZ_P99_MS: f64 = 20.0;
const RESIDENT_MB: f64 = 250.0;
const PATIENCE: Duration = Duration::from_secs(600);

/// What was measured. Times are milliseconds.
#[derive(Debug, Serialize)]
pub struct IntakeFigures {
    /// Events sent, repeats included.
    pub events: u32,
    /// Connections they were sent over at once.
    pub connections: u16,
    /// Events acknowledged.
    pub acknowledged: u32,
    /// Accounts among them.
    pub accounts: u32,
    /// Accounts announced in Slack exactly once, as the simulator counted.
    pub run_exactly_once: u32,
    /// Acknowledgements per second.
    pub acknowledged_per_second: f64,
    /// Half of the acknowledgements came faster.
    pub ack_p50_ms: f64,
    /// 99 of 100 came faster.
    pub ack_p99_ms: f64,
    /// `/healthz` meanwhile: 99 of 100 came faster.
    pub healthz_p99_ms: f64,
    /// Runs finished per second, from the first event to the last run.
    pub runs_per_second: f64,
    /// The service's memory at its highest, in megabytes.
    pub resident_peak_mb: f64,
}

impl IntakeFigures {
    /// Events that were not acknowledged, accounts that were not run exactly once; empty when all is well.
    pub fn failures(&self) -> Vec<String> {
        let counts = [
            ("events were acknowledged", self.acknowledged, self.events),
            ("accounts were run exactly once", self.run_exactly_once, self.accounts),
        ];
        let short = counts.into_iter().filter(|(_, counted, all)| counted != all);
        short.map(|(what, counted, all)| format!("{counted} of {all} {what}")).collect()
    }

    /// The goals that were missed.
    pub fn missed_goals(&self) -> Vec<String> {
        let goals = [
            ("acknowledgement p99, ms", self.ack_p99_ms, ACK_P99_MS),
            ("/healthz p99 meanwhile, ms", self.healthz_p99_ms, HEALTHZ_P99_MS),
            ("memory at its highest, MB", self.resident_peak_mb, RESIDENT_MB),
        ];
        let missed = goals.into_iter().filter(|(_, measured, goal)| measured > goal);
        missed.map(|(what, measured, goal)| format!("{what}: {measured:.1}, the goal is {goal}")).collect()
    }

    /// The figures as a table.
    pub fn table(&self) -> comfy_table::Table {
        let mut table = output::table(&["figure", "measured"]);
        let rows = [
            ("events sent, repeats included", self.events.to_string()),
            ("connections", self.connections.to_string()),
            ("acknowledged", self.acknowledged.to_string()),
            ("accounts", self.accounts.to_string()),
            ("accounts run exactly once", self.run_exactly_once.to_string()),
            ("acknowledged per second", format!("{:.0}", self.acknowledged_per_second)),
            ("acknowledgement p50, ms", format!("{:.1}", self.ack_p50_ms)),
            ("acknowledgement p99, ms", format!("{:.1}", self.ack_p99_ms)),
            ("/healthz p99 meanwhile, ms", format!("{:.1}", self.healthz_p99_ms)),
            ("runs finished per second", format!("{:.0}", self.runs_per_second)),
            ("memory at its highest, MB", format!("{:.0}", self.resident_peak_mb)),
        ];
        for (figure, measured) in rows {
            table.add_row([figure.to_owned(), measured]);
        }
        table
    }
}

/// Sends, waits for the runs, counts.
pub async fn measure(events: u32, connections: u16) -> Result<IntakeFigures> {
    let vendors = SimulatorProcess::start(Duration::ZERO, events).await?;
    let folder = tempfile::tempdir().context("cannot make a folder for the benchmark")?;
    let key: [u8; 32] = rand::random();
    let service = ServiceProcess::start(&vendors.base_url, folder.path(), &key, events).await?;
    let http =
        reqwest::Client::builder().no_proxy().pool_max_idle_per_host(usize::from(connections)).build()?;
    let begun = Instant::now();
    let done = CancellationToken::new();
    let probe = tokio::spawn(probe(http.clone(), service.url("/healthz"), done.clone()));
    let mut times: Vec<Duration> = stream::iter(0..events)
        .map(|number| send(&http, &service, &key, number))
        .buffer_unordered(usize::from(connections))
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .collect::<Result<_>>()?;
    let acknowledged_after = begun.elapsed();
    done.cancel();
    let mut probes = probe.await.context("probing ended in a panic")??;
    service.rest(&http).await?;
    let resident_peak_mb = service.resident_peak_mb()?;
    service.end().await?;
    let finished_after = begun.elapsed();
    let accounts = (0..events).filter(|number| original(*number) == *number).count();
    Ok(IntakeFigures {
        events,
        connections,
        acknowledged: u32::try_from(times.len())?,
        accounts: u32::try_from(accounts)?,
        run_exactly_once: announced_once(&http, &vendors.base_url).await?,
        acknowledged_per_second: f64::from(events) / acknowledged_after.as_secs_f64(),
        ack_p50_ms: super::load::percentile(&mut times, 50),
        ack_p99_ms: super::load::percentile(&mut times, 99),
        healthz_p99_ms: super::load::percentile(&mut probes, 99),
        runs_per_second: f64::from(u32::try_from(accounts)?) / finished_after.as_secs_f64(),
        resident_peak_mb,
    })
}

/// The event a delivery repeats, or itself.
fn original(number: u32) -> u32 {
    if number % REPEAT_EVERY == REPEAT_EVERY - 1 { number - REPEAT_BACK } else { number }
}

async fn send(http: &reqwest::Client, service: &ServiceProcess, key: &[u8], number: u32) -> Result<Duration> {
    let event = original(number);
    let body = format!(r#"{{"account_id":"SYN-{:06}","correlation_id":"intake-{event}"}}"#, event + 1);
    let (id, seconds) = (format!("msg-{event}"), Timestamp::now().as_second());
    let signature = sign_standard(key, &id, seconds, body.as_bytes()).context("the key cannot sign")?;
    let request = http
        .post(service.url("/webhook/onboarding"))
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", signature)
        .body(body);
    let begun = Instant::now();
    let answer = request.send().await.context("the service does not answer")?;
    let (status, text) = (answer.status(), answer.text().await?);
    let took = begun.elapsed();
    ensure!(status == StatusCode::ACCEPTED, "an event was answered {status}: {text}");
    Ok(took)
}

async fn probe(http: reqwest::Client, url: String, done: CancellationToken) -> Result<Vec<Duration>> {
    let mut looks = tokio::time::interval(PROBE_EVERY);
    let mut times = Vec::new();
    while done.run_until_cancelled(looks.tick()).await.is_some() {
        let begun = Instant::now();
        http.get(&url).send().await?.error_for_status()?.bytes().await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Accounts announced in Slack exactly once: a message has no key of its own, so a second run would show.
async fn announced_once(http: &reqwest::Client, simulator: &str) -> Result<u32> {
    #[derive(Deserialize)]
    struct Ledger {
        entries: Vec<BTreeMap<String, serde_json::Value>>,
    }
    let ledger: Ledger = http.get(format!("{simulator}/_simulator/ledger")).send().await?.json().await?;
    let mut messages: BTreeMap<String, u32> = BTreeMap::new();
    for entry in ledger.entries {
        if entry.get("kind").and_then(|kind| kind.as_str()) == Some("slack_message") {
            let text = serde_json::to_string(&entry)?;
            let account =
                text.find("SYN-").and_then(|at| text.get(at..at + 10)).unwrap_or_default().to_owned();
            *messages.entry(account).or_default() += 1;
        }
    }
    Ok(u32::try_from(messages.values().filter(|count| **count == 1).count())?)
}

/// A `gangway serve` of our own, with limits above the load.
struct ServiceProcess {
    child: Child,
    base_url: String,
}

impl ServiceProcess {
    async fn start(simulator: &str, folder: &Path, key: &[u8], events: u32) -> Result<Self> {
        let above = events.saturating_mul(10).to_string();
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("GANGWAY_DATA_DIR", folder)
            .env("GANGWAY_SIMULATOR", simulator)
            .env("GANGWAY_SERVE__WEBHOOK_SECRETS", format!("bench:whsec_{}", STANDARD.encode(key)))
            .env("GANGWAY_SERVE__EVENTS_PER_MINUTE", &above)
            .env("GANGWAY_SERVE__REQUESTS_PER_MINUTE", &above)
            .env("GANGWAY_SERVE__QUEUE", &above)
            .env("RUST_LOG", "warn")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the service")?;
        let stdout = child.stdout.take().context("the service has no standard output")?;
        let base_url =
            BufReader::new(stdout).lines().next_line().await?.context("the service did not start")?;
        Ok(Self { child, base_url })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Returns when no run waits any more.
    async fn rest(&self, http: &reqwest::Client) -> Result<()> {
        #[derive(Deserialize)]
        struct Ready {
            waiting_runs: u64,
        }
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let ready: Ready = http.get(self.url("/readyz")).send().await?.error_for_status()?.json().await?;
            if ready.waiting_runs == 0 {
                return Ok(());
            }
            tokio::time::sleep(DRAIN_LOOK).await;
        }
        bail!("runs still wait after {PATIENCE:?}")
    }

    /// `VmHWM` of the service (proc(5)).
    fn resident_peak_mb(&self) -> Result<f64> {
        let pid = self.child.id().context("the service is gone")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes / 1_000.0)
    }

    /// Asks it to end: what it has begun rests first.
    async fn end(mut self) -> Result<()> {
        let pid = self.child.id().context("the service is gone")?.to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await.context("cannot ask the service to end")?;
        let ended = self.child.wait().await?;
        ensure!(ended.success(), "the service ended with {ended}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{IntakeFigures, original};

    #[test]
    fn what_is_lost_doubled_or_too_slow_is_named() {
        let good = IntakeFigures {
            events: 100,
            connections: 64,
            acknowledged: 100,
            accounts: 90,
            run_exactly_once: 90,
            acknowledged_per_second: 1_000.0,
            ack_p50_ms: 10.0,
            ack_p99_ms: 50.0,
            healthz_p99_ms: 20.0,
            runs_per_second: 100.0,
            resident_peak_mb: 90.0,
        };
        assert!(good.failures().is_empty() && good.missed_goals().is_empty());
        let bad = IntakeFigures { run_exactly_once: 89, ack_p99_ms: 50.1, ..good };
        assert_eq!(bad.failures(), ["89 of 90 accounts were run exactly once"]);
        assert_eq!(bad.missed_goals(), ["acknowledgement p99, ms: 50.1, the goal is 50"]);
    }

    #[test]
    fn one_event_in_ten_comes_again_and_was_sent_before() {
        let repeats: Vec<u32> = (0..100).filter(|number| original(*number) != *number).collect();
        assert_eq!(repeats.len(), 10);
        assert!(repeats.iter().all(|number| {
            let first = original(*number);
            first < *number && original(first) == first
        }));
    }
}
