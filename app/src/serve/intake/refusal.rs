//! Why an event is not taken in: the answer its sender gets, and the code the audit keeps.

use crate::listening::body::TOO_SLOW;
use crate::serve::Problem;
use axum::http::StatusCode;
use gangway_intake::Doubt;
use gangway_intake::signature::{Disbelief, TOLERANCE};
use gangway_protocol::AccountId;
use std::time::Duration;

/// Why an event is not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No secret is configured, so nobody can be believed; the setting that is missing.
    NoSecret(&'static str),
    /// Too many requests; how long to wait.
    TooMany(Duration),
    /// Not the content type of this webhook, which is this.
    ContentType(&'static str),
    /// More than this many bytes.
    TooLarge(usize),
    /// The body did not arrive in time, or broke off.
    BrokeOff,
    /// The signature does not prove who sent it; how this webhook is signed.
    Disbelieved(Disbelief, Signed),
    /// Not understood; why.
    Unreadable(String),
    /// The event's id was used before with another body.
    IdReused,
    /// The correlation id belongs to another account's run.
    CorrelationTaken,
    /// Salesforce has no such account.
    UnknownAccount(AccountId),
    /// The line of accepted runs is full.
    QueueFull,
    /// The service is stopping.
    Stopping,
    /// The store cannot keep it; why.
    NotKept(String),
}

/// How a webhook's sender is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// Onboarding events: Standard Webhooks, or the hub's signature.
    AsWebhooksAre,
    /// By DocuSign Connect.
    ByDocuSign,
    /// By Slack.
    BySlack,
    /// Not at all: an Outbound Message names its organization.
    ByOrganization,
}

impl Signed {
    /// What is sent.
    fn how(self) -> &'static str {
        match self {
            Self::AsWebhooksAre => {
                "send webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks), or X-Hub-Signature-256"
            }
            Self::ByDocuSign => {
                "send X-DocuSign-Signature-1: switch HMAC signatures on in DocuSign Connect, with a key of serve.docusign_keys"
            }
            Self::BySlack => {
                "send X-Slack-Request-Timestamp and X-Slack-Signature, which Slack makes with the secret that slack_signing_secret holds"
            }
            Self::ByOrganization => {
                "send the message from the organization that serve.salesforce_organization_id names"
            }
        }
    }
}

/// When to come again: a line drains by hundreds of runs a second, a restart takes seconds.
const SOON: Duration = Duration::from_secs(5);

impl From<Doubt> for Refusal {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            // Only an Outbound Message says within its body whose it is.
            Doubt::Disbelieved(disbelief) => Self::Disbelieved(disbelief, Signed::ByOrganization),
            Doubt::Unreadable(why) => Self::Unreadable(why),
        }
    }
}

impl Refusal {
    /// The code that the audit keeps.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSecret(_) => "NO_SECRET_CONFIGURED",
            Self::TooMany(_) => "TOO_MANY_REQUESTS",
            Self::ContentType(_) => "CONTENT_TYPE",
            Self::TooLarge(_) => "BODY_TOO_LARGE",
            Self::BrokeOff => "BODY_INCOMPLETE",
            Self::Disbelieved(Disbelief::Unsigned, _) => "UNSIGNED",
            Self::Disbelieved(Disbelief::Malformed, _) => "SIGNATURE_MALFORMED",
            Self::Disbelieved(Disbelief::Stale, _) => "TIMESTAMP_OUT_OF_RANGE",
            Self::Disbelieved(Disbelief::Wrong, _) => "BAD_SIGNATURE",
            Self::Unreadable(_) => "UNREADABLE",
            Self::IdReused => "ID_REUSED",
            Self::CorrelationTaken => "CORRELATION_TAKEN",
            Self::UnknownAccount(_) => "UNKNOWN_ACCOUNT",
            Self::QueueFull => "QUEUE_FULL",
            Self::Stopping => "STOPPING",
            Self::NotKept(_) => "NOT_KEPT",
        }
    }

    /// What the audit keeps beside the code, where the code does not say it all.
    pub fn why(&self) -> Option<String> {
        match self {
            Self::UnknownAccount(account_id) => Some(format!("Salesforce has no account {account_id}")),
            Self::NoSecret(_)
            | Self::TooMany(_)
            | Self::ContentType(_)
            | Self::TooLarge(_)
            | Self::BrokeOff
            | Self::Disbelieved(..)
            | Self::Unreadable(_)
            | Self::IdReused
            | Self::CorrelationTaken
            | Self::QueueFull
            | Self::Stopping
            | Self::NotKept(_) => None,
        }
    }

    /// What the sender is told.
    pub fn problem(&self) -> Problem {
        let (status, detail) = match self {
            Self::NoSecret(setting) => (
                StatusCode::SERVICE_UNAVAILABLE,
                format!(
                    "nothing is taken in that nobody has proved to have sent, and {setting} is not configured: set it, or GANGWAY_{} (…_FILE names a file)",
                    setting.to_uppercase().replace('.', "__")
                ),
            ),
            Self::TooMany(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "too many requests; send again later".to_owned())
            }
            Self::ContentType(wanted) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("send the event as {wanted}"))
            }
            Self::TooLarge(limit) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "the body is larger than {limit} bytes; send what is asked for here and leave out the rest"
                ),
            ),
            Self::BrokeOff => (StatusCode::REQUEST_TIMEOUT, TOO_SLOW.to_owned()),
            Self::Disbelieved(disbelief, signed) => (StatusCode::UNAUTHORIZED, said(*disbelief, *signed)),
            Self::Unreadable(why) => (StatusCode::UNPROCESSABLE_ENTITY, why.clone()),
            Self::IdReused => (
                StatusCode::CONFLICT,
                "this event id came before with another body; give another event another id".to_owned(),
            ),
            Self::CorrelationTaken => (
                StatusCode::CONFLICT,
                "this correlation id belongs to another account's run; give each account its own".to_owned(),
            ),
            Self::UnknownAccount(account_id) => (
                StatusCode::NOT_FOUND,
                format!(
                    "Salesforce was asked for account {account_id} and has none that Gangway's user can see; nothing was taken in: check the id, or make the account (or the user's access to it), and send this again"
                ),
            ),
            Self::QueueFull => (
                StatusCode::SERVICE_UNAVAILABLE,
                "more runs wait than may; nothing was taken in, send it again later".to_owned(),
            ),
            Self::Stopping => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the service is stopping; nothing was taken in, send it again later".to_owned(),
            ),
            Self::NotKept(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the event could not be kept and was not taken in; send it again later".to_owned(),
            ),
        };
        let problem = Problem::new(status, detail);
        match self {
            Self::TooMany(wait) => problem.retry_after(*wait),
            Self::QueueFull | Self::Stopping | Self::NotKept(_) => problem.retry_after(SOON),
            // Without a secret, sending again helps as little as with a wrong one.
            Self::NoSecret(_)
            | Self::ContentType(_)
            | Self::TooLarge(_)
            | Self::BrokeOff
            | Self::Disbelieved(..)
            | Self::Unreadable(_)
            | Self::IdReused
            | Self::CorrelationTaken
            | Self::UnknownAccount(_) => problem,
        }
    }
}

