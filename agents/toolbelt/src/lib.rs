//! The agents' side of MCP: an allow-list per agent, and connections to servers that may be in this process, a child
//! process or across HTTP. An agent cannot tell which; a call means the same on all three.
//!
//! It knows no vendor and decides nothing; retries belong to the servers.

mod allow;
mod belt;
mod connection;
mod credential;
mod decode;
mod ears;
mod embedded;
mod http;
mod pins;
mod session;
mod stdio;

pub use allow::may_call;
pub use belt::{Answered, Scope, Toolbelt};
pub use connection::Connection;
pub use credential::Credential;
pub use gangway_protocol::Agent;
pub use pins::{Drift, OnDrift};
pub use session::ConnectError;
pub use stdio::StdioLaunch;
