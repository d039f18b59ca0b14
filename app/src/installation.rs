//! The wiring: from configuration to store, servers, tool belts and engine, by plain constructor calls.
//!
//! The only file that knows every room. It decides nothing.

mod belts;
mod drifts;
mod engine;
mod session;

pub use belts::PASS_VARIABLE;
pub use engine::{OnboardingEngine, WeakOnboardingEngine};

use crate::approvals::Postponed;
use crate::auditing::Sealer;
use crate::cli::Globals;
use crate::config::{Config, Sources, Vendors, section};
use crate::people::Action;
use crate::reports::ReportFolder;
use crate::{access, adviser, crash, keys, people, rules};
use anyhow::{Context as _, Result, bail};
use belts::Belts;
use ed25519_dalek::SigningKey;
use gangway_advisor::{Adviser, Model, Settings};
use gangway_coordinator::{Env, RuleBook, versions};
use gangway_decision::RuleSet;
use gangway_durable::{Engine, EngineOptions, RetryPolicy};
use gangway_governance::limits::Vendor;
use gangway_governance::vendor::{Outbound, http_client};
use gangway_governance::{Governance, Limits, PassCheck, Policy, Server};
use gangway_notify::Outpost;
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::run::Versions;
use gangway_protocol::{Person, System};
use gangway_simulator::{Options, Simulator};
use gangway_store::Store;
use gangway_toolbelt::Agent;
use jiff::Timestamp;
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What a caller waits beyond the tool's own deadline.
const CALLER_GRACE: Duration = Duration::from_secs(5);

/// Where a data folder's reports are.
pub fn reports_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("reports")
}

/// One configured data folder, opened.
pub struct Installation {
    config: Config,
    store: Store,
    governance: Arc<Governance>,
    limits: Limits,
    http: reqwest::Client,
    grant_key: SigningKey,
    /// Signs passes of this folder's callers to servers in other processes.
    pass_key: SigningKey,
    crash: CrashPoints,
    /// The key of whoever acts at this command line.
    api_key: Option<SecretString>,
    /// The configuration file that was read: child processes read it again.
    config_file: Option<PathBuf>,
    /// Digesting every tool contract takes milliseconds, and only who runs onboardings needs it.
    versions: OnceLock<Arc<Versions>>,
    outpost: OnceLock<Outpost>,
    belts: Belts,
    postponed_reminders: Postponed,
    rule_book: OnceLock<RuleBook>,
    /// Simulated vendors, when they stand in for real ones.
    vendors: Option<Vendors>,
    /// The simulator itself, when it runs in this process.
    simulator: Option<Simulator>,
}

impl Installation {
    /// Opens the store, and starts a simulator if nothing else is configured.
    pub async fn open(sources: Sources) -> Result<Self> {
        let http = http_client().context("cannot make an HTTP client")?;
        let (vendors, simulator) = vendors(&sources, &http).await?;
        let config = sources.resolve(vendors.as_ref())?;
        let store = Store::open(&config.data_dir)?;
        let grant_key = keys::grant_key(&config.data_dir)?;
        let pass_key = keys::pass_key(&config.data_dir)?;
        let policy = access::configured(&config.access)?;
        let crash = crash::from_environment()?;
        let limits = Limits::shared(&config.limits, &config.data_dir);
        let governance = Governance::new(store.clone())
            .with_policy(policy)
            .with_limits(limits.clone())
            .with_deadline(Duration::from_millis(config.tool_deadline_ms))
            .with_crash_points(crash.clone());
        Ok(Self {
            config,
            store,
            governance: Arc::new(governance),
            limits,
            http,
            grant_key,
            pass_key,
            crash,
            api_key: sources.api_key().cloned(),
            config_file: sources.file().map(Path::to_owned),
            versions: OnceLock::new(),
            outpost: OnceLock::new(),
            belts: Belts::default(),
            postponed_reminders: Postponed::default(),
            rule_book: OnceLock::new(),
            vendors,
            simulator,
        })
    }

    /// Commits what is queued and stops what was started.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        &self.config.data_dir
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Reminders that were refused and rest for a while.
    pub fn postponed_reminders(&self) -> &Postponed {
        &self.postponed_reminders
    }

    /// Whether the one who acts at the command line is named by a key.
    pub fn has_api_key(&self) -> bool {
        self.api_key.is_some()
    }

