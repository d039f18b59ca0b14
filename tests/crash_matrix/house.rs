//! The world of one case: a data folder, simulated vendors in this process, and the settings under which the program
//! runs in it. Every case has its own, so that cases cannot touch each other; all begin as copies of one.

use crate::case::{Case, Path as CasePath};
use crate::disturbance::Disturbance;
use crate::vendors::{APPROVER, CONNECT_KEY, Envelope, ORGANIZATION, SLACK_SECRET};
use anyhow::{Context as _, Result, bail};
use gangway_simulator::{CallLog, Effect, Options, Simulator};
use reqwest::Method;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::Command;

/// Signs what is delivered; nobody's secret.
pub const SECRET: &str = "whsec_Y3Jhc2gtbWF0cml4LWNyYXNoLW1hdHJpeC1jcmFzaA==";
/// Short patience: the vendors are in the next process, and a fault should not take its real time.
const SETTINGS: [(&str, &str); 14] = [
    ("GANGWAY_SERVE__WEBHOOK_SECRETS", SECRET),
    ("GANGWAY_SERVE__DOCUSIGN_KEYS", CONNECT_KEY),
    ("GANGWAY_SERVE__SALESFORCE_ORGANIZATION_ID", ORGANIZATION),
    ("GANGWAY_SLACK_SIGNING_SECRET", SLACK_SECRET),
    ("GANGWAY_ONBOARDING__APPROVAL_ENDPOINT", "https://gangway.example/webhook/slack"),
    // What sets the contract agent off is DocuSign's word, not the quarter of an hour that a case falls into.
    ("GANGWAY_SCHEDULE__CONTRACTS", YEARLY),
    ("GANGWAY_TOOL_DEADLINE_MS", "5000"),
    ("GANGWAY_STEP_RETRY_BASE_MS", "1"),
    ("GANGWAY_SALESFORCE__RETRY_BASE_MS", "1"),
    ("GANGWAY_CLM__RETRY_BASE_MS", "1"),
    ("GANGWAY_NETSUITE__RETRY_BASE_MS", "1"),
    ("GANGWAY_SALESFORCE__ATTEMPT_DEADLINE_MS", "400"),
    ("GANGWAY_CLM__ATTEMPT_DEADLINE_MS", "400"),
    ("GANGWAY_NETSUITE__ATTEMPT_DEADLINE_MS", "400"),
];
/// Jobs that the time of day sets off, once a year. What they lead to depends on when a case began.
const NO_JOB_IS_DUE: [(&str, &str); 6] = [
    ("GANGWAY_SCHEDULE__MONITOR", YEARLY),
    ("GANGWAY_SCHEDULE__OUTBOX", YEARLY),
    ("GANGWAY_SCHEDULE__APPROVALS", YEARLY),
    ("GANGWAY_SCHEDULE__ALARMS", YEARLY),
    ("GANGWAY_SCHEDULE__RETENTION", YEARLY),
    ("GANGWAY_SCHEDULE__AUDIT", YEARLY),
];
const YEARLY: &str = "0 0 1 1 *";
/// Steps a process's clock; installed once per machine.
const FAKE_TIME: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];

/// What all cases have in common: the program, and a data folder in which somebody has a key.
pub struct Ground {
    binary: PathBuf,
    folder: TempDir,
    key: String,
    http: reqwest::Client,
    policy: Option<PathBuf>,
    fake_time: &'static str,
}

