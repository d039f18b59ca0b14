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
    /// The signature does not prove who sent it.
    Disbelieved(Disbelief),
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

/// When to come again: a line drains by hundreds of runs a second, a restart takes seconds.
const SOON: Duration = Duration::from_secs(5);

impl From<Doubt> for Refusal {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::Disbelieved(disbelief) => Self::Disbelieved(disbelief),
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
            Self::Disbelieved(Disbelief::Unsigned) => "UNSIGNED",
            Self::Disbelieved(Disbelief::Malformed) => "SIGNATURE_MALFORMED",
            Self::Disbelieved(Disbelief::Stale) => "TIMESTAMP_OUT_OF_RANGE",
            Self::Disbelieved(Disbelief::Wrong) => "BAD_SIGNATURE",
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
            | Self::Disbelieved(_)
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
            Self::Disbelieved(disbelief) => (StatusCode::UNAUTHORIZED, said(*disbelief)),
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
            | Self::Disbelieved(_)
            | Self::Unreadable(_)
            | Self::IdReused
            | Self::CorrelationTaken
            | Self::UnknownAccount(_) => problem,
        }
    }
}

fn said(disbelief: Disbelief) -> String {
    match disbelief {
        Disbelief::Unsigned => {
            "the event is not signed: send webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks), or X-Hub-Signature-256".to_owned()
        }
        Disbelief::Malformed => {
            "a signature header is missing, given twice or unreadable; send each header of one way to sign, once, as GET /api/openapi.json lists them".to_owned()
        }
        Disbelief::Stale => {
            format!("the event was signed more than {} minutes from now; check the clock and sign again", TOLERANCE.as_mins())
        }
        Disbelief::Wrong => "no configured secret made this signature; sign the body byte for byte as it is sent, with a secret that is configured here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Disbelief, Refusal};

    #[test]
    fn a_refusal_says_what_is_wrong_and_then_what_to_do() {
        for refusal in [
            Refusal::TooLarge(1),
            Refusal::BrokeOff,
            Refusal::Disbelieved(Disbelief::Unsigned),
            Refusal::Disbelieved(Disbelief::Malformed),
            Refusal::Disbelieved(Disbelief::Stale),
            Refusal::Disbelieved(Disbelief::Wrong),
            Refusal::IdReused,
            Refusal::CorrelationTaken,
            Refusal::QueueFull,
        ] {
            let said = serde_json::to_value(refusal.problem()).unwrap_or_default();
            let step = said["detail"].as_str().and_then(|detail| detail.split([';', ':', ',']).nth(1));
            let names_one = ["send", "sign", "give", "check", "nothing was taken in"];
            assert!(step.is_some_and(|step| names_one.iter().any(|word| step.contains(word))), "{said}");
        }
    }
}
