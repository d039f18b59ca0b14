//! What the NetSuite connector is told at start: where, as whom, and what the account calls its contract field.
//!
//! Everything that ends up inside a query is checked here once. It reads no environment and no file.

use std::time::Duration;

use gangway_governance::vendor::RetryPolicy;
use secrecy::SecretString;
use serde::Deserialize;

/// Settings of one NetSuite account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `https://ACCOUNT.suitetalk.api.netsuite.com`, with `_` of a sandbox account written as `-`.
    pub base_url: String,
    /// OAuth 2.0 machine-to-machine: client id of the integration record.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Id NetSuite gave the uploaded certificate.
    #[serde(default)]
    pub certificate_id: Option<String>,
    /// The certificate's key (PEM): RSA signs PS256, EC P-256 signs ES256.
    #[serde(default)]
    pub private_key_pem: Option<SecretString>,
    /// Token-based authentication (OAuth 1.0), used when the machine-to-machine settings are absent: account id as
    /// NetSuite writes it, e.g. `1234567_SB1`.
    #[serde(default)]
    pub account: Option<String>,
    /// TBA consumer key.
    #[serde(default)]
    pub consumer_key: Option<String>,
    /// TBA consumer secret.
    #[serde(default)]
    pub consumer_secret: Option<SecretString>,
    /// TBA token id.
    #[serde(default)]
    pub token_id: Option<String>,
    /// TBA token secret.
    #[serde(default)]
    pub token_secret: Option<SecretString>,
    /// The transaction body field that holds the CLM's contract id.
    #[serde(default = "default_contract_field")]
    pub contract_field: String,
    /// Wait before the second attempt of a call, in milliseconds; doubles with each further one.
    #[serde(default = "default_retry_base_ms")]
    pub retry_base_ms: u64,
    /// Longest wait for one attempt, in milliseconds.
    #[serde(default = "default_attempt_deadline_ms")]
    pub attempt_deadline_ms: u64,
}

fn default_contract_field() -> String {
    "custbody_clm_contract_id".to_owned()
}
fn default_retry_base_ms() -> u64 {
    1_000
}
fn default_attempt_deadline_ms() -> u64 {
    10_000
}

/// Why the connector cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A setting is empty or not of its form.
    #[error("netsuite.{field}: {reason}")]
    Field {
        /// The setting.
        field: &'static str,
        /// What is wrong with it; never its value if it is secret.
        reason: String,
    },
    /// Neither way to log in is complete.
    #[error(
        "netsuite: give client_id, certificate_id and private_key_pem (OAuth 2.0), \
         or account, consumer_key, consumer_secret, token_id and token_secret (TBA)"
    )]
    Login,
}

/// How the connector logs in.
#[derive(Debug)]
pub(crate) enum Login<'s> {
    MachineToMachine {
        client_id: &'s str,
        certificate_id: &'s str,
        private_key_pem: &'s SecretString,
    },
    TokenBased {
        account: &'s str,
        consumer_key: &'s str,
        consumer_secret: &'s SecretString,
        token_id: &'s str,
        token_secret: &'s SecretString,
    },
}

impl Settings {
    /// Settings without a login, everything else at its default.
    #[must_use]
    pub fn at(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            client_id: None,
            certificate_id: None,
            private_key_pem: None,
            account: None,
            consumer_key: None,
            consumer_secret: None,
            token_id: None,
            token_secret: None,
            contract_field: default_contract_field(),
            retry_base_ms: default_retry_base_ms(),
            attempt_deadline_ms: default_attempt_deadline_ms(),
        }
    }

    pub(crate) fn login(&self) -> Result<Login<'_>, SettingsError> {
        if let (Some(client_id), Some(certificate_id), Some(private_key_pem)) =
            (&self.client_id, &self.certificate_id, &self.private_key_pem)
        {
            return Ok(Login::MachineToMachine { client_id, certificate_id, private_key_pem });
        }
        if let (
            Some(account),
            Some(consumer_key),
            Some(consumer_secret),
            Some(token_id),
            Some(token_secret),
        ) = (&self.account, &self.consumer_key, &self.consumer_secret, &self.token_id, &self.token_secret)
        {
            return Ok(Login::TokenBased { account, consumer_key, consumer_secret, token_id, token_secret });
        }
        Err(SettingsError::Login)
    }

    /// The contract field's name, checked: safe to stand in a query.
    pub(crate) fn checked_contract_field(&self) -> Result<String, SettingsError> {
        let name = &self.contract_field;
        let begins_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        if !begins_well || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let reason = format!("{name:?} is not a NetSuite field name");
            return Err(SettingsError::Field { field: "contract_field", reason });
        }
        Ok(name.clone())
    }

    pub(crate) fn retry(&self) -> RetryPolicy {
        RetryPolicy { base: Duration::from_millis(self.retry_base_ms), ..RetryPolicy::default() }
    }

    pub(crate) fn attempt_deadline(&self) -> Duration {
        Duration::from_millis(self.attempt_deadline_ms)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::{Login, Settings, SettingsError};
    use serde_json::json;

    fn settings(fields: serde_json::Value) -> Settings {
        let mut all = json!({"base_url": "https://1234567.suitetalk.api.netsuite.com"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn machine_to_machine_is_preferred_to_token_based() {
        let tba = json!({"account": "1", "consumer_key": "k", "consumer_secret": "s", "token_id": "t", "token_secret": "u"});
        assert!(matches!(settings(tba.clone()).login(), Ok(Login::TokenBased { .. })));
        let mut both = tba;
        both.as_object_mut().unwrap().extend(
            json!({"client_id": "c", "certificate_id": "i", "private_key_pem": "p"})
                .as_object()
                .unwrap()
                .clone(),
        );
        assert!(matches!(settings(both).login(), Ok(Login::MachineToMachine { .. })));
        assert!(matches!(settings(json!({"client_id": "c"})).login(), Err(SettingsError::Login)));
    }

    #[test]
    fn a_field_name_cannot_carry_a_query() {
        for name in ["", "1x", "a b", "id, (SELECT 1)", "x'--"] {
            assert!(settings(json!({"contract_field": name})).checked_contract_field().is_err(), "{name}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let shown = format!("{:?}", settings(json!({"token_secret": "hush", "private_key_pem": "hush"})));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