fn said(disbelief: Disbelief, signed: Signed) -> String {
    let how = signed.how();
    match (disbelief, signed) {
        (Disbelief::Unsigned, _) => format!("the event is not signed: {how}"),
        (Disbelief::Malformed, _) => {
            format!("a signature header is missing, given twice or unreadable; {how}, each once")
        }
        (Disbelief::Stale, _) => {
            let minutes = TOLERANCE.as_mins();
            format!("the event was signed more than {minutes} minutes from now; check the clock and sign again")
        }
        (Disbelief::Wrong, Signed::ByOrganization) => {
            format!("the message names another organization; {how}")
        }
        (Disbelief::Wrong, Signed::AsWebhooksAre) => {
            "no configured secret made this signature; sign the body byte for byte as it is sent, with a secret that is configured here".to_owned()
        }
        (Disbelief::Wrong, Signed::ByDocuSign | Signed::BySlack) => {
            format!("no configured secret made this signature; {how}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Disbelief, Refusal, Signed};

    const WAYS: [Signed; 4] =
        [Signed::AsWebhooksAre, Signed::ByDocuSign, Signed::BySlack, Signed::ByOrganization];

    fn disbelieved() -> impl Iterator<Item = (Disbelief, Signed)> {
        let all = [Disbelief::Unsigned, Disbelief::Malformed, Disbelief::Stale, Disbelief::Wrong];
        all.into_iter().flat_map(|disbelief| WAYS.map(|signed| (disbelief, signed)))
    }

    #[test]
    fn who_is_not_believed_is_told_of_the_signature_of_that_webhook_only() {
        let named = ["webhook-signature", "X-DocuSign-Signature-1", "X-Slack-Signature", "organization_id"];
        for (signed, own) in WAYS.into_iter().zip(named) {
            let says = super::said(Disbelief::Unsigned, signed);
            let others = named.into_iter().filter(|name| says.contains(name));
            assert_eq!(others.collect::<Vec<_>>(), [own], "{says}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_then_what_to_do() {
        for refusal in [
            Refusal::TooLarge(1),
            Refusal::BrokeOff,
            Refusal::IdReused,
            Refusal::CorrelationTaken,
            Refusal::QueueFull,
        ]
        .into_iter()
        .chain(disbelieved().map(|(disbelief, signed)| Refusal::Disbelieved(disbelief, signed)))
        {
            let said = serde_json::to_value(refusal.problem()).unwrap_or_default();
            let step = said["detail"].as_str().and_then(|detail| detail.split([';', ':', ',']).nth(1));
            let names_one = ["send", "sign", "give", "check", "nothing was taken in"];
            assert!(step.is_some_and(|step| names_one.iter().any(|word| step.contains(word))), "{said}");
        }
    }
}
