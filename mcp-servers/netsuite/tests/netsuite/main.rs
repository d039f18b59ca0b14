//! The NetSuite server as a host sees it: real governance, real HTTP, the simulated account.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod breaker;
mod facts;
mod failures;
#[path = "../../../tests/host.rs"]
mod host;
mod rig;
