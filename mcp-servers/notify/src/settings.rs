//! Settings of the notification server: where Slack, the mail server and PagerDuty are and how to be let in.
//!
//! A channel without settings is not offered: its tool answers with an error that says so. Secrets are held as secrets.

use gangway_governance::vendor::RetryPolicy;
use gangway_protocol::redact::Email;
use secrecy::SecretString;
use serde::Deserialize;
use std::time::Duration;

/// Settings of the notification server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Slack; absent = `notify.post_message` is not available.
    pub slack: Option<SlackSettings>,
    /// Mail; absent = `notify.send_email` is not available.
    pub mail: Option<MailSettings>,
    /// PagerDuty; absent = `notify.page` is not available.
    pub pager: Option<PagerSettings>,
    /// How often and how patiently a call itself repeats what certainly did not arrive, before it leaves it to the outbox.
    pub retry: RetrySettings,
    /// How long the outbox goes on trying.
    pub outbox: OutboxSettings,
    /// Longest wait for one answer of Slack or PagerDuty, in milliseconds.
    pub attempt_deadline_ms: Option<u64>,
}

impl Settings {
    pub(crate) fn attempt_deadline(&self) -> Duration {
        Duration::from_millis(self.attempt_deadline_ms.unwrap_or(ATTEMPT_DEADLINE_MS))
    }
}

/// Three repeats after 1, 2 and 4 seconds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetrySettings {
    /// Repeats after the first attempt.
    pub retries: u32,
    /// Wait before the first repeat, in milliseconds; doubles with each.
    pub base_ms: u64,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self { retries: 3, base_ms: 1_000 }
    }
}

impl From<RetrySettings> for RetryPolicy {
    fn from(settings: RetrySettings) -> Self {
        let base = Duration::from_millis(settings.base_ms);
        Self { retries: settings.retries, base, ..Self::default() }
    }
}

/// How long the outbox goes on trying, and when it looks for a message of unknown fate.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutboxSettings {
    /// Attempts after which a message is given up; those within the call count.
    pub attempts: u32,
    /// Longest wait between two attempts, in milliseconds, unless the receiver asks for more.
    pub longest_wait_ms: u64,
    /// Age after which a message is given up, in milliseconds.
    pub max_age_ms: u64,
    /// How long after an attempt Slack may still be at work on it, in milliseconds: before that, a message that is not in
    /// the channel may yet appear.
    pub grace_ms: u64,
}

impl Default for OutboxSettings {
    /// A quarter of an hour at most between attempts, for a day. Slack answers within seconds; a request it has not shown
    /// after half a minute it has lost.
    fn default() -> Self {
        Self { attempts: 100, longest_wait_ms: 900_000, max_age_ms: 86_400_000, grace_ms: 30_000 }
    }
}

/// A Slack app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackSettings {
    /// Everything before `/api/chat.postMessage`.
    #[serde(default = "slack_url")]
    pub base_url: String,
    /// Bot token, with the scope `chat:write`; with `channels:read` and `channels:history` too, messages whose answer was
    /// lost are looked for.
    pub bot_token: SecretString,
}

/// A mail server and the sender's addresses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// Name or address of the mail server.
    pub host: String,
    /// Its port.
    #[serde(default = "submission_port")]
    pub port: u16,
    /// Whether and how the connection is encrypted.
    #[serde(default)]
    pub security: Security,
    /// User name, if the server wants one; then a password too.
    #[serde(default)]
    pub username: Option<String>,
    /// Password.
    #[serde(default)]
    pub password: Option<SecretString>,
    /// Sender.
    pub from: Email,
    /// Sender's name as people see it.
    #[serde(default)]
    pub from_name: Option<String>,
    /// Where answers go, if not to the sender.
    #[serde(default)]
    pub reply_to: Option<Email>,
    /// Most connections open at once.
    #[serde(default = "connections")]
    pub connections: usize,
    /// Longest wait for connecting, for the announcement and for the content of one mail, in milliseconds each.
    #[serde(default = "attempt_deadline_ms")]
    pub attempt_deadline_ms: u64,
    /// PEM of a certificate authority trusted besides the system's own.
    #[serde(default)]
    pub root_certificate_pem: Option<String>,
}

impl MailSettings {
    /// An unencrypted server without login, sending as `from`: what a sink on this machine wants.
    #[must_use]
    pub fn local_sink(host: &str, port: u16, from: Email) -> Self {
        Self {
            host: host.to_owned(),
            port,
            security: Security::Plain,
            username: None,
            password: None,
            from,
            from_name: None,
            reply_to: None,
            connections: connections(),
            attempt_deadline_ms: attempt_deadline_ms(),
            root_certificate_pem: None,
        }
    }

    pub(crate) fn attempt_deadline(&self) -> Duration {
        Duration::from_millis(self.attempt_deadline_ms)
    }
}

/// How the connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Not at all; for a server on this machine.
    Plain,
    /// By STARTTLS; a server that does not offer it is not used.
    #[default]
    StartTls,
    /// From the first byte (port 465).
    Tls,
}

/// A PagerDuty service integration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagerSettings {
    /// Everything before `/v2/enqueue`.
    #[serde(default = "pager_url")]
    pub base_url: String,
    /// Events v2 routing key, 32 characters.
    pub routing_key: SecretString,
    /// What the incident names as its source.
    #[serde(default = "pager_source")]
    pub source: String,
}

/// Why the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// User name without password, or the other way round.
    #[error("mail: give both username and password, or neither")]
    HalfCredentials,
    /// An address of ours that no mail server takes.
    #[error("mail: {0} is not an ASCII mail address")]
    MailAddress(&'static str),
    /// The certificate could not be read, or no TLS set up.
    #[error("mail: TLS cannot be set up: {0}")]
    MailTls(String),
}

const ATTEMPT_DEADLINE_MS: u64 = 10_000;

fn slack_url() -> String {
    "https://slack.com".to_owned()
}

fn pager_url() -> String {
    "https://events.pagerduty.com".to_owned()
}

fn pager_source() -> String {
    "gangway".to_owned()
}

/// RFC 6409.
fn submission_port() -> u16 {
    587
}

fn connections() -> usize {
    8
}

fn attempt_deadline_ms() -> u64 {
    ATTEMPT_DEADLINE_MS
}
