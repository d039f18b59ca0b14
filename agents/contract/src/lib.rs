//! The contract agent: what the CLM knows about an account's contract, as facts.
//!
//! Remit: contract execution and signatures. It reads contracts, reminds signatories and asks for a new run when a
//! contract that blocked one became executed. It decides nothing and reaches nothing but `clm.*` and the two
//! `onboarding` tools of its allow-list.

mod assess;
mod gather;
mod watch;

pub use assess::assess;
pub use gather::{ContractFindings, gather};
pub use watch::{Reminded, Requested, WatchReport, watch};
