//! What the CLM connector is told at start: where, as whom, which roles are whose, and what the custom fields are called.
//!
//! It reads no environment and no file.

use std::time::Duration;

use gangway_governance::vendor::RetryPolicy;
use gangway_protocol::facts::Side;
use jiff::civil::Date;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// Settings of one DocuSign account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The account server: `https://account.docusign.com`, or `https://account-d.docusign.com` for demo accounts.
    pub oauth_base_url: String,
    /// The account's API host, e.g. `https://demo.docusign.net`; asked from the account server when absent.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The API account id (a GUID); the user's default account when absent.
    #[serde(default)]
    pub account_id: Option<String>,
    /// Integration key of the app, which has been granted consent.
    pub integration_key: String,
    /// The user (a GUID) on whose behalf envelopes are read.
    pub user_id: String,
    /// The app's RSA key (PEM).
    pub private_key_pem: SecretString,
    /// Role names of the customer's signatories, compared without case.
    #[serde(default = "default_customer_roles")]
    pub customer_roles: Vec<String>,
    /// Role names of our own signatories, compared without case. Any other role is nobody's side.
    #[serde(default = "default_vendor_roles")]
    pub vendor_roles: Vec<String>,
    /// What the envelope custom fields are called.
    #[serde(default)]
    pub fields: Fields,
    /// Envelopes that have not changed since this day are not looked for; DocuSign demands a bound.
    #[serde(default = "default_search_from")]
    pub search_from: Date,
    /// Wait before the second attempt of a call, in milliseconds; doubles with each further one.
    #[serde(default = "default_retry_base_ms")]
    pub retry_base_ms: u64,
    /// Longest wait for one attempt, in milliseconds.
    #[serde(default = "default_attempt_deadline_ms")]
    pub attempt_deadline_ms: u64,
}

/// Names of the envelope custom fields that hold a contract's key terms.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    /// The contract's own id.
    pub contract_id: String,
    /// The account's business id.
    pub account_id: String,
    /// Salesforce id of the same contract.
    pub salesforce_contract_id: String,
    /// First day in force, `2026-01-31`.
    pub effective_date: String,
    /// Last day in force, `2026-01-31`.
    pub expiry_date: String,
    /// Tier sold.
    pub tier: String,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            contract_id: "ContractId".to_owned(),
            account_id: "AccountId".to_owned(),
            salesforce_contract_id: "SalesforceContractId".to_owned(),
            effective_date: "EffectiveDate".to_owned(),
            expiry_date: "ExpiryDate".to_owned(),
            tier: "Tier".to_owned(),
        }
    }
}

fn default_customer_roles() -> Vec<String> {
    vec!["customer".to_owned(), "client".to_owned()]
}
fn default_vendor_roles() -> Vec<String> {
    vec!["vendor".to_owned(), "company".to_owned()]
}
fn default_search_from() -> Date {
    Date::constant(2015, 1, 1)
}
fn default_retry_base_ms() -> u64 {
    1_000
}
fn default_attempt_deadline_ms() -> u64 {
    10_000
}

/// Why the connector cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("clm.{field}: {reason}")]
pub struct SettingsError {
    /// The setting.
    pub field: &'static str,
    /// What is wrong with it; never its value if it is secret.
    pub reason: String,
}

impl Settings {
    /// Settings with everything that has a default at it.
    #[must_use]
    pub fn jwt(
        oauth_base_url: &str,
        integration_key: &str,
        user_id: &str,
        private_key_pem: SecretString,
    ) -> Self {
        Self {
            oauth_base_url: oauth_base_url.to_owned(),
            base_url: None,
            account_id: None,
            integration_key: integration_key.to_owned(),
            user_id: user_id.to_owned(),
            private_key_pem,
            customer_roles: default_customer_roles(),
            vendor_roles: default_vendor_roles(),
            fields: Fields::default(),
            search_from: default_search_from(),
            retry_base_ms: default_retry_base_ms(),
            attempt_deadline_ms: default_attempt_deadline_ms(),
        }
    }

    /// Whose side a role is on; `None` if the settings do not say.
    pub(crate) fn side_of(&self, role: &str) -> Option<Side> {
        let named = |roles: &[String]| roles.iter().any(|name| name.eq_ignore_ascii_case(role.trim()));
        match (named(&self.customer_roles), named(&self.vendor_roles)) {
            (true, false) => Some(Side::Customer),
            (false, true) => Some(Side::Vendor),
            (true, true) | (false, false) => None,
        }
    }

    /// The account server's host without scheme: the `aud` DocuSign wants.
    pub(crate) fn audience(&self) -> Result<String, SettingsError> {
        let host = self.oauth_base_url.split_once("://").map(|(_, host)| host.trim_end_matches('/'));
        match host.filter(|host| !host.is_empty() && !host.contains('/')) {
            Some(host) => Ok(host.to_owned()),
            None => {
                let reason =
                    format!("{:?} is not of the form https://account.docusign.com", self.oauth_base_url);
                Err(SettingsError { field: "oauth_base_url", reason })
            }
        }
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        for (field, value) in [
            ("integration_key", self.integration_key.as_str()),
            ("user_id", self.user_id.as_str()),
            ("private_key_pem", self.private_key_pem.expose_secret()),
        ] {
            if value.trim().is_empty() {
                return Err(SettingsError { field, reason: "is empty".to_owned() });
            }
        }
        // DocuSign reads a custom field filter as Name=Value.
        for name in [&self.fields.contract_id, &self.fields.account_id] {
            if name.is_empty() || name.contains('=') {
                let reason = format!("{name:?} cannot be the name of a custom field that is searched by");
                return Err(SettingsError { field: "fields", reason });
            }
        }
        Ok(())
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
    use super::Settings;
    use gangway_protocol::facts::Side;

    fn settings(oauth_base_url: &str) -> Settings {
        Settings::jwt(oauth_base_url, "ik", "user", "hush".to_owned().into())
    }

    #[test]
    fn a_role_nobody_named_is_nobodys_side() {
        let mut settings = settings("https://account.docusign.com");
        assert_eq!(settings.side_of(" Customer "), Some(Side::Customer));
        assert_eq!(settings.side_of("vendor"), Some(Side::Vendor));
        assert_eq!(settings.side_of("Approver"), None);
        settings.vendor_roles.push("customer".to_owned());
        assert_eq!(settings.side_of("customer"), None, "named on both sides");
    }

    #[test]
    fn the_audience_is_a_bare_host() {
        let audience = |url| settings(url).audience().map_err(|error| error.field);
        assert_eq!(audience("https://account-d.docusign.com/"), Ok("account-d.docusign.com".to_owned()));
        assert_eq!(audience("http://127.0.0.1:8801"), Ok("127.0.0.1:8801".to_owned()));
        assert_eq!(audience("account.docusign.com"), Err("oauth_base_url"));
    }

    #[test]
    fn settings_that_cannot_work_are_refused_at_once() {
        let mut settings = settings("https://account.docusign.com");
        assert!(settings.check().is_ok());
        settings.fields.account_id = "Account=Id".to_owned();
        assert!(settings.check().is_err());
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let shown = format!("{:?}", settings("https://account.docusign.com"));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