    /// Who acts at the command line that opened it, if that person may do this.
    pub async fn acting(&self, action: Action) -> Result<Person> {
        people::acting(self.api_key.as_ref(), &self.store, action).await
    }

    /// Who is at the command line that opened it, whatever that person may.
    pub async fn acting_person(&self) -> Result<Person> {
        people::acting_person(self.api_key.as_ref(), &self.store).await
    }

    /// What governs every server of this process.
    pub fn governance(&self) -> Arc<Governance> {
        Arc::clone(&self.governance)
    }

    /// The limits toward every vendor and on every caller of this process.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The way out to one vendor, shared by everybody in this process.
    pub fn outbound(&self, vendor: Vendor) -> Outbound {
        self.limits.outbound(vendor, self.http.clone())
    }

    /// The HTTP client of every connector.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Told the places of this process where a crash is interesting.
    pub fn crash_points(&self) -> &CrashPoints {
        &self.crash
    }

    /// Signs grants.
    pub fn grant_key(&self) -> &SigningKey {
        &self.grant_key
    }

    /// Recognises passes of this folder's callers.
    pub fn pass_check(&self) -> PassCheck {
        PassCheck::new(self.pass_key.verifying_key().as_bytes())
    }

    /// Signs checkpoints of the audit.
    pub fn sealer(&self) -> Sealer {
        Sealer::of(&self.store, self.data_dir(), &self.config.audit, Some(self.http.clone()))
    }

    /// The simulator of this process, when there is one.
    pub fn simulator(&self) -> Option<&Simulator> {
        self.simulator.as_ref()
    }

    /// The simulated vendors, here or in another process, when they stand in for real ones.
    pub fn vendors(&self) -> Option<&Vendors> {
        self.vendors.as_ref()
    }

    /// The configuration as file and environment have it now; nothing is changed.
    pub fn read_config_again(&self) -> Result<Config> {
        let globals =
            Globals { config: self.config_file.clone(), data_dir: Some(self.config.data_dir.clone()) };
        let sources = Sources::read(&globals)?;
        if let (Some(_), Some(setting)) = (&self.vendors, sources.vendor_setting()) {
            bail!(
                "{setting} configures a real vendor while simulated ones are in use: restart to change that"
            );
        }
        sources.resolve(self.vendors.as_ref())
    }

    /// How long a caller waits for one tool call: longer than the tool may take, so that the tool's own answer wins.
    pub fn call_deadline(&self) -> Duration {
        Duration::from_millis(self.config.tool_deadline_ms) + CALLER_GRACE
    }

    /// One system's MCP server. The agents' own is not among them: it needs the engine.
    pub fn server(&self, system: System) -> Result<Server> {
        let config = &self.config;
        Ok(match system {
            System::Salesforce => gangway_salesforce::server(
                section(config.salesforce.as_ref(), "salesforce")?,
                self.outbound(Vendor::Salesforce),
            )?,
            System::Clm => {
                gangway_clm::server(section(config.clm.as_ref(), "clm")?, self.outbound(Vendor::Clm))?
            }
            System::Netsuite => gangway_netsuite::server(
                section(config.netsuite.as_ref(), "netsuite")?,
                self.outbound(Vendor::Netsuite),
            )?,
            System::Provision => gangway_provision::server(
                config.provision.clone(),
                self.store.clone(),
                self.grant_key.verifying_key(),
                Timestamp::now,
            ),
            System::Tasks => gangway_tasks::server(self.store.clone(), Timestamp::now),
            System::Notify => {
                section(config.notify.as_ref(), "notify")?;
                self.outpost()?.context("notify has no outbox")?.server()
            }
            System::Onboarding => anyhow::bail!("the onboarding server is made by gangway mcp onboarding"),
        })
    }

    /// The channels and their outbox, made once: servers and delivering rounds share the connections. None when no channel
    /// is configured here.
    pub fn outpost(&self) -> Result<Option<&Outpost>> {
        let Some(settings) = &self.config.notify else { return Ok(None) };
        if let Some(made) = self.outpost.get() {
            return Ok(Some(made));
        }
        let ground = gangway_notify::Ground {
            store: self.store.clone(),
            http: self.http.clone(),
            limits: self.limits.clone(),
            crash: self.crash.clone(),
            clock: Timestamp::now,
        };
        let made = Outpost::new(settings, ground)?;
        Ok(Some(self.outpost.get_or_init(|| made)))
    }

