//! What the notification tests stand on: the real simulator, a real store, the server behind real governance.

use crate::host::Host;
use gangway_governance::limits::LimitSettings;
use gangway_governance::{Governance, Limits, Principal, vendor};
use gangway_notify::{
    Ground, MailSettings, OutboxSettings, Outpost, PagerSettings, RetrySettings, Round, Settings,
    SlackSettings,
};
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::redact::{Email, Personal};
use gangway_protocol::tools::notify::{
    Delivery, Page, PageArgs, PageSeverity, PostMessage, PostMessageArgs, SendEmail, SendEmailArgs,
};
use gangway_protocol::{Agent, ApiError, IdempotencyKey, Person, Role};
use gangway_simulator::{EffectKind, Options, Simulator};
use gangway_store::{OutboxFilter, OutboxState, Store};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use std::sync::{Arc, Mutex};

pub struct Rig {
    pub simulator: Simulator,
    pub store: Store,
    pub host: Host,
    pub outpost: Outpost,
    /// Crash points in the order they were reached.
    pub places: Arc<Mutex<Vec<String>>>,
    governance: Arc<Governance>,
}

/// Settings that lead to the simulator, impatient so that tests need not wait.
pub fn settings(simulator: &Simulator) -> Settings {
    let (addresses, credentials) = (simulator.addresses(), simulator.credentials());
    let from = Email::parse("onboarding@northwind.example").unwrap();
    let mut mail = MailSettings::local_sink("127.0.0.1", addresses.smtp.port(), from);
    mail.username = Some(credentials.smtp.username);
    mail.password = Some(SecretString::from(credentials.smtp.password));
    Settings {
        slack: Some(SlackSettings {
            base_url: addresses.base_url.clone(),
            bot_token: SecretString::from(credentials.slack.bot_token),
        }),
        mail: Some(mail),
        pager: Some(PagerSettings {
            base_url: addresses.base_url,
            routing_key: SecretString::from(credentials.pagerduty.routing_key),
            source: "gangway".to_owned(),
        }),
        retry: RetrySettings { retries: 3, base_ms: 1 },
        outbox: OutboxSettings::default(),
        attempt_deadline_ms: None,
    }
}

pub fn http() -> reqwest::Client {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    vendor::http_client().unwrap()
}

impl Rig {
    pub async fn new() -> Self {
        Self::with(Options::default(), |_| {}).await
    }

    /// A rig whose settings were changed before the server was made.
    pub async fn with(options: Options, change: impl FnOnce(&mut Settings)) -> Self {
        Self::by(Timestamp::now, options, change).await
    }

    /// The same by another clock than the simulator's.
    pub async fn by(clock: fn() -> Timestamp, options: Options, change: impl FnOnce(&mut Settings)) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        let mut settings = settings(&simulator);
        change(&mut settings);
        let store = Store::in_memory().unwrap();
        let places = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&places);
        let crash = CrashPoints::listening(move |place| seen.lock().unwrap().push(place.to_owned()));
        let ground = Ground { store: store.clone(), http: http(), limits: Limits::default(), crash, clock };
        let outpost = Outpost::new(&settings, ground).unwrap();
        // These tests post more at once than a caller may by default.
        let mut unlimited = LimitSettings::default();
        unlimited.callers.per_second = Some(0);
        let governance = Governance::new(store.clone()).with_limits(Limits::new(&unlimited));
        let governance = Arc::new(governance);
        let agent = Principal::agent(Agent::Coordinator);
        let host = Host::open_as(agent, outpost.server(), Arc::clone(&governance)).await;
        Self { simulator, store, host, outpost, places, governance }
    }

    /// A person at the same server.
    pub async fn person(&self, name: &str) -> Host {
        let (name, roles) = (name.to_owned(), [Role::Admin].into());
        let person = Principal::person(Person { name, roles, domains: [].into() });
        Host::open_as(person, self.outpost.server(), Arc::clone(&self.governance)).await
    }

    pub async fn post(&self, channel: &str, key: &str) -> Result<Delivery, ApiError> {
        self.host.call::<PostMessage>(&message(channel, key)).await
    }

    pub async fn mail(&self, key: &str) -> Result<Delivery, ApiError> {
        self.host.call::<SendEmail>(&letter(key)).await
    }

    pub async fn page(&self, key: &str) -> Result<Delivery, ApiError> {
        let summary = Personal("ACME-001 is stuck".to_owned());
        self.host
            .call::<Page>(&PageArgs { summary, severity: PageSeverity::Critical, dedup_key: idem(key) })
            .await
    }

    pub fn count(&self, kind: EffectKind) -> usize {
        self.simulator.ledger().count_of(kind)
    }

    /// A round of the outbox an hour from now: whatever was put off is due.
    pub async fn round(&self) -> Round {
        let later = Timestamp::now() + SignedDuration::from_hours(1);
        self.outpost.deliver_due(later, 100).await.unwrap()
    }

    /// The outbox, oldest first.
    pub async fn outbox(&self) -> Vec<OutboxState> {
        let rows = self.store.outbox().list(OutboxFilter::default()).await.unwrap();
        rows.iter().rev().map(|row| row.state).collect()
    }
}

pub fn idem(key: &str) -> IdempotencyKey {
    IdempotencyKey::parse(key).unwrap()
}

pub fn message(channel: &str, key: &str) -> PostMessageArgs {
    let text = Personal("ACME-001 is live".to_owned());
    PostMessageArgs { channel: channel.to_owned(), text, blocks: None, idempotency_key: idem(key) }
}

pub fn letter(key: &str) -> SendEmailArgs {
    SendEmailArgs {
        to: Email::parse("jo@acme.example").unwrap(),
        subject: Personal("Welcome, Zoë".to_owned()),
        text: Personal("Hello Zoë,\n.\nwelcome.\n".to_owned()),
        html: Some(Personal("<p>Hello Zoë</p>".to_owned())),
        idempotency_key: idem(key),
        once_key: None,
    }
}
