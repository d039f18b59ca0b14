//! `[serve]`: where the service listens, how much it takes in, and the secrets its senders sign with.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32, NonZeroU64};

/// The service.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Serve {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Names other than loopback ones under which it is reached, e.g. behind a reverse proxy: separated by commas.
    pub allowed_hosts: Names,
    /// Secrets of who may send `POST /webhook/onboarding`: one a line or separated by commas, each `SECRET` or
    /// `SENDER:SECRET`. Two secrets of one sender are valid side by side, which is how they are rotated.
    pub webhook_secrets: Secrets,
    /// HMAC keys of DocuSign Connect.
    pub docusign_keys: Secrets,
    /// Salesforce organization whose Outbound Messages are taken in; without it none are.
    pub salesforce_organization_id: Option<String>,
    /// Events taken in from one sender in a minute; a repeat of one that is stored does not count.
    pub events_per_minute: NonZeroU32,
    /// Requests to webhooks heard from one address in a minute, before it is known who sends.
    pub requests_per_minute: NonZeroU32,
    /// Runs accepted and not yet begun, at most.
    pub queue: NonZeroU32,
    /// Runs driven at once.
    pub workers: NonZeroU16,
    /// Connections open at once; when all are taken, whoever has taken longest to say what they want makes room.
    pub connections: NonZeroU32,
    /// How long a request's head may take to arrive, and how long a connection may stay silent between two requests.
    pub head_ms: NonZeroU64,
    /// How long a request's body may take to arrive.
    pub body_ms: NonZeroU64,
    /// How long an event's account may be looked for in Salesforce; without an answer by then the event is taken in unseen.
    pub lookup_ms: NonZeroU64,
    /// How long the work under way may take to come to rest when the service is asked to end.
    pub drain_ms: u64,
}

impl Default for Serve {
    fn default() -> Self {
        const EVENTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(1_199);
        const REQUESTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(5_999);
        const QUEUE: NonZeroU32 = NonZeroU32::MIN.saturating_add(9_999);
        const WORKERS: NonZeroU16 = NonZeroU16::MIN.saturating_add(7);
        const CONNECTIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(511);
        const HEAD_MS: NonZeroU64 = NonZeroU64::MIN.saturating_add(14_999);
        const BODY_MS: NonZeroU64 = NonZeroU64::MIN.saturating_add(9_999);
        const LOOKUP_MS: NonZeroU64 = NonZeroU64::MIN.saturating_add(1_999);
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8700)),
            allowed_hosts: Names::default(),
            webhook_secrets: Secrets::default(),
            docusign_keys: Secrets::default(),
            salesforce_organization_id: None,
            events_per_minute: EVENTS,
            requests_per_minute: REQUESTS,
            queue: QUEUE,
            workers: WORKERS,
            connections: CONNECTIONS,
            head_ms: HEAD_MS,
            body_ms: BODY_MS,
            lookup_ms: LOOKUP_MS,
            drain_ms: 25_000,
        }
    }
}

impl Serve {
    /// All that webhooks go by, secrets included, as one text to compare with another.
    pub fn webhook_terms(&self) -> SecretString {
        let secrets = |secrets: &Secrets| {
            let secrets = secrets.0.iter().map(|secret| secret.expose_secret());
            secrets.collect::<Vec<_>>().join("\n")
        };
        let bounds = (self.events_per_minute, self.requests_per_minute, self.body_ms, self.lookup_ms);
        let (onboarding, docusign) = (secrets(&self.webhook_secrets), secrets(&self.docusign_keys));
        let organization = &self.salesforce_organization_id;
        SecretString::from(format!("{bounds:?} {organization:?} {onboarding:?} {docusign:?}"))
    }
}

/// Words separated by commas or white space.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "String")]
pub struct Names(pub Vec<String>);

impl From<String> for Names {
    fn from(text: String) -> Self {
        let words = text.split(|character: char| character == ',' || character.is_whitespace());
        Self(words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect())
    }
}

/// Secrets, one a line or separated by commas.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "SecretString")]
pub struct Secrets(pub Vec<SecretString>);

impl From<SecretString> for Secrets {
    fn from(text: SecretString) -> Self {
        let parts = text.expose_secret().split([',', '\n']).map(str::trim);
        Self(parts.filter(|part| !part.is_empty()).map(SecretString::from).collect())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::Serve;
    use secrecy::ExposeSecret as _;

    #[test]
    fn secrets_come_one_a_line_or_with_commas_and_are_not_shown() {
        let serve: Serve = serde_json::from_value(serde_json::json!({
            "webhook_secrets": "whsec_a, crm:whsec_b\nhub secret\n", "allowed_hosts": "a.example, B.example"}))
        .unwrap();
        let secrets: Vec<&str> =
            serve.webhook_secrets.0.iter().map(|secret| secret.expose_secret()).collect();
        assert_eq!(secrets, ["whsec_a", "crm:whsec_b", "hub secret"]);
        assert_eq!(serve.allowed_hosts.0, ["a.example", "b.example"]);
        assert!(!format!("{serve:?}").contains("whsec"));
    }
}
