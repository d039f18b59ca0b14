//! Who may call what: callers ([`principal`]), how our own prove themselves to another process
//! ([`pass`]) and hosts by an issuer's tokens ([`oauth`], [`jwks`]), and the rules that permit them something ([`policy`]).
//!
//! How a caller proves who it is differs by transport; what it may do then does not.

pub mod jwks;
pub mod oauth;
pub mod pass;
pub mod policy;
pub mod principal;

pub use jwks::KeySource;
pub use oauth::{BadToken, Issuer};
pub use pass::{BadPass, Holder, PassCheck, PassMint};
pub use policy::{Policy, PolicyError, Refusal, Verdict};
pub use principal::{BadName, Kind, Principal, Reach};
