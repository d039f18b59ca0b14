//! The Salesforce server as a host sees it: real governance, real HTTP, the simulated org.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod day;
mod facts;
mod failures;
#[path = "../../../tests/host.rs"]
mod host;
mod rig;
mod together;
mod writes;
