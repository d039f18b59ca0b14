//! Behaviour of the whole: the real binary, the real simulator as its own process, real SQLite.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod api;
mod approvals;
mod bad_input;
mod crash;
mod decide;
mod demo;
mod eval;
mod harness;
mod identity;
mod monitor;
mod outbox;
mod reload;
mod rules;
mod schedule;
mod serve;
mod serving;
mod slack;
mod transports;