    /// The Task Monitor speaks as the onboarding does: same channel, same company.
    pub fn monitor_settings(&self) -> Result<gangway_task_monitor::Settings> {
        let onboarding = section(self.config.onboarding.as_ref(), "onboarding")?;
        Ok(gangway_task_monitor::Settings {
            channel: onboarding.channels.onboarding.clone(),
            company: onboarding.company.clone(),
        })
    }

    /// The rules: what is configured until something is activated. One book for everybody in this process.
    fn rule_book(&self) -> Result<RuleBook> {
        if let Some(made) = self.rule_book.get() {
            return Ok(made.clone());
        }
        let configured = rules::configured(&self.config.rules)?;
        let made = RuleBook::new(self.store.clone(), configured, Arc::new(Timestamp::now));
        Ok(self.rule_book.get_or_init(|| made).clone())
    }

    /// Goes by these limits, this policy and, where nothing was activated, by these rules from now on.
    pub fn adopt(&self, config: &Config, rules: RuleSet, policy: Policy) -> Result<()> {
        self.rule_book()?.configure(rules);
        self.governance.adopt_policy(policy);
        self.limits.replace(&config.limits);
        Ok(())
    }

    /// The model that words advice, recorded in our store; none when none is configured.
    pub fn adviser(&self) -> Result<Option<Arc<Adviser>>> {
        let Some(model) = self.language_model(&self.config.adviser, None)? else { return Ok(None) };
        let ledger = Arc::new(adviser::StoreLedger(self.store.clone()));
        let made = Adviser::new(model, self.config.adviser.clone(), ledger, Arc::new(Timestamp::now));
        Ok(Some(Arc::new(made.context("[adviser] cannot be used")?)))
    }

    /// The model these settings ask for, or another one of the same provider; none when they ask for no provider.
    pub fn language_model(&self, settings: &Settings, name: Option<&str>) -> Result<Option<Arc<dyn Model>>> {
        let simulated = self.vendors.as_ref().map(Vendors::language_model);
        adviser::model(settings, name, simulated, self.http.clone())
    }

    /// Takes the folder's engine lock and is ready to run onboardings.
    pub async fn engine(&self) -> Result<OnboardingEngine> {
        let adviser = self.adviser()?;
        let adviser_name = adviser.as_ref().map(|adviser| adviser.name());
        let env = Env {
            adviser,
            store: self.store.clone(),
            coordinator: self.belt(Agent::Coordinator).await?,
            contract: self.belt(Agent::Contract).await?,
            finance: self.belt(Agent::Finance).await?,
            rules: self.rule_book()?,
            signing_key: self.grant_key.clone(),
            settings: section(self.config.onboarding.as_ref(), "onboarding")?.clone(),
            call_deadline: self.call_deadline(),
            reports: Arc::new(ReportFolder::open(reports_dir(self.data_dir()))?),
            clock: Arc::new(Timestamp::now),
        };
        let options = EngineOptions {
            crash: self.crash.clone(),
            retry: RetryPolicy {
                base: Duration::from_millis(self.config.step_retry_base_ms),
                ..RetryPolicy::default()
            },
            ..EngineOptions::new(self.data_dir())
        };
        let durable = Engine::open(self.store.clone(), Arc::new(env), options)?;
        let versions = self.versions.get_or_init(|| {
            let mut versions = versions();
            if let Some(name) = adviser_name {
                versions.adviser = name;
            }
            Arc::new(versions)
        });
        Ok(OnboardingEngine::new(durable, Arc::clone(versions)))
    }
}

/// Simulated vendors: those of a named simulator, or of one started here when no vendor is configured.
async fn vendors(sources: &Sources, http: &reqwest::Client) -> Result<(Option<Vendors>, Option<Simulator>)> {
    if let Some(base_url) = sources.simulator() {
        if let Some(setting) = sources.vendor_setting() {
            bail!(
                "GANGWAY_SIMULATOR asks for simulated vendors, but {setting} configures a real one: remove one of the two"
            );
        }
        return Ok((Some(Vendors::at(base_url, http).await?), None));
    }
    if sources.names_a_vendor() {
        return Ok((None, None));
    }
    let simulator =
        Simulator::start(Options::default()).await.context("the simulated vendors did not start")?;
    tracing::info!("no vendor is configured: simulated ones answer at {}", simulator.addresses().base_url);
    Ok((Some(Vendors::of(&simulator)), Some(simulator)))
}
