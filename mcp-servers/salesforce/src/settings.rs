//! What the Salesforce connector is told at start: where, as whom, and what the org calls its fields.
//!
//! Everything that ends up inside a path or a query is checked here once. It reads no environment and no file.

use std::time::Duration;

use gangway_governance::vendor::RetryPolicy;
use gangway_protocol::Currency;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// Settings of one Salesforce org.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// My Domain, e.g. `https://acme.my.salesforce.com`.
    pub base_url: String,
    /// Consumer key of the connected app.
    pub client_id: String,
    /// Consumer secret: with it the client credentials flow is used.
    #[serde(default)]
    pub client_secret: Option<SecretString>,
    /// Integration user: with `private_key_pem`, and without a secret, the JWT bearer flow is used.
    #[serde(default)]
    pub username: Option<String>,
    /// RSA key (PEM) of the certificate uploaded to the connected app.
    #[serde(default)]
    pub private_key_pem: Option<SecretString>,
    /// `aud` of the JWT: the production, sandbox (`https://test.salesforce.com`) or site login address.
    #[serde(default = "default_audience")]
    pub audience: String,
    /// API version of every path; from v61.0 on, Salesforce itself refuses to create an account by an update.
    #[serde(default = "default_api_version")]
    pub api_version: String,
    /// The account field that holds the business id; should be marked External ID and Unique.
    #[serde(default = "default_external_id_field")]
    pub external_id_field: String,
    /// The account field that shows the onboarding status.
    #[serde(default = "default_status_field")]
    pub status_field: String,
    /// The account field that names the run.
    #[serde(default = "default_run_field")]
    pub run_field: String,
    /// Currency of every amount in an org without multi-currency.
    #[serde(default = "default_currency")]
    pub default_currency: String,
    /// The org has multi-currency: amounts are in the record's `CurrencyIsoCode`.
    #[serde(default)]
    pub multi_currency: bool,
    /// Wait before the second attempt of a call, in milliseconds; doubles with each further one.
    #[serde(default = "default_retry_base_ms")]
    pub retry_base_ms: u64,
    /// Longest wait for one attempt, in milliseconds.
    #[serde(default = "default_attempt_deadline_ms")]
    pub attempt_deadline_ms: u64,
}

fn default_audience() -> String {
    "https://login.salesforce.com".to_owned()
}
fn default_api_version() -> String {
    "v61.0".to_owned()
}
fn default_external_id_field() -> String {
    "Account_External_Id__c".to_owned()
}
fn default_status_field() -> String {
    "Onboarding_Status__c".to_owned()
}
fn default_run_field() -> String {
    "Onboarding_Run_Id__c".to_owned()
}
fn default_currency() -> String {
    "USD".to_owned()
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
    #[error("salesforce.{field}: {reason}")]
    Field {
        /// The setting.
        field: &'static str,
        /// What is wrong with it; never its value if it is secret.
        reason: String,
    },
    /// Neither way to log in is complete.
    #[error(
        "salesforce: give client_secret (client credentials), or username and private_key_pem (JWT bearer)"
    )]
    Login,
}

impl SettingsError {
    pub(crate) fn field(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Field { field, reason: reason.into() }
    }
}

/// How the connector logs in.
#[derive(Debug)]
pub(crate) enum Login<'s> {
    ClientCredentials { secret: &'s SecretString },
    JwtBearer { username: &'s str, private_key_pem: &'s SecretString },
}

/// What the org calls its fields, checked: safe to stand in a path or a query.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub api_version: String,
    pub external_id_field: String,
    pub status_field: String,
    pub run_field: String,
    pub default_currency: Currency,
    pub multi_currency: bool,
}

