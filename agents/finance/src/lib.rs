//! The finance agent: what NetSuite knows about an account's billing, as facts.
//!
//! Remit: invoices and payment state, and the exchange rates needed to compare them with the deal. It compares and
//! decides nothing, and reaches nothing but `netsuite.*`.

mod assess;
mod gather;
mod rates;

pub use assess::assess;
pub use gather::{FinanceFindings, invoices};
pub use rates::{RateFindings, rates};
