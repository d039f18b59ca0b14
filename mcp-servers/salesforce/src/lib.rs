//! Salesforce: the MCP server's tools and the connector to the REST API behind them.
//!
//! [`server`] gives the tools, [`check`] tries the credentials. Facts come out as Salesforce holds them; nothing is
//! judged here, and nothing is written but an account's onboarding status.

mod accounts;
mod bundles;
mod connection;
mod errors;
mod login;
mod many;
mod mapping;
mod query;
pub mod reading;
pub mod settings;
mod tools;
mod wire;

use std::sync::Arc;

use gangway_governance::vendor::Outbound;
use gangway_governance::{Coalescer, Server};
use gangway_protocol::{ApiError, ErrorType, System};
use serde_json::Value;

use accounts::Accounts;
use bundles::Bundles;
use connection::Salesforce;
pub use settings::{Settings, SettingsError};

const INSTRUCTIONS: &str = "Salesforce accounts, their owners, opportunities and contracts, read as they stand; and the \
                            onboarding status shown on an account. Account ids are business ids such as ACME-001, or \
                            Salesforce ids.";

/// The Salesforce server.
///
/// # Errors
/// When a setting cannot be used; nothing is sent yet.
pub fn server(settings: &Settings, outbound: Outbound) -> Result<Server, SettingsError> {
    let salesforce = Arc::new(Salesforce::connect(settings, outbound.clone())?);
    let accounts = Coalescer::new(&outbound, Accounts::new(salesforce.clone()));
    let bundles = Coalescer::new(&outbound, Bundles::new(salesforce.clone()));
    let server = Server::new(System::Salesforce, "Salesforce", INSTRUCTIONS);
    let server = tools::get_account::add(server, accounts);
    let server = tools::get_user::add(server, salesforce.clone());
    let server = tools::get_opportunity::add(server, salesforce.clone());
    let server = tools::get_contract::add(server, salesforce.clone());
    let server = tools::get_onboarding_bundle::add(server, salesforce.clone(), bundles);
    let server = tools::get_accounts::add(server, salesforce.clone());
    let server = tools::list_closed_won::add(server, salesforce.clone());
    Ok(tools::update_onboarding_status::add(server, salesforce))
}

/// Whether the org can be reached and lets us in: one line for people, without secrets.
///
/// # Errors
/// What the org or the network answered.
pub async fn check(settings: &Settings, outbound: Outbound) -> Result<String, ApiError> {
    let salesforce = Salesforce::connect(settings, outbound).map_err(|error| {
        ApiError::new(System::Salesforce, ErrorType::Validation, "check", "SETTINGS", &error.to_string())
    })?;
    let limits = salesforce.limits().await?;
    let calls = |name| limits.pointer(&format!("/DailyApiRequests/{name}")).and_then(Value::as_i64);
    Ok(match (calls("Remaining"), calls("Max")) {
        (Some(remaining), Some(max)) => {
            format!("credentials accepted, {remaining} of {max} API calls left today")
        }
        _ => "credentials accepted".to_owned(),
    })
}
