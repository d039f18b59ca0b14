//! What the Salesforce tests stand on: the simulator, settings that lead to it, the server behind real governance.

use crate::host::Host;
use gangway_governance::limits::Vendor as Limited;
use gangway_governance::vendor::Outbound;
use gangway_governance::{Governance, Limits, vendor};
use gangway_protocol::tools::Tool;
use gangway_protocol::tools::salesforce::{DealArgs, GetOnboardingBundle, OnboardingBundle};
use gangway_protocol::{AccountId, ApiError};
use gangway_salesforce::{Settings, server};
use gangway_simulator::{Fault, Options, Simulator, Vendor};
use gangway_store::Store;
use serde_json::Value;

pub struct Rig {
    pub simulator: Simulator,
    pub host: Host,
    http: reqwest::Client,
}

/// Settings that lead to the simulator, impatient so that tests need not wait.
pub fn settings(simulator: &Simulator) -> Settings {
    let login = simulator.credentials().salesforce;
    let base_url = simulator.addresses().base_url;
    let mut settings = Settings::client_credentials(&base_url, &login.client_id, login.client_secret.into());
    settings.retry_base_ms = 1;
    settings
}

pub fn outbound() -> Outbound {
    Limits::default().outbound(Limited::Salesforce, http())
}

pub fn http() -> reqwest::Client {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    vendor::http_client().unwrap()
}

impl Rig {
    pub async fn new() -> Self {
        Self::with(Options::default(), |_| {}).await
    }

    /// A rig whose settings were changed before the server was made.
    pub async fn with(options: Options, change: impl FnOnce(&mut Settings)) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        let mut settings = settings(&simulator);
        change(&mut settings);
        let governance = Governance::new(Store::in_memory().unwrap());
        let host = Host::open(server(&settings, outbound()).unwrap(), governance).await;
        Self { simulator, host, http: http() }
    }

    pub async fn call<T: Tool>(&self, args: T::Args) -> Result<T::Output, ApiError> {
        self.host.call::<T>(&args).await
    }

    pub async fn bundle(&self, id: &str) -> Result<OnboardingBundle, ApiError> {
        self.call::<GetOnboardingBundle>(DealArgs { account_id: account(id), opportunity_id: None }).await
    }

    pub fn fault(&self, fault: Fault) {
        self.simulator.faults().add(fault);
    }

    /// API calls so far, tokens not counted.
    pub fn calls(&self) -> u64 {
        self.simulator.calls().calls(Vendor::Salesforce)
    }

    /// Puts an account's Salesforce records into the simulated org.
    pub async fn put_account(&self, id: &str, records: &Value) {
        let url = format!("{}/_simulator/accounts/{id}", self.simulator.addresses().base_url);
        let body = serde_json::json!({"salesforce": records, "expected": "BLOCK"});
        let answer = self.http.put(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 204, "{}", answer.text().await.unwrap());
    }
}

pub fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}
