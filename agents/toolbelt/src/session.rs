//! Opening an MCP session with one of our servers, the same over every transport.

use crate::ears::Ears;
use rmcp::model::ProtocolVersion;
use rmcp::service::{ClientInitializeError, ClientLifecycleMode, RoleClient, RunningService};
use std::io;

pub(crate) type Client = RunningService<RoleClient, Ears>;

/// Why a connection could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server's program could not be started.
    #[error("cannot start the server program {program}")]
    Launch {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The server did not open an MCP session.
    #[error("the server did not open an MCP session: {0}")]
    Handshake(String),
    /// The server did not say what tools it has.
    #[error("the server did not list its tools: {0}")]
    Listing(String),
    /// The credential for it could not be made.
    #[error("cannot make the credential for the server: {0}")]
    Credential(String),
    /// No HTTP client could be made, usually because no TLS provider is installed.
    #[error("cannot make an HTTP client")]
    HttpClient(#[source] reqwest::Error),
}

/// The session every connection of ours opens: our servers speak `server/discover`, so nothing is probed.
pub(crate) fn lifecycle() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

/// A handshake's failure, without the message it may quote.
pub(crate) fn handshake(error: &ClientInitializeError) -> ConnectError {
    ConnectError::Handshake(error.to_string())
}
