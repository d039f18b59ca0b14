//! Configuration: built-in defaults, `gangway.toml`, then `GANGWAY_*` variables, each overriding the one before.
//!
//! With no vendor configured at all, the simulator's addresses and credentials are the lowest layer: that is the demo.
//! A half-configured installation is refused rather than filled up with simulated records.

mod environment;
pub mod paths;
mod simulated;
mod unusable;

pub use environment::variables;
pub use simulated::Vendors;

use crate::access::Access;
use crate::cli::Globals;
use crate::people::persons_name;
use crate::schedule::{Retention, Schedule, WonDeals};
use crate::serve::settings::Serve;
use anyhow::{Context as _, Result, bail};
use environment::Environment;
use figment::Figment;
use figment::providers::{Format as _, Serialized, Toml};
use figment::value::magic::RelativePathBuf;
use gangway_protocol::Domain;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use unusable::unusable;

/// File read when `--config` names none; its absence is no error.
const DEFAULT_FILE: &str = "gangway.toml";
/// Folder used when nothing names one.
const DEFAULT_DATA_DIR: &str = "gangway-data";

/// The sections that describe vendors.
const VENDOR_SECTIONS: [&str; 4] = ["salesforce", "clm", "netsuite", "notify"];
/// Their settings that say how patiently a vendor is asked; they may be given for simulated ones too.
const PATIENCE: [&str; 4] = ["retry_base_ms", "attempt_deadline_ms", "retry", "outbox"];

/// How the agents reach one server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum Route {
    /// In this process, over channels.
    #[default]
    Embedded,
    /// As a child process, over its standard input and output.
    Stdio,
    /// At an address, over streamable HTTP.
    Http(String),
}

impl TryFrom<String> for Route {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "embedded" => Ok(Self::Embedded),
            "stdio" => Ok(Self::Stdio),
            url if url.starts_with("http://") || url.starts_with("https://") => Ok(Self::Http(text)),
            other => Err(format!("{other:?} is neither embedded, stdio nor an http(s) address")),
        }
    }
}

/// The route to every server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Routes {
    /// Salesforce.
    pub salesforce: Route,
    /// Contracts.
    pub clm: Route,
    /// NetSuite.
    pub netsuite: Route,
    /// Provisioning.
    pub provision: Route,
    /// Tasks.
    pub tasks: Route,
    /// Slack, mail, paging.
    pub notify: Route,
}

/// The rules that decide as long as none were activated.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RulesSettings {
    /// A rules file; the built-in rules when absent.
    #[serde(deserialize_with = "paths::beside_the_file")]
    pub file: Option<PathBuf>,
}

/// Where the audit's checkpoints go: away from the audit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditSettings {
    /// Folder of `audit-checkpoints.jsonl`; beside the data folder, with `.checkpoints` after its name, when absent.
    #[serde(deserialize_with = "paths::beside_the_file")]
    pub checkpoint_dir: Option<PathBuf>,
    /// Each checkpoint is also posted here, as JSON, by HTTP or HTTPS.
    pub checkpoint_url: Option<String>,
}

/// Somebody who decides on approvals in Slack.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approver {
    /// Their name, as on their API key: by it a run of their own and a second vote are known.
    #[serde(deserialize_with = "persons_name")]
    pub name: String,
    /// Their Slack user id, e.g. U024BE7LH.
    pub slack_user: String,
    /// Domains whose findings they approve; all when empty.
    #[serde(default)]
    pub domains: Vec<Domain>,
}

/// Everything that can be configured. Sections a command does not need may be missing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of the database, the reports and the locks.
    pub data_dir: PathBuf,
    /// Salesforce.
    pub salesforce: Option<gangway_salesforce::Settings>,
    /// Contracts.
    pub clm: Option<gangway_clm::Settings>,
    /// NetSuite.
    pub netsuite: Option<gangway_netsuite::Settings>,
    /// Slack, mail, paging.
    pub notify: Option<gangway_notify::Settings>,
    /// Provisioning.
    #[serde(default)]
    pub provision: gangway_provision::Settings,
    /// Names, channels and addresses of the onboarding itself.
    pub onboarding: Option<gangway_coordinator::Settings>,
    /// Which rules decide.
    #[serde(default)]
    pub rules: RulesSettings,
    /// The model that words advice, if any, and its bounds.
    #[serde(default)]
    pub adviser: gangway_advisor::Settings,
    /// People who may decide on approvals in Slack.
    #[serde(default)]
    pub approvers: Vec<Approver>,
    /// Signing secret of the Slack app whose buttons decide on approvals.
    #[serde(default)]
    pub slack_signing_secret: Option<SecretString>,
    /// How agents reach the servers.
    #[serde(default)]
    pub servers: Routes,
    /// The service.
    #[serde(default)]
    pub serve: Serve,
    /// How much of each vendor is used, and how often callers may ask.
    #[serde(default)]
    pub limits: gangway_governance::limits::LimitSettings,
    /// Who may call our MCP servers.
    #[serde(default)]
    pub access: Access,
    /// When the service's jobs run.
    #[serde(default)]
    pub schedule: Schedule,
    /// The poller of won deals.
    #[serde(default)]
    pub won_deals: WonDeals,
    /// Where the audit's checkpoints go.
    #[serde(default)]
    pub audit: AuditSettings,
    /// When what is old is forgotten.
    #[serde(default)]
    pub retention: Retention,
    /// Longest time one tool call may take, in milliseconds.
    #[serde(default = "tool_deadline_ms")]
    pub tool_deadline_ms: u64,
    /// Wait before a workflow step is tried again, in milliseconds; doubles each time.
    #[serde(default = "step_retry_base_ms")]
    pub step_retry_base_ms: u64,
}

