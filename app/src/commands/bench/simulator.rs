//! The simulator as a child process, so that neither its memory nor its ledger counts as ours.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A running `gangway simulate`, ended with this value.
pub struct SimulatorProcess {
    _child: Child,
    /// Where it answers.
    pub base_url: String,
}

#[derive(Deserialize)]
struct Addresses {
    base_url: String,
}

impl SimulatorProcess {
    /// Starts one with this latency and this many synthetic accounts.
    pub async fn start(latency: Duration, accounts: u32) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["simulate", "--latency-ms", &latency.as_millis().to_string()])
            .args(["--synthetic", &accounts.to_string()])
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the simulator")?;
        let stdout = child.stdout.take().context("the simulator has no standard output")?;
        let line =
            BufReader::new(stdout).lines().next_line().await?.context("the simulator did not start")?;
        let addresses: Addresses =
            serde_json::from_str(&line).context("the simulator said something else")?;
        Ok(Self { _child: child, base_url: addresses.base_url })
    }

    /// What the vendors saw so far.
    pub async fn calls(&self, http: &reqwest::Client) -> Result<Calls> {
        let answer =
            http.get(format!("{}/_simulator/calls", self.base_url)).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// Sets what the vendors counted to zero.
    pub async fn forget_calls(&self, http: &reqwest::Client) -> Result<()> {
        http.delete(format!("{}/_simulator/calls", self.base_url)).send().await?.error_for_status()?;
        Ok(())
    }

    /// Puts these faults in the place of all others.
    pub async fn fault(&self, http: &reqwest::Client, faults: &Value) -> Result<()> {
        self.put(http, "faults", faults).await
    }

    /// Has NetSuite refuse whatever comes while this many calls run already.
    pub async fn narrow_netsuite(&self, http: &reqwest::Client, concurrency: u16) -> Result<()> {
        self.put(http, "netsuite/limits", &json!({ "concurrency": concurrency })).await
    }

    async fn put(&self, http: &reqwest::Client, what: &str, body: &Value) -> Result<()> {
        let url = format!("{}/_simulator/{what}", self.base_url);
        http.put(url).json(body).send().await?.error_for_status()?;
        Ok(())
    }
}

/// What the vendors counted.
#[derive(Debug, Deserialize)]
pub struct Calls {
    /// One entry per vendor and operation.
    operations: Vec<Count>,
    /// The most calls of each vendor that ran at once.
    peak_concurrency: BTreeMap<String, u64>,
    /// How fast calls of each vendor came.
    #[serde(default)]
    pace: BTreeMap<String, Pace>,
}

/// A vendor's calls in time, since its counters were last set to zero.
#[derive(Debug, Default, Deserialize)]
struct Pace {
    first_us: u64,
    last_us: u64,
    busy_us: u64,
    per_second: Vec<u64>,
}

/// How often one operation was called.
#[derive(Debug, Deserialize)]
pub struct Count {
    vendor: String,
    operation: String,
    count: u64,
}

impl Calls {
    /// Reads made to assess accounts: Salesforce, DocuSign and NetSuite, tokens and writes not counted.
    pub fn of_assessment(&self) -> u64 {
        let sources = ["salesforce", "docusign", "netsuite"];
        self.sum(|count| sources.contains(&count.vendor.as_str()) && count.operation != "update")
    }

    /// A vendor's calls.
    pub fn of_vendor(&self, vendor: &str) -> u64 {
        self.sum(|count| count.vendor == vendor)
    }

    /// The most calls of a vendor that ran at once.
    pub fn peak(&self, vendor: &str) -> u64 {
        self.peak_concurrency.get(vendor).copied().unwrap_or(0)
    }

    /// How much of the time from a vendor's first call to its last one this many places were taken, in per cent.
    pub fn share_taken(&self, vendor: &str, places: u16) -> f64 {
        self.pace.get(vendor).map_or(f64::NAN, |pace| {
            let span_us = pace.last_us.saturating_sub(pace.first_us);
            100.0 * pace.busy_us as f64 / (span_us as f64 * f64::from(places))
        })
    }

    /// The most calls of a vendor that came in one second.
    pub fn most_in_a_second(&self, vendor: &str) -> u64 {
        self.pace.get(vendor).and_then(|pace| pace.per_second.iter().copied().max()).unwrap_or(0)
    }

    /// Every call, mails included.
    pub fn all(&self) -> u64 {
        self.sum(|_| true)
    }

    fn sum(&self, wanted: impl Fn(&Count) -> bool) -> u64 {
        self.operations
            .iter()
            .filter(|count| count.operation != "token" && wanted(count))
            .map(|count| count.count)
            .sum()
    }
}
