//! What webhooks bring, before anything is done about it: who sent a body, and what it says.
//!
//! Pure: headers, body, keys and the time are handed in. Nothing is kept, asked or started here, and nothing is refused
//! for its rate or size; that is the service's. One file per kind of sender, the signatures of all in [`signature`].

pub mod docusign;
mod object;
pub mod onboarding;
pub mod outbound_message;
pub mod signature;
pub mod slack;

pub use object::Object;
pub use signature::{Disbelief, Key};

use gangway_protocol::redact::scrub;

/// Longest reason given to a sender: a parser's own words quote what it was given, however long.
const LONGEST_REASON: usize = 500;

/// Why a body is not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// Nobody we know proved to have sent it.
    Disbelieved(Disbelief),
    /// It is not understood; why, in words for its sender.
    Unreadable(String),
}

impl Doubt {
    /// A body that is not understood, in bounded words that repeat no address and no token.
    fn unreadable(why: &str) -> Self {
        Self::Unreadable(scrub(why, LONGEST_REASON))
    }
}
