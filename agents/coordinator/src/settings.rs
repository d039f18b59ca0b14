//! What an operator may configure about onboarding: our own name, channels, addresses, lifetimes.
//!
//! Plain values, no reading of files or environment: `app` does that.

use gangway_protocol::redact::Email;
use serde::Deserialize;
use std::time::Duration;

/// Slack channels, with `#`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Channels {
    /// Where BLOCK is told.
    pub alerts: String,
    /// Where success and ESCALATE are told.
    pub onboarding: String,
    /// Where overdue invoices are told.
    pub finance: String,
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            alerts: "#cs-onboarding-alerts".to_owned(),
            onboarding: "#cs-onboarding".to_owned(),
            finance: "#finance-alerts".to_owned(),
        }
    }
}

/// The coordinator's settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Our own company, as customers know it.
    pub company: String,
    /// What the customer bought.
    pub product: String,
    /// Customer success; used where the account has no owner with an address, and shown to customers for questions.
    pub cs_address: Email,
    /// Slack channels.
    #[serde(default)]
    pub channels: Channels,
    /// Second rung of the task escalation ladder; none when absent.
    #[serde(default)]
    pub manager_address: Option<Email>,
    /// Third rung; none when absent.
    #[serde(default)]
    pub director_address: Option<Email>,
    /// Where training starts (http or https); the training mail has no link when absent.
    #[serde(default)]
    pub training_url: Option<String>,
    /// How long an approval may be given, in days.
    #[serde(default = "approval_lifetime_days")]
    pub approval_lifetime_days: u16,
    /// Where Slack sends a pressed button; escalations have buttons only when it is set.
    #[serde(default)]
    pub approval_endpoint: Option<String>,
    /// Longest wait for one tool call, the server's own retries included.
    #[serde(default = "call_deadline_ms")]
    pub call_deadline_ms: u64,
}

fn approval_lifetime_days() -> u16 {
    7
}

/// A little more than the minute a governed server gives its tools, so that its own words on what took so long arrive.
fn call_deadline_ms() -> u64 {
    65_000
}

impl Settings {
    /// Settings with every default.
    #[must_use]
    pub fn new(company: impl Into<String>, product: impl Into<String>, cs_address: Email) -> Self {
        Self {
            company: company.into(),
            product: product.into(),
            cs_address,
            channels: Channels::default(),
            manager_address: None,
            director_address: None,
            training_url: None,
            approval_lifetime_days: approval_lifetime_days(),
            approval_endpoint: None,
            call_deadline_ms: call_deadline_ms(),
        }
    }

    /// Longest wait for one tool call.
    #[must_use]
    pub fn call_deadline(&self) -> Duration {
        Duration::from_millis(self.call_deadline_ms)
    }
}
