//! Where calls are recorded, and what a day has cost. `app` hands one in; this room knows no store.

use futures::future::BoxFuture;
use gangway_protocol::{LlmCall, Spent};
use jiff::Timestamp;

/// A record of calls.
pub trait Ledger: Send + Sync {
    /// What the UTC day of this instant has cost so far; none when that cannot be told.
    fn spent_on_day(&self, at: Timestamp) -> BoxFuture<'_, Option<Spent>>;

    /// Records a call. A failure is the ledger's to report: advice does not wait for it or fail with it.
    fn record(&self, call: LlmCall) -> BoxFuture<'_, ()>;
}