impl Settings {
    /// Settings for client credentials, everything else at its default.
    #[must_use]
    pub fn client_credentials(base_url: &str, client_id: &str, client_secret: SecretString) -> Self {
        Self {
            base_url: base_url.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: Some(client_secret),
            username: None,
            private_key_pem: None,
            audience: default_audience(),
            api_version: default_api_version(),
            external_id_field: default_external_id_field(),
            status_field: default_status_field(),
            run_field: default_run_field(),
            default_currency: default_currency(),
            multi_currency: false,
            retry_base_ms: default_retry_base_ms(),
            attempt_deadline_ms: default_attempt_deadline_ms(),
        }
    }

    pub(crate) fn login(&self) -> Result<Login<'_>, SettingsError> {
        if self.client_id.trim().is_empty() {
            return Err(SettingsError::field("client_id", "is empty"));
        }
        let secret = self.client_secret.as_ref().filter(|secret| !secret.expose_secret().is_empty());
        match (secret, &self.username, &self.private_key_pem) {
            (Some(secret), _, _) => Ok(Login::ClientCredentials { secret }),
            (None, Some(username), Some(private_key_pem)) => {
                Ok(Login::JwtBearer { username, private_key_pem })
            }
            (None, _, _) => Err(SettingsError::Login),
        }
    }

    pub(crate) fn schema(&self) -> Result<Schema, SettingsError> {
        let default_currency = Currency::parse(&self.default_currency)
            .map_err(|error| SettingsError::field("default_currency", error.to_string()))?;
        Ok(Schema {
            api_version: checked_version(&self.api_version)?,
            external_id_field: checked_name("external_id_field", &self.external_id_field)?,
            status_field: checked_name("status_field", &self.status_field)?,
            run_field: checked_name("run_field", &self.run_field)?,
            default_currency,
            multi_currency: self.multi_currency,
        })
    }

    pub(crate) fn retry(&self) -> RetryPolicy {
        RetryPolicy { base: Duration::from_millis(self.retry_base_ms), ..RetryPolicy::default() }
    }

    pub(crate) fn attempt_deadline(&self) -> Duration {
        Duration::from_millis(self.attempt_deadline_ms)
    }
}

fn checked_version(text: &str) -> Result<String, SettingsError> {
    let digits = text.strip_prefix('v').and_then(|rest| rest.strip_suffix(".0")).unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(SettingsError::field("api_version", format!("{text:?} is not of the form v61.0")));
    }
    Ok(text.to_owned())
}

/// A field's API name: letters, digits and underscores, beginning with a letter.
fn checked_name(field: &'static str, name: &str) -> Result<String, SettingsError> {
    let begins_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    if !begins_well || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(SettingsError::field(field, format!("{name:?} is not a Salesforce field name")));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::{Login, Settings, SettingsError};
    use serde_json::json;

    fn settings(extra: serde_json::Value) -> Settings {
        let mut fields = json!({"base_url": "https://acme.my.salesforce.com", "client_id": "ck"});
        fields.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn a_secret_means_client_credentials_and_a_key_means_jwt_bearer() {
        let secret = settings(json!({"client_secret": "cs"}));
        assert!(matches!(secret.login(), Ok(Login::ClientCredentials { .. })));
        let key = settings(json!({"username": "u", "private_key_pem": "pem"}));
        assert!(matches!(key.login(), Ok(Login::JwtBearer { username: "u", .. })));
        assert!(matches!(settings(json!({"username": "u"})).login(), Err(SettingsError::Login)));
        assert!(matches!(settings(json!({"client_secret": ""})).login(), Err(SettingsError::Login)));
    }

    #[test]
    fn a_field_name_cannot_carry_a_query() {
        for (field, value) in [
            ("external_id_field", "Id' OR Name != '"),
            ("status_field", "a/b"),
            ("run_field", ""),
            ("api_version", "v60.0/../x"),
            ("default_currency", "dollars"),
        ] {
            let error =
                settings(json!({"client_secret": "cs", field: value})).schema().unwrap_err().to_string();
            assert!(error.starts_with(&format!("salesforce.{field}: ")), "{error}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let shown = format!("{:?}", settings(json!({"client_secret": "hush", "private_key_pem": "hush"})));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
