//! Offering a governed server to the world: stdio for hosts that launch us, HTTP on loopback for the rest.
//!
//! Over stdio the launch says who calls; over HTTP the [`Door`] finds out with each request.

mod challenge;
mod door;
mod http;
mod lines;
mod stdio;

pub use door::{AtDoor, Door, DoorBook, KeyCheck, Resource, TurnedAway};
pub use http::{HttpServer, Listening, Mount};
pub use stdio::serve_stdio;

use std::io;
use std::net::SocketAddr;

/// Why a server could not be offered.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is reachable from other machines.
    #[error(
        "will not listen on {0}: a single server listens on loopback addresses (127.0.0.1, ::1) only; gangway serve offers every server to other machines, at /mcp/SERVER"
    )]
    NotLoopback(SocketAddr),
    /// Somebody else listens there.
    #[error("cannot listen on {0}: the port is in use; choose another one, or 0 for any free one")]
    PortInUse(SocketAddr),
    /// Listening failed for another reason.
    #[error("cannot listen on {addr}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The host on standard input did not speak MCP.
    #[error("the host on standard input did not open an MCP session: {0}")]
    Handshake(String),
}
