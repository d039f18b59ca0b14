//! The coordinator: one account from a request to a decided, provisioned and welcomed customer.
//!
//! The workflow ([`Onboarding`]) is phases of journaled steps; what they do follows from pure parts beside them (effects
//! plan, messages, reports). It decides nothing itself: the decision core does. It reaches systems only through its
//! toolbelts and knows no server.

mod activities;
pub mod approving;
pub mod contacts;
pub mod customer_mail;
pub mod effects;
mod env;
pub mod messages;
mod onboarding;
mod phases;
pub mod report;
mod rule_book;
pub mod run;
#[cfg(test)]
mod samples;
mod settings;

pub use env::{Env, ReportSink};
pub use onboarding::Onboarding;
pub use rule_book::{RuleBook, RuleBookError, takes};
pub use run::{RULES_ONLY, WORKFLOW_VERSION, explain, new_run, reasons, summary_of, versions};
pub use settings::{Channels, Settings};
