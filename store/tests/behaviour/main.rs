//! The store as its users see it, on real files, with real other processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod approvals;
mod audit;
mod backup;
mod feed;
mod folder;
mod idempotency;
mod intake;
mod llm_calls;
mod outbox;
mod records;
mod retention;
mod rules;
mod runs;
mod tasks;
mod tenants;
mod timers;
