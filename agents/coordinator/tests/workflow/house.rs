//! An engine with a real store, a report sink in memory, toy vendors, and a clock the test sets.

use crate::vendors::Vendors;
use ed25519_dalek::SigningKey;
use futures::future::BoxFuture;
use gangway_coordinator::{Env, Onboarding, ReportSink, RuleBook, Settings, new_run, versions};
use gangway_decision::RuleSet;
use gangway_durable::{Engine, EngineOptions, RetryPolicy, Submitted};
use gangway_protocol::redact::Email;
use gangway_protocol::run::{RunRequest, Trigger};
use gangway_protocol::{RunRecord, System};
use gangway_store::Store;
use gangway_toolbelt::{Agent, Connection, Toolbelt};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

#[derive(Default)]
pub struct Shelf {
    pub files: Mutex<BTreeMap<String, String>>,
    pub is_full: bool,
}

impl ReportSink for Shelf {
    fn write(&self, reports: Vec<(String, String)>) -> BoxFuture<'_, Vec<io::Result<()>>> {
        let keep = |(file, content)| {
            if self.is_full {
                return Err(io::Error::other("no space left on device"));
            }
            self.files.lock().unwrap().insert(file, content);
            Ok(())
        };
        let written = reports.into_iter().map(keep).collect();
        Box::pin(async move { written })
    }
}

pub struct House {
    pub vendors: Vendors,
    pub shelf: Arc<Shelf>,
    pub store: Store,
    pub engine: Engine<Onboarding>,
    pub env: Arc<Env>,
    pub now: Arc<Mutex<Timestamp>>,
    _folder: tempfile::TempDir,
}

impl House {
    pub async fn with(vendors: Vendors) -> Self {
        Self::open(vendors, Shelf::default()).await
    }

    pub async fn open(vendors: Vendors, shelf: Shelf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::in_memory().unwrap();
        let now = Arc::new(Mutex::new("2026-03-04T10:00:00Z".parse::<Timestamp>().unwrap()));
        let reader = Arc::clone(&now);
        let clock: gangway_durable::Clock = Arc::new(move || *reader.lock().unwrap());
        let connection = Connection::embedded(vendors.clone()).await.unwrap();
        let belt = |agent: Agent| {
            let systems = [
                System::Salesforce,
                System::Clm,
                System::Netsuite,
                System::Provision,
                System::Tasks,
                System::Notify,
            ];
            systems
                .into_iter()
                .fold(Toolbelt::new(agent), |belt, system| belt.with(system, connection.clone()))
        };
        let shelf = Arc::new(shelf);
        let env = Env {
            store: store.clone(),
            coordinator: belt(Agent::Coordinator),
            contract: belt(Agent::Contract),
            finance: belt(Agent::Finance),
            adviser: None,
            rules: RuleBook::new(store.clone(), RuleSet::builtin(), Arc::clone(&clock)),
            signing_key: SigningKey::from_bytes(&[7; 32]),
            settings: Settings::new(
                "Northwind Cloud",
                "Northwind Ads",
                Email::parse("cs@northwind.example").unwrap(),
            ),
            call_deadline: Duration::from_secs(65),
            reports: Arc::<Shelf>::clone(&shelf),
            clock: Arc::clone(&clock),
        };
        let mut options = EngineOptions::new(folder.path());
        options.clock = clock;
        options.retry = RetryPolicy { attempts: 2, base: Duration::ZERO, longest: Duration::ZERO };
        let env = Arc::new(env);
        let engine = Engine::open(store.clone(), Arc::clone(&env), options).unwrap();
        Self { vendors, shelf, store, engine, env, now, _folder: folder }
    }

    /// Submits a run of ACME-001 and drives it to its rest.
    pub async fn run(&self) -> RunRecord {
        let submitted = self.submit("ACME-001", "cor-1").await;
        self.engine.drive(&submitted.record.run_id).await.unwrap()
    }

    /// Submits a run and leaves it there.
    pub async fn submit(&self, account: &str, correlation: &str) -> Submitted {
        let request = RunRequest {
            account_id: account.parse().unwrap(),
            opportunity_id: None,
            correlation_id: correlation.parse().unwrap(),
            as_of: None,
            trigger: Trigger::Demo,
            requested_by: "test".to_owned(),
        };
        let now = *self.now.lock().unwrap();
        let record = new_run(request, now, Uuid::now_v7(), &versions());
        self.engine.submit(record).await.unwrap()
    }

    pub fn pass_days(&self, days: i64) {
        let mut now = self.now.lock().unwrap();
        *now = now.checked_add(jiff::SignedDuration::from_hours(24 * days)).unwrap();
    }
}
