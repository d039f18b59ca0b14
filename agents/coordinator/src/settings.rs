//! What an operator may configure about onboarding: our own name, channels, addresses, lifetimes.
//!
//! Plain values, no reading of files or environment: `app` does that.

use crate::approving::Policy;
use gangway_protocol::redact::Email;
use gangway_protocol::{Currency, Money};
use jiff::{SignedDuration, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A reminder on the day before an approval runs out.
const DAY_HOURS: u16 = 24;

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
    /// Deals above this amount need two different approvers, e.g. "100000 USD"; one is enough for all when absent. A
    /// deal in another currency, or without an amount, counts as above.
    #[serde(default, deserialize_with = "amount")]
    pub four_eyes_above: Option<Money>,
    /// Hours before its expiry at which people are reminded of an approval; half of its lifetime and a day when absent.
    #[serde(default)]
    pub approval_reminder_hours: Option<Vec<u16>>,
    /// Where Slack sends a pressed button; escalations have buttons only when it is set.
    #[serde(default)]
    pub approval_endpoint: Option<String>,
}

/// Reads `100000 USD`.
fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let (number, currency) = text.trim().split_once(' ').ok_or_else(|| {
        D::Error::custom(format!("{text:?} is no amount with a currency, such as 100000 USD"))
    })?;
    let read = Currency::parse(currency).and_then(|currency| Money::from_decimal(number, currency));
    read.map(Some).map_err(D::Error::custom)
}

fn approval_lifetime_days() -> u16 {
    7
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
            four_eyes_above: None,
            approval_reminder_hours: None,
            approval_endpoint: None,
        }
    }

    /// Until when an approval asked for at `asked` can be given.
    #[must_use]
    pub fn approval_until(&self, asked: Timestamp) -> Timestamp {
        let lifetime = SignedDuration::from_hours(24 * i64::from(self.approval_lifetime_days));
        asked.checked_add(lifetime).unwrap_or(Timestamp::MAX)
    }

    /// Hours before its expiry at which people are reminded of an approval, the first reminder first.
    #[must_use]
    pub fn reminder_hours(&self) -> Vec<u16> {
        let half = 12_u16.saturating_mul(self.approval_lifetime_days);
        let mut hours = self.approval_reminder_hours.clone().unwrap_or_else(|| vec![half, DAY_HOURS]);
        hours.sort_unstable_by(|a, b| b.cmp(a));
        hours.dedup();
        hours
    }

    /// What approvals ask of people.
    #[must_use]
    pub fn approval_policy(&self) -> Policy {
        Policy { four_eyes_above: self.four_eyes_above }
    }
}
