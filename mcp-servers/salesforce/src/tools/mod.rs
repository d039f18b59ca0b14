//! The tools, one per file, each with the function that adds it to the server.

pub(crate) mod get_account;
pub(crate) mod get_accounts;
pub(crate) mod get_contract;
pub(crate) mod get_onboarding_bundle;
pub(crate) mod get_opportunity;
pub(crate) mod get_user;
pub(crate) mod list_closed_won;
pub(crate) mod update_onboarding_status;
