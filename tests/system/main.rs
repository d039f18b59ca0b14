//! Behaviour of the whole: the real binary, the real simulator as its own process, real SQLite.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod api;
mod approvals;
mod approvals_late;
mod audit;
mod bad_input;
mod breaker;
mod crash;
mod decide;
mod demo;
mod doors;
mod ending;
mod eval;
mod harness;
mod hosts;
mod identity;
mod ledger;
mod mcp_doors;
mod model;
mod monitor;
mod outbound_message;
mod outbox;
mod outbox_api;
mod pages;
mod people;
mod planted;
mod privacy;
mod reload;
mod retention;
mod rules;
mod schedule;
mod security;
mod serve;
mod served;
mod serving;
mod slack;
mod slots;
mod telemetry;
mod trace;
mod transports;
mod unknown;
