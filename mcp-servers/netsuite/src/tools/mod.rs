//! The tools, one per file, each with the function that adds it to the server.

pub(crate) mod get_exchange_rate;
pub(crate) mod get_invoice;
pub(crate) mod get_invoices;
