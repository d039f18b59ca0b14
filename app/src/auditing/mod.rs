//! The audit's protection and its way out: checkpoints to a second place, exports, and the look at either.
//!
//! What a chain, a checkpoint and a break are is the store's and the protocol's to say; this reads and writes files.

mod export;
mod post;
mod seal;
mod sink;
#[cfg(test)]
mod tests;
mod verify;

pub use export::export;
pub use seal::Sealer;
pub use verify::{Checkpoints, Trust, verify_export, verify_store};
