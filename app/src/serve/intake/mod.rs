//! Webhooks: signed events from outside, each believed, remembered and answered once.
//!
//! An event is acknowledged only when what it asks for is committed. A refused one leaves a bounded trace in the audit
//! and nothing else. Which runs are driven when is the queue's matter.

mod body;
mod docusign;
mod onboarding;
mod outbound_message;
mod rate;
mod refusal;
mod slack;

pub use onboarding::Taken;
pub use refusal::{Refusal, Signed};

use super::Service;
use super::settings::{Secrets, Serve};
use crate::refused::Refused;
use anyhow::{Context as _, Result, anyhow};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use gangway_intake::{Disbelief, Key};
use gangway_protocol::Actor;
use gangway_protocol::trace::{TRACEPARENT, TraceParent};
use jiff::Timestamp;
use rate::Rates;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use uuid::Uuid;

/// How often what is over is tidied away: minutes of refusals, quiet addresses, callers that left.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// The webhooks.
pub fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/webhook/onboarding", post(onboarding::receive))
        .route("/webhook/docusign", post(docusign::receive))
        .route("/webhook/salesforce", post(outbound_message::receive))
        .route("/webhook/slack", post(slack::receive))
}

/// What the webhooks go by. Replaced whole when the configuration is read again.
pub struct Policy {
    /// Keys of who may send onboarding events.
    webhook_keys: Vec<Key>,
    /// Keys of DocuSign Connect.
    docusign_keys: Vec<Key>,
    /// The Salesforce organization whose Outbound Messages are taken in.
    organization_id: Option<String>,
    rates: Rates,
    /// Longest wait for a body, of these pages and all others.
    body_time: Duration,
    /// Longest wait for word of an account.
    lookup_time: Duration,
}

impl Policy {
    /// Reads the settings; `demo_secrets` stand in where none is configured.
    pub fn of(settings: &Serve, demo_secrets: Secrets) -> Result<Self> {
        let configured = &settings.webhook_secrets;
        let webhook_secrets = if configured.0.is_empty() { &demo_secrets } else { configured };
        Ok(Self {
            webhook_keys: keys(webhook_secrets).context("serve.webhook_secrets cannot be used")?,
            docusign_keys: keys(&settings.docusign_keys).context("serve.docusign_keys cannot be used")?,
            organization_id: settings.salesforce_organization_id.clone(),
            rates: Rates::of(settings),
            body_time: Duration::from_millis(settings.body_ms.get()),
            lookup_time: Duration::from_millis(settings.lookup_ms.get()),
        })
    }

    /// How long a body may take to arrive.
    pub fn body_time(&self) -> Duration {
        self.body_time
    }

    /// How long an account may be looked for before its event is taken in unseen.
    pub fn lookup_time(&self) -> Duration {
        self.lookup_time
    }
}

fn keys(secrets: &Secrets) -> Result<Vec<Key>> {
    secrets.0.iter().map(|secret| Key::parse(secret).map_err(|why| anyhow!(why))).collect()
}

/// The webhooks' own state.
pub struct Intake(RwLock<Arc<Policy>>);

impl Intake {
    /// Webhooks under this policy.
    pub fn under(policy: Policy) -> Self {
        Self(RwLock::new(Arc::new(policy)))
    }

    /// What holds now.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes by another policy from now on; what was counted against the old limits is forgotten.
    pub fn adopt(&self, policy: Policy) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }
}

/// Keeps the state in memory small until the service stops. What is in the store is the retention job's.
pub async fn tidy(service: Arc<Service>) {
    let mut due = tokio::time::interval(TIDY_EVERY);
    let store = service.installation.store();
    while service.stop.run_until_cancelled(due.tick()).await.is_some() {
        let now = Some(Timestamp::now());
        service.refusals.settle(store, now).await;
        service.installation.governance().settle_refusals(now).await;
        service.intake.policy().rates.forget_the_quiet();
        service.queue.forget_the_gone();
    }
}

/// A delivery at the door.
struct Delivery<'a> {
    service: &'a Arc<Service>,
    webhook: &'static str,
    peer: IpAddr,
    headers: HeaderMap,
}

/// What was refused, and to whom if that is known.
struct Turned {
    sender: Option<String>,
    refusal: Refusal,
}

impl From<Refusal> for Turned {
    fn from(refusal: Refusal) -> Self {
        Self { sender: None, refusal }
    }
}

impl Turned {
    /// For what is refused once the sender is known.
    fn away(sender: &str) -> impl Fn(Refusal) -> Self {
        move |refusal| Self { sender: Some(sender.to_owned()), refusal }
    }
}

impl Delivery<'_> {
    /// What every webhook asks before it believes anything: is there time, room, the right kind of body?
    async fn body(
        &self,
        policy: &Policy,
        content_type: &'static str,
        body: Body,
    ) -> Result<Vec<u8>, Refusal> {
        if self.service.stop.is_cancelled() {
            return Err(Refusal::Stopping);
        }
        policy.rates.hear(self.peer).map_err(Refusal::TooMany)?;
        let given = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = given.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(content_type) {
            return Err(Refusal::ContentType(content_type));
        }
        body::read(&self.headers, body).await
    }

    /// The one value of a header; none when it is absent.
    fn header(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let malformed = Refusal::Disbelieved(Disbelief::Malformed, Signed::AsWebhooksAre);
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(|_| malformed),
            (Some(_), Some(_)) => Err(malformed),
        }
    }

    /// The trace the sender's request is part of, if it names one that can be read; else one that begins here, so that what
    /// is asked before there is a run is in the run's.
    fn trace(&self) -> TraceParent {
        let named =
            self.headers.get(TRACEPARENT).and_then(|value| TraceParent::parse(value.to_str().ok()?).ok());
        named.unwrap_or_else(|| TraceParent::beginning(Uuid::new_v4().as_u128()))
    }

    /// Answers a refusal and leaves its trace.
    async fn refuse(&self, turned: Turned) -> Response {
        self.put_on_record(&turned).await;
        turned.refusal.problem().into_response()
    }

    /// Leaves the trace of a refusal.
    async fn put_on_record(&self, turned: &Turned) {
        let who = match &turned.sender {
            Some(sender) => Actor::webhook(sender),
            None => Actor::nobody("webhook, not believed"),
        };
        let why = turned.refusal.why();
        let refused = Refused {
            what: self.webhook,
            page: None,
            peer: Some(self.peer),
            who,
            code: turned.refusal.code(),
            why: why.as_deref(),
        };
        if let Refusal::NotKept(why) = &turned.refusal {
            tracing::error!(webhook = self.webhook, why, "an event could not be kept");
        }
        let store = self.service.installation.store();
        self.service.refusals.record(store, &refused, Timestamp::now()).await;
    }
}
