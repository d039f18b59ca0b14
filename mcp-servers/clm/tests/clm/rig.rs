//! What the CLM tests stand on: the simulator, settings that lead to it, the server behind real governance.

use crate::host::Host;
use gangway_clm::{Settings, server};
use gangway_governance::limits::Vendor as Limited;
use gangway_governance::vendor::Outbound;
use gangway_governance::{Governance, Limits, vendor};
use gangway_protocol::facts::Contract;
use gangway_protocol::tools::Tool;
use gangway_protocol::tools::clm::{ContractArgs, GetContract};
use gangway_protocol::{AccountId, ApiError, ContractId};
use gangway_simulator::{Fault, Options, Simulator, Vendor};
use gangway_store::Store;
use serde_json::{Value, json};

pub struct Rig {
    pub simulator: Simulator,
    pub host: Host,
    http: reqwest::Client,
}

/// Settings that lead to the simulator, impatient so that tests need not wait.
pub fn settings(simulator: &Simulator) -> Settings {
    let login = simulator.credentials().docusign;
    let base_url = simulator.addresses().base_url;
    let mut settings =
        Settings::jwt(&base_url, &login.integration_key, &login.user_id, login.private_key_pem.into());
    settings.base_url = Some(base_url);
    settings.account_id = Some(login.account_id);
    settings.retry_base_ms = 1;
    settings
}

pub fn outbound() -> Outbound {
    Limits::default().outbound(Limited::Clm, http())
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

    pub async fn contract_of(&self, id: &str) -> Result<Option<Contract>, ApiError> {
        let args = ContractArgs { account_id: Some(account(id)), contract_id: None };
        Ok(self.call::<GetContract>(args).await?.contract)
    }

    pub async fn contract(&self, id: &str) -> Result<Option<Contract>, ApiError> {
        let args = ContractArgs { account_id: None, contract_id: Some(ContractId::parse(id).unwrap()) };
        Ok(self.call::<GetContract>(args).await?.contract)
    }

    pub fn fault(&self, fault: Fault) {
        self.simulator.faults().add(fault);
    }

    /// API calls so far, tokens not counted.
    pub fn calls(&self) -> u64 {
        self.simulator.calls().calls(Vendor::DocuSign)
    }

    /// Narrows DocuSign's limits.
    pub async fn limit(&self, limits: &Value) {
        let url = format!("{}/_simulator/docusign/limits", self.simulator.addresses().base_url);
        let answer = self.http.put(url).json(limits).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 204);
    }

    /// Puts an account's envelopes into simulated DocuSign.
    pub async fn put_envelopes(&self, id: &str, envelopes: &[Value]) {
        let url = format!("{}/_simulator/accounts/{id}", self.simulator.addresses().base_url);
        let body = json!({"docusign": {"envelope": envelopes}, "expected": "BLOCK"});
        let answer = self.http.put(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 204, "{}", answer.text().await.unwrap());
    }
}

pub fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

/// An envelope of an account: id, status, day made and sent, signers as role and status, further custom fields.
pub fn envelope(
    (id, account, status): (&str, &str, &str),
    day: &str,
    signers: &[(&str, &str)],
    fields: &[(&str, &str)],
) -> Value {
    let at = format!("{day}T10:00:00Z");
    let signers: Vec<Value> = signers
        .iter()
        .map(|(role, status)| json!({"name": "N", "roleName": role, "status": status}))
        .collect();
    let mut custom = vec![json!({"name": "AccountId", "value": account})];
    custom.extend(fields.iter().map(|(name, value)| json!({"name": name, "value": value})));
    json!({
        "envelopeId": format!("00000000-0000-4000-8000-{id:0>12}"), "status": status,
        "createdDateTime": at, "sentDateTime": at, "statusChangedDateTime": at,
        "customFields": {"textCustomFields": custom, "listCustomFields": []}, "recipients": {"signers": signers}
    })
}
