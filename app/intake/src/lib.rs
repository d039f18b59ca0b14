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

/// Why a body is not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// Nobody we know proved to have sent it.
    Disbelieved(Disbelief),
    /// It is not understood; why, in words for its sender.
    Unreadable(String),
}
