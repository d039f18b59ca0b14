//! Offering a governed server to the world: stdio for hosts that launch us, a router for whoever listens over HTTP.
//!
//! Over stdio the launch says who calls; over HTTP the [`Door`] finds out with each request.

mod challenge;
mod door;
mod http;
mod lines;
mod stdio;

pub use door::{AtDoor, Door, DoorBook, KeyCheck, Resource, TurnedAway};
pub use http::Mount;
pub use stdio::serve_stdio;

/// Why a server could not be offered.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The host on standard input did not speak MCP.
    #[error("the host on standard input did not open an MCP session: {0}")]
    Handshake(String),
}
