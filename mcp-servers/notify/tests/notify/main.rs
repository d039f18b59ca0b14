//! The notification server as a host sees it, against the simulated Slack, mail server and PagerDuty.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

#[path = "../../../tests/host.rs"]
mod host;
mod mail;
mod page_and_check;
mod rig;
mod rounds;
mod slack;
