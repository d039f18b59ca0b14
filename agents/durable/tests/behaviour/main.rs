//! The engine on a real store in a real folder, with a toy workflow that counts what its steps do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crash;
mod driving;
mod failing;
mod lock;
mod toy;
