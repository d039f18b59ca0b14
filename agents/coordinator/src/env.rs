//! What the steps may use: tool belts, rules, the grant key, settings, the store, the report folder, the clock.
//!
//! All of it is handed in by `app`; nothing is looked up and nothing is global.

use crate::rule_book::RuleBook;
use crate::settings::Settings;
use ed25519_dalek::SigningKey;
use futures::future::BoxFuture;
use gangway_advisor::Adviser;
use gangway_durable::Clock;
use gangway_protocol::{IdempotencyKey, RunRecord};
use gangway_store::Store;
use gangway_toolbelt::{Scope, Toolbelt};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Where reports go.
pub trait ReportSink: Send + Sync {
    /// Writes a run's reports, each a bare file name and its content, replacing older versions of the same run's.
    ///
    /// Gives one result per report, in the same order: the folder or file cannot be written.
    fn write(&self, reports: Vec<(String, String)>) -> BoxFuture<'_, Vec<io::Result<()>>>;
}

/// The outside, as the steps see it.
pub struct Env {
    /// Runs' audit and approvals.
    pub store: Store,
    /// Tools of the coordinator itself.
    pub coordinator: Toolbelt,
    /// Tools of the contract agent.
    pub contract: Toolbelt,
    /// Tools of the finance agent.
    pub finance: Toolbelt,
    /// Which rules decide which run.
    pub rules: RuleBook,
    /// Signs grants; provision holds the public half.
    pub signing_key: SigningKey,
    /// What an operator configured.
    pub settings: Settings,
    /// Longest wait for one tool call: longer than the tool may take, so that its own words on what took so long arrive.
    pub call_deadline: Duration,
    /// A model that words advice; none where rules do it alone.
    pub adviser: Option<Arc<Adviser>>,
    /// Where reports go.
    pub reports: Arc<dyn ReportSink>,
    /// The present, for what is about the present: a grant's lifetime, an approval's expiry.
    pub clock: Clock,
}

impl Env {
    /// What travels with every call made for a run.
    pub(crate) fn scope(&self, record: &RunRecord) -> Scope {
        Scope {
            run_id: Some(record.run_id.clone()),
            correlation_id: Some(record.request.correlation_id.clone()),
            trace: record.traceparent.clone(),
            deadline: self.call_deadline,
        }
    }
}

/// The key of one labelled effect of a run.
pub(crate) fn key_of(record: &RunRecord, label: &str) -> IdempotencyKey {
    IdempotencyKey::of_step(&record.run_id, label)
}
