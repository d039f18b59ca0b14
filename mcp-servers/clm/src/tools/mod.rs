//! The tools, one per file, each with the function that adds it to the server.

pub(crate) mod get_contract;
pub(crate) mod get_contracts;
pub(crate) mod list_pending_signatures;
pub(crate) mod send_reminder;
