//! PagerDuty Events v2: triggers an incident, named by its dedup key.
//!
//! PagerDuty itself recognises a repeat of the key, so a trigger whose answer was lost is simply sent again, by the outbox.

use crate::parcel::Attempt;
use crate::settings::{PagerSettings, Settings};
use crate::slack::unwritable;
use gangway_governance::vendor::{
    Answer, CallEffect, Failure, NoToken, Outbound, RetryPolicy, VendorClient, VendorRequest, VendorSettings,
};
use gangway_protocol::tools::Tool as _;
use gangway_protocol::tools::notify::{Page, PageArgs};
use gangway_protocol::{ApiError, CorrelationId, ErrorType, IdempotencyKey, System};
use http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// One service of PagerDuty.
pub(crate) struct Pager {
    client: VendorClient,
    routing_key: SecretString,
    source: String,
}

/// What PagerDuty says of an event it does not take.
#[derive(Deserialize)]
struct Said {
    status: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<String>,
}

#[derive(Deserialize)]
struct Accepted {
    dedup_key: String,
}

impl Pager {
    /// A client; it connects when the first page is sent.
    pub(crate) fn new(pager: &PagerSettings, settings: &Settings, outbound: Outbound) -> Self {
        let vendor = VendorSettings {
            system: System::Notify,
            base_url: pager.base_url.clone(),
            // As with Slack: what is repeated waits in the outbox.
            retry: RetryPolicy { retries: 0, ..RetryPolicy::from(settings.retry) },
            attempt_deadline: settings.attempt_deadline(),
        };
        let client = VendorClient::new(vendor, outbound, Arc::new(NoToken), classify);
        Self { client, routing_key: pager.routing_key.clone(), source: pager.source.clone() }
    }

    /// The event as it is written, without the routing key: that one is a secret, and the outbox keeps none.
    pub(crate) fn compose(
        &self,
        args: &PageArgs,
        key: &IdempotencyKey,
        correlation_id: Option<&CorrelationId>,
    ) -> Value {
        json!({
            "event_action": "trigger",
            "dedup_key": key,
            "payload": {
                "summary": args.summary.0,
                "source": self.source,
                "severity": args.severity,
                "custom_details": {"correlation_id": correlation_id},
            },
        })
    }

    /// Triggers the incident. An answer that was lost is a failure like any other: it may be sent again.
    pub(crate) async fn trigger(&self, event: &Value) -> Attempt {
        let mut event = event.clone();
        event["routing_key"] = json!(self.routing_key.expose_secret());
        match self.enqueue(Page::CONTRACT.operation(), &event).await {
            Ok(accepted) => Attempt::Delivered(accepted.dedup_key),
            Err(error) => Attempt::undelivered(error),
        }
    }

    /// Asks whether PagerDuty can be reached. Its only endpoint takes events, so an empty one is sent, and refused.
    pub(crate) async fn check(&self) -> Result<String, ApiError> {
        match self.enqueue("check", &json!({})).await {
            Err(error) if error.http_status != Some(400) => Err(error),
            Ok(_) | Err(_) => Ok("PagerDuty answers; its routing key shows only with a real page".to_owned()),
        }
    }

    async fn enqueue(&self, operation: &'static str, event: &Value) -> Result<Accepted, ApiError> {
        // The dedup key makes it idempotent.
        let request =
            VendorRequest::json(operation, Method::POST, "/v2/enqueue", event, CallEffect::Idempotent)
                .map_err(|error| unwritable(operation, &error))?;
        self.client.send_json(&request).await
    }
}

fn classify(answer: &Answer) -> Option<Failure> {
    if answer.is_success() {
        return None;
    }
    let said: Said = serde_json::from_slice(&answer.body).ok()?;
    let words = [said.message].into_iter().chain(said.errors).collect::<Vec<_>>().join("; ");
    let error_type = match answer.status {
        429 => ErrorType::RateLimit,
        500.. => ErrorType::ServerError,
        _ if words.to_ascii_lowercase().contains("routing key") => ErrorType::Authentication,
        _ => ErrorType::Validation,
    };
    Some(Failure::new(error_type, said.status.replace(' ', "_"), words))
}

#[cfg(test)]
mod tests {
    use super::classify;
    use bytes::Bytes;
    use gangway_governance::vendor::Answer;
    use gangway_protocol::ErrorType;
    use http::HeaderMap;

    #[test]
    fn a_refused_event_has_the_type_of_the_taxonomy() {
        let table = [
            (
                400,
                r#"{"status":"invalid event","message":"Event object is invalid","errors":["'summary' is missing"]}"#,
                ErrorType::Validation,
            ),
            (
                400,
                r#"{"status":"invalid event","message":"Event object is invalid","errors":["Invalid routing key"]}"#,
                ErrorType::Authentication,
            ),
            (
                429,
                r#"{"status":"throttle exceeded","message":"Requests are arriving too quickly"}"#,
                ErrorType::RateLimit,
            ),
            (500, r#"{"status":"internal error","message":"Internal Server Error"}"#, ErrorType::ServerError),
        ];
        for (status, body, error_type) in table {
            let answer =
                Answer { status, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) };
            assert_eq!(classify(&answer).map(|failure| failure.error_type), Some(error_type), "{body}");
        }
        let accepted = Answer { status: 202, headers: HeaderMap::new(), body: Bytes::from_static(b"{}") };
        assert_eq!(classify(&accepted), None);
    }
}
