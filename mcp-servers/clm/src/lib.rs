//! Contract lifecycle: the MCP server's tools and the connector to DocuSign eSignature behind them.
//!
//! [`server`] gives the tools, [`check`] tries the credentials. A contract is an envelope; its key terms are the
//! envelope's custom fields. Nothing is judged here, and nothing is written but reminders.

mod choice;
mod connection;
mod contracts;
mod errors;
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

use connection::DocuSign;
use contracts::Contracts;
pub use settings::{Settings, SettingsError};

const INSTRUCTIONS: &str = "Contracts as the signing system has them: status, dates, tier and who has signed. Ask by account \
                            id such as ACME-001 or by contract id such as CLM-CTR-001.";

/// The CLM server.
///
/// # Errors
/// When a setting cannot be used; nothing is sent yet.
pub fn server(settings: &Settings, outbound: Outbound) -> Result<Server, SettingsError> {
    let docusign = Arc::new(DocuSign::connect(settings, outbound.clone())?);
    let contracts = Coalescer::new(&outbound, Contracts::new(docusign.clone()));
    let server = Server::new(System::Clm, "Contracts (DocuSign)", INSTRUCTIONS);
    let server = tools::get_contract::add(server, docusign.clone(), contracts);
    let server = tools::get_contracts::add(server, docusign.clone());
    let server = tools::list_pending_signatures::add(server, docusign.clone());
    Ok(tools::send_reminder::add(server, docusign))
}

/// Whether the account can be reached and lets us in: one line for people, without secrets.
///
/// # Errors
/// What the account or the network answered.
pub async fn check(settings: &Settings, outbound: Outbound) -> Result<String, ApiError> {
    let docusign = DocuSign::connect(settings, outbound).map_err(|error| {
        ApiError::new(System::Clm, ErrorType::Validation, "check", "SETTINGS", &error.to_string())
    })?;
    let account = docusign.user_account("check").await?;
    Ok(format!("credentials accepted, account {} at {}", account.account_name, account.base_uri))
}
