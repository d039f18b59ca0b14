//! The governed server as its callers see it: over MCP, with a real store, with toy tools that misbehave on demand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod http;
mod limits;
mod oauth;
mod offers;
mod progress;
mod protocol;
mod reads;
mod toys;
mod vendor;
mod writes;