fn tool_deadline_ms() -> u64 {
    60_000
}

fn step_retry_base_ms() -> u64 {
    500
}

/// A section a command cannot do without.
pub fn section<'c, T>(section: Option<&'c T>, name: &str) -> Result<&'c T> {
    section.with_context(|| {
        format!("{name} is not configured: add [{name}] to gangway.toml or set GANGWAY_{}__… (no vendor configured at all runs the demo)", name.to_uppercase())
    })
}

/// A setting or section by its name; none when it is not configured.
fn given<T: DeserializeOwned>(layers: &Figment, name: &str) -> Result<Option<T>> {
    match layers.extract_inner_lossy(name) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.missing() && error.path.is_empty() => Ok(None),
        Err(error) => {
            Err(unusable(error)).with_context(|| format!("{name} of the configuration cannot be used"))
        }
    }
}

/// What was configured, before anything is started.
pub struct Sources {
    layers: Figment,
    /// The file that was read, as an absolute path: child processes read it again.
    file: Option<PathBuf>,
    simulator: Option<String>,
    api_key: Option<SecretString>,
    data_dir: PathBuf,
}

impl Sources {
    /// Reads the file and the environment.
    pub fn read(globals: &Globals) -> Result<Self> {
        let named = globals.config.as_ref().filter(|file| !file.as_os_str().is_empty());
        let file = named.cloned().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        if named.is_some() && !file.is_file() {
            bail!("the configuration file {} does not exist", file.display());
        }
        let environment = Environment::read()?;
        let (simulator, api_key) = (environment.simulator(), environment.api_key());
        let file = match file.is_file() {
            true => {
                Some(std::path::absolute(&file).with_context(|| format!("cannot find {}", file.display()))?)
            }
            false => None,
        };
        let from_file = file.as_ref().map_or_else(Figment::new, |file| Figment::from(Toml::file_exact(file)));
        let layers = from_file.merge(environment);
        let data_dir = match &globals.data_dir {
            Some(folder) => folder.clone(),
            None => given::<RelativePathBuf>(&layers, "data_dir")?
                .map_or_else(|| PathBuf::from(DEFAULT_DATA_DIR), |folder| folder.relative()),
        };
        Ok(Self { layers, file, simulator, api_key, data_dir })
    }

    /// Which rules are configured.
    pub fn rules(&self) -> Result<RulesSettings> {
        self.section("rules")
    }

    /// The adviser's settings.
    pub fn adviser(&self) -> Result<gangway_advisor::Settings> {
        self.section("adviser")
    }

    /// Who may call.
    pub fn access(&self) -> Result<Access> {
        self.section("access")
    }

    /// Where the audit's checkpoints go.
    pub fn audit(&self) -> Result<AuditSettings> {
        self.section("audit")
    }

    /// When jobs run.
    pub fn schedule(&self) -> Result<Schedule> {
        self.section("schedule")
    }

    /// One section by itself, so that nothing else needs to be configured.
    fn section<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        Ok(given(&self.layers, name)?.unwrap_or_default())
    }

    /// What is configured about onboarding itself, for commands that only read: no vendor is asked or stood in for.
    pub fn onboarding(&self) -> Result<gangway_coordinator::Settings> {
        let base = match self.names_a_vendor() {
            true => Figment::new(),
            false => Figment::from(Serialized::default("onboarding", simulated::onboarding())),
        };
        let found = base.merge(self.layers.clone()).extract_inner_lossy("onboarding");
        found.map_err(unusable).context("[onboarding] cannot be used")
    }

    /// A simulator and a data folder, and nothing else of what is configured.
    pub fn simulated_at(base_url: &str, data_dir: &Path) -> Self {
        Self {
            layers: Figment::new(),
            file: None,
            simulator: Some(base_url.to_owned()),
            api_key: None,
            data_dir: data_dir.to_owned(),
        }
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Uses another data folder.
    pub fn use_data_dir(&mut self, folder: PathBuf) {
        self.data_dir = folder;
    }

    /// The simulator somebody else runs, when one is named.
    pub fn simulator(&self) -> Option<&str> {
        self.simulator.as_deref()
    }

    /// The key of the person who acts at the command line, when one is given.
    pub fn api_key(&self) -> Option<&SecretString> {
        self.api_key.as_ref()
    }

    /// The configuration file that was read, when there is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether any vendor is configured for real.
    pub fn names_a_vendor(&self) -> bool {
        self.vendor_setting().is_some()
    }

    /// A setting that means real vendors, when there is one.
    pub fn vendor_setting(&self) -> Option<String> {
        VENDOR_SECTIONS.into_iter().find_map(|section| {
            let settings = self.layers.find_value(section).ok()?.into_dict()?;
            let telling = settings.keys().find(|key| !PATIENCE.contains(&key.as_str()))?;
            Some(format!("{section}.{telling}"))
        })
    }

    /// The configuration over what the simulator offers, if one is used.
    pub fn resolve(&self, vendors: Option<&Vendors>) -> Result<Config> {
        let base = match vendors {
            Some(vendors) => Figment::from(Serialized::defaults(vendors.layer())),
            None => Figment::new(),
        };
        base.merge(self.layers.clone())
            .merge(Serialized::default("data_dir", &self.data_dir))
            .extract_lossy()
            .map_err(unusable)
            .context("the configuration cannot be used")
    }
}
