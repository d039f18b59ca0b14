//! What the simulated vendors offer, as the lowest configuration layer: addresses, demo credentials, demo names.

use anyhow::{Context as _, Result};
use gangway_simulator::{Addresses, Credentials, Simulator};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

/// Wait before a simulated vendor is asked again; a demo should not wait as a vendor deserves.
const DEMO_RETRY_BASE_MS: u64 = 20;

/// Where simulated vendors are and what lets one in.
#[derive(Debug, Clone, Deserialize)]
pub struct Vendors {
    addresses: Addresses,
    credentials: Credentials,
}

impl Vendors {
    /// The vendors of a simulator in this process.
    pub fn of(simulator: &Simulator) -> Self {
        Self { addresses: simulator.addresses(), credentials: simulator.credentials() }
    }

    /// The vendors of a simulator that runs elsewhere on this machine.
    pub async fn at(base_url: &str, http: &reqwest::Client) -> Result<Self> {
        let asked = async {
            http.get(format!("{}/_simulator/connection", base_url.trim_end_matches('/')))
                .send()
                .await?
                .error_for_status()?
                .json()
                .await
        };
        asked.await.with_context(|| {
            format!("GANGWAY_SIMULATOR is {base_url}, where no simulator answers; start one with: gangway simulate")
        })
    }

    /// Where they are, for child processes.
    pub fn base_url(&self) -> &str {
        &self.addresses.base_url
    }

    /// The simulated language model's address and key.
    pub fn language_model(&self) -> (String, SecretString) {
        (format!("{}/v1", self.addresses.base_url), self.credentials.llm.api_key.clone().into())
    }

    /// The configuration layer.
    pub fn layer(&self) -> Value {
        let base_url = &self.addresses.base_url;
        let known = &self.credentials;
        json!({
            "salesforce": {
                "base_url": base_url,
                "client_id": known.salesforce.client_id,
                "client_secret": known.salesforce.client_secret,
                "retry_base_ms": DEMO_RETRY_BASE_MS,
            },
            "clm": {
                "oauth_base_url": base_url,
                "base_url": base_url,
                "integration_key": known.docusign.integration_key,
                "user_id": known.docusign.user_id,
                "account_id": known.docusign.account_id,
                "private_key_pem": known.docusign.private_key_pem,
                "retry_base_ms": DEMO_RETRY_BASE_MS,
            },
            "netsuite": {
                "base_url": base_url,
                "account": known.netsuite.account,
                "client_id": known.netsuite.client_id,
                "certificate_id": known.netsuite.certificate_id,
                "private_key_pem": known.netsuite.private_key_pem,
                "retry_base_ms": DEMO_RETRY_BASE_MS,
            },
            "notify": {
                "slack": { "base_url": base_url, "bot_token": known.slack.bot_token },
                "mail": {
                    "host": self.addresses.smtp.ip().to_string(),
                    "port": self.addresses.smtp.port(),
                    "security": "plain",
                    "username": known.smtp.username,
                    "password": known.smtp.password,
                    "from": "onboarding@northwind.example",
                    "from_name": "Northwind Cloud",
                },
                "pager": { "base_url": base_url, "routing_key": known.pagerduty.routing_key },
                "retry": { "base_ms": DEMO_RETRY_BASE_MS },
            },
            "onboarding": onboarding(),
            // The simulated contract system allows any rate; its concurrency is kept like a real one's.
            "limits": { "clm": { "per_second": 0, "per_hour": 0 } },
            "step_retry_base_ms": DEMO_RETRY_BASE_MS,
        })
    }
}

/// What the demo's own company is called, and whom it tells.
pub(super) fn onboarding() -> Value {
    json!({
        "company": "Northwind Cloud",
        "product": "Northwind",
        "cs_address": "customer-success@northwind.example",
        "manager_address": "cs-manager@northwind.example",
        "director_address": "cs-director@northwind.example",
        "training_url": "https://learn.northwind.example",
    })
}
