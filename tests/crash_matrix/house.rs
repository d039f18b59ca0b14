//! The world of one case: a data folder, simulated vendors in this process, and the settings under which the program
//! runs in it. Every case has its own, so that cases cannot touch each other.

use crate::case::Case;
use crate::disturbance::Disturbance;
use anyhow::{Context as _, Result};
use gangway_simulator::{CallLog, Effect, Options, Simulator};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::Command;

/// Signs what is delivered; nobody's secret.
pub const SECRET: &str = "whsec_Y3Jhc2gtbWF0cml4LWNyYXNoLW1hdHJpeC1jcmFzaA==";
/// Short patience: the vendors are in the next process, and a fault should not take its real time.
const SETTINGS: [(&str, &str); 9] = [
    ("GANGWAY_SERVE__WEBHOOK_SECRETS", SECRET),
    ("GANGWAY_TOOL_DEADLINE_MS", "5000"),
    ("GANGWAY_STEP_RETRY_BASE_MS", "1"),
    ("GANGWAY_SALESFORCE__RETRY_BASE_MS", "1"),
    ("GANGWAY_CLM__RETRY_BASE_MS", "1"),
    ("GANGWAY_NETSUITE__RETRY_BASE_MS", "1"),
    ("GANGWAY_SALESFORCE__ATTEMPT_DEADLINE_MS", "400"),
    ("GANGWAY_CLM__ATTEMPT_DEADLINE_MS", "400"),
    ("GANGWAY_NETSUITE__ATTEMPT_DEADLINE_MS", "400"),
];
/// Made once per machine if the clock is to be stepped.
const FAKE_TIME: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];

/// Where one case happens.
pub struct House {
    binary: PathBuf,
    folder: TempDir,
    simulator: Simulator,
}

impl House {
    /// An empty one, with the case's vendor faults planned.
    pub async fn open(binary: &Path, case: &Case) -> Result<Self> {
        // Memory rather than disk where there is one: what is tested is processes dying, not power failing.
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        let folder = folder.context("cannot make a folder for the case")?;
        let options = Options { seed: case.seed, ..Options::default() };
        let simulator = Simulator::start(options).await.context("the simulated vendors did not start")?;
        if let Disturbance::Vendor(_, fault) = case.disturbance() {
            simulator.faults().add(fault);
        }
        Ok(Self { binary: binary.to_owned(), folder, simulator })
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command of the program, its clock `clock_step_s` seconds off.
    pub fn command(&self, arguments: &[&str], clock_step_s: i64) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GANGWAY_")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .env("RUST_LOG", "warn")
            .env("GANGWAY_DATA_DIR", self.folder().join("data"))
            .env("GANGWAY_SIMULATOR", &self.simulator.addresses().base_url)
            .envs(SETTINGS)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if clock_step_s != 0
            && let Some(library) = FAKE_TIME.iter().find(|library| Path::new(library).is_file())
        {
            // The clock of waits and deadlines does not step.
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME", format!("{clock_step_s:+}s"))
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        command
    }

    /// What a command prints as JSON, however it exits.
    pub async fn json(&self, arguments: &[&str], clock_step_s: i64) -> Result<Value> {
        let output = self.command(arguments, clock_step_s).output().await?;
        serde_json::from_slice(&output.stdout).with_context(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!("gangway {} printed no JSON ({}): {said}", arguments.join(" "), output.status)
        })
    }

    /// What the vendors were asked.
    pub fn calls(&self) -> CallLog {
        self.simulator.calls()
    }

    /// What the vendors saw happen.
    pub fn effects(&self) -> Vec<Effect> {
        self.simulator.ledger().entries()
    }

    /// Every planned fault is taken back: the vendors are well again.
    pub fn heal(&self) {
        self.simulator.faults().clear();
    }

    /// Leaves the folder where it is, for a look.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}
