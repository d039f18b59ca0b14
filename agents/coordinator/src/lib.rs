//! The coordinator: one account from a request to a decided, provisioned and welcomed customer.
//!
//! Pure parts first (run records, effects plan, messages, reports), then the workflow that carries the plan out. It
//! decides nothing itself: the decision core does. It reaches systems only through its toolbelts.

pub mod contacts;
pub mod effects;
pub mod messages;
pub mod report;
pub mod run;
#[cfg(test)]
mod samples;
mod settings;

pub use run::{WORKFLOW_VERSION, explain, new_run, summary_of, versions};
pub use settings::{Channels, Settings};