impl Ground {
    /// Has the program make a data folder and a key.
    pub async fn prepared(binary: PathBuf) -> Result<Self> {
        let Some(fake_time) = FAKE_TIME.into_iter().find(|library| Path::new(library).is_file()) else {
            bail!("no clock can be stepped without libfaketime; apt-get install faketime");
        };
        // A connection to a service that died must not be offered to its successor.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build()?;
        let mut ground =
            Self { binary, folder: folder()?, key: String::new(), http, policy: None, fake_time };
        // No vendor here speaks TLS, and reading the machine's certificates is half of a start; none at all is refused.
        std::fs::write(ground.certificates(), include_str!("../../fixtures/simulator/keys/tls.cert.pem"))?;
        let arguments = ["keys", "create", "--name", "matrix", "--role", "admin", "--json"];
        let output = ground.command(ground.folder.path(), &arguments, 0).output().await?;
        let made: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("no key was made: {}", String::from_utf8_lossy(&output.stderr)))?;
        match made["key"].as_str() {
            Some(key) => key.clone_into(&mut ground.key),
            None => bail!("keys create printed no key"),
        }
        Ok(ground)
    }

    /// The same, where the coordinator may not call these tools.
    pub fn without(self, tools: &[&str]) -> std::io::Result<Self> {
        let policy = self.folder.path().join("policy.toml");
        std::fs::write(&policy, format!("[[deny]]\nwho = [\"agent:coordinator\"]\ntools = {tools:?}\n"))?;
        Ok(Self { policy: Some(policy), ..self })
    }

    fn certificates(&self) -> PathBuf {
        self.folder.path().join("certificates.pem")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A command of the program over `folder`, its clock `clock_step_s` seconds off.
    fn command(&self, folder: &Path, arguments: &[&str], clock_step_s: i64) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GANGWAY_")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .env("RUST_LOG", "warn")
            .env("SSL_CERT_FILE", self.certificates())
            .env_remove("SSL_CERT_DIR")
            .env("GANGWAY_DATA_DIR", folder.join("data"))
            .envs(SETTINGS)
            .current_dir(folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if let Some(policy) = &self.policy {
            command.env("GANGWAY_ACCESS__POLICY", policy);
        }
        if clock_step_s != 0 {
            // The clock of waits and deadlines does not step.
            command
                .env("LD_PRELOAD", self.fake_time)
                .env("FAKETIME", format!("{clock_step_s:+}s"))
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        command
    }
}

/// In memory rather than on disk where there is such a place: what is tested is processes dying, not power failing.
fn folder() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    folder.context("cannot make a folder")
}

/// Where one case happens.
pub struct House<'g> {
    ground: &'g Ground,
    folder: TempDir,
    simulator: Simulator,
    jobs: Jobs,
}

/// When the service's jobs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// As in service.
    WhenDue,
    /// Only those that somebody asks for: the same places are passed each time.
    WhenAsked,
}

impl<'g> House<'g> {
    /// One in which nothing has happened, with the case's vendor faults planned.
    pub async fn open(ground: &'g Ground, case: &Case, jobs: Jobs) -> Result<Self> {
        let folder = folder()?;
        copy(&ground.data(), &folder.path().join("data")).context("the data folder cannot be copied")?;
        let simulator =
            Simulator::start(Options::default()).await.context("the simulated vendors did not start")?;
        if let Disturbance::Vendor(_, fault) = case.disturbance() {
            simulator.faults().add(fault);
        }
        let house = Self { ground, folder, simulator, jobs };
        match case.path {
            CasePath::Deliver | CasePath::Approve | CasePath::Reject | CasePath::Message => {}
            CasePath::Press => {
                let approver = format!("[[approvers]]\nname = \"dana\"\nslack_user = \"{APPROVER}\"\n");
                std::fs::write(house.folder.path().join("gangway.toml"), approver)?;
            }
            CasePath::Sign => house.put_envelope(&case.account, Envelope::Waits).await?,
        }
        Ok(house)
    }

    /// Asks the simulator's control API.
    pub async fn control(&self, method: Method, page: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}{page}", self.simulator.addresses().base_url);
        let mut asked = self.http().request(method, url);
        if let Some(body) = body {
            asked = asked.json(body);
        }
        let text = asked.send().await?.text().await?;
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// For whoever talks to the service.
    pub fn http(&self) -> &reqwest::Client {
        &self.ground.http
    }

    /// Opens the service's HTTP API.
    pub fn key(&self) -> &str {
        &self.ground.key
    }

    /// A command of the program, its clock `clock_step_s` seconds off.
    pub fn command(&self, arguments: &[&str], clock_step_s: i64) -> Command {
        let mut command = self.ground.command(self.folder(), arguments, clock_step_s);
        command.env("GANGWAY_SIMULATOR", &self.simulator.addresses().base_url);
        if self.jobs == Jobs::WhenAsked {
            command.envs(NO_JOB_IS_DUE);
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

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => drop(std::fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}
