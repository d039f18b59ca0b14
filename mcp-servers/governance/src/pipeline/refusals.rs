//! What refused calls leave in the audit: bounded, so that nobody who may do nothing can fill it.
//!
//! Of one caller, tool and reason the first twenty a minute are recorded one by one, the others as a number.

use crate::tally::Tally;
use gangway_protocol::Actor;
use gangway_protocol::audit::{AuditRecord, CallEnd};
use gangway_store::Store;
use jiff::Timestamp;
use serde_json::json;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Kind {
    who: String,
    tool: String,
    error: String,
}

/// The refused calls of a process.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Tally<Kind>);

impl Refusals {
    /// Records a refused call, or counts it.
    pub(crate) async fn record(&self, store: &Store, refused: AuditRecord) {
        let now = refused.at;
        self.settle(store, Some(now)).await;
        let (is_single, _) = self.0.count(Kind::of(&refused), now);
        if is_single {
            append(store, refused).await;
        }
    }

    /// Records the numbers of the minutes that are over; those of all when `now` is none, at the end.
    pub(crate) async fn settle(&self, store: &Store, now: Option<Timestamp>) {
        let at = now.unwrap_or_else(Timestamp::now);
        for (kind, others) in self.0.over(now) {
            append(store, kind.sum(others, at)).await;
        }
    }
}

impl Kind {
    fn of(refused: &AuditRecord) -> Self {
        let error = refused.end.as_ref().and_then(|end| end.error.clone()).unwrap_or_default();
        Self { who: refused.principal.clone(), tool: refused.tool.clone(), error }
    }

    fn sum(self, others: u32, at: Timestamp) -> AuditRecord {
        let told = json!({ "not_recorded_singly": others });
        let record = AuditRecord::refused(&self.tool, &Actor::nobody("several"), told, at, "");
        let end = record.end.map(|end| CallEnd { error: Some(self.error), ..end });
        AuditRecord { principal: self.who, end, ..record }
    }
}

async fn append(store: &Store, record: AuditRecord) {
    if let Err(cause) = store.audit().append_later(record).await {
        tracing::error!(cause = cause.with_cause(), "an audit record was lost");
    }
}
