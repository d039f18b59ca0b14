//! How long one decision takes, the digest of its facts included: median over many batches, in microseconds.
//!
//! It judges nothing: the goal and the figure stand in the room's README.

fn main() {}
