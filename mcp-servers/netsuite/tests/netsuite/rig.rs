//! What the NetSuite tests stand on: the simulator, settings that lead to it, the server behind real governance.

use crate::host::Host;
use gangway_governance::limits::Vendor as Limited;
use gangway_governance::vendor::Outbound;
use gangway_governance::{Governance, Limits, vendor};
use gangway_netsuite::{Settings, server};
use gangway_protocol::facts::Invoice;
use gangway_protocol::tools::Tool;
use gangway_protocol::tools::netsuite::{GetInvoices, InvoicesArgs};
use gangway_protocol::{AccountId, ApiError, Currency, Money};
use gangway_simulator::{Fault, Options, Simulator, Vendor};
use gangway_store::Store;
use serde_json::Value;

pub struct Rig {
    pub simulator: Simulator,
    pub host: Host,
    http: reqwest::Client,
}

/// Settings that lead to the simulator by OAuth 2.0 with an EC key, impatient so that tests need not wait.
pub fn settings(simulator: &Simulator) -> Settings {
    let login = simulator.credentials().netsuite;
    let mut settings = Settings::at(&simulator.addresses().base_url);
    settings.client_id = Some(login.client_id);
    settings.certificate_id = Some(login.certificate_id);
    settings.private_key_pem = Some(login.private_key_pem.into());
    settings.retry_base_ms = 1;
    settings
}

/// The same by token-based authentication.
pub fn signed_settings(simulator: &Simulator) -> Settings {
    let login = simulator.credentials().netsuite;
    let mut settings = Settings::at(&simulator.addresses().base_url);
    settings.account = Some(login.account);
    settings.consumer_key = Some(login.consumer_key);
    settings.consumer_secret = Some(login.consumer_secret.into());
    settings.token_id = Some(login.token_id);
    settings.token_secret = Some(login.token_secret.into());
    settings.retry_base_ms = 1;
    settings
}

pub fn outbound() -> Outbound {
    Limits::default().outbound(Limited::Netsuite, http())
}

pub fn http() -> reqwest::Client {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    vendor::http_client().unwrap()
}

impl Rig {
    pub async fn new() -> Self {
        Self::with(Options::default(), settings).await
    }

    /// A rig with settings of its own.
    pub async fn with(options: Options, settings: impl FnOnce(&Simulator) -> Settings) -> Self {
        Self::behind(outbound(), options, settings).await
    }

    /// A rig with limits of its own.
    pub async fn behind(
        outbound: Outbound,
        options: Options,
        settings: impl FnOnce(&Simulator) -> Settings,
    ) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        let host = host(&settings(&simulator), outbound).await;
        Self { simulator, host, http: http() }
    }

    /// Another host of the same NetSuite, as in a process of its own.
    pub async fn beside(&self, outbound: Outbound) -> Host {
        host(&settings(&self.simulator), outbound).await
    }

    pub async fn call<T: Tool>(&self, args: T::Args) -> Result<T::Output, ApiError> {
        self.host.call::<T>(&args).await
    }

    pub async fn invoices(&self, ids: &[&str]) -> Result<Vec<Invoice>, ApiError> {
        invoices(&self.host, ids).await
    }

    pub fn fault(&self, fault: Fault) {
        self.simulator.faults().add(fault);
    }

    /// API calls so far, tokens not counted.
    pub fn calls(&self) -> u64 {
        self.simulator.calls().calls(Vendor::NetSuite)
    }

    /// Puts an account's NetSuite records into the simulated account.
    pub async fn put_account(&self, id: &str, records: &Value) {
        let url = format!("{}/_simulator/accounts/{id}", self.simulator.addresses().base_url);
        let body = serde_json::json!({"netsuite": records, "expected": "BLOCK"});
        let answer = self.http.put(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 204, "{}", answer.text().await.unwrap());
    }
}

async fn host(settings: &Settings, outbound: Outbound) -> Host {
    Host::open(server(settings, outbound).unwrap(), Governance::new(Store::in_memory().unwrap())).await
}

pub async fn invoices(host: &Host, ids: &[&str]) -> Result<Vec<Invoice>, ApiError> {
    let account_ids = ids.iter().map(|id| account(id)).collect();
    Ok(host.call::<GetInvoices>(&InvoicesArgs { account_ids }).await?.invoices)
}

pub fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

pub fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

pub fn money(minor: i64, code: &str) -> Option<Money> {
    Some(Money { minor, currency: currency(code) })
}
