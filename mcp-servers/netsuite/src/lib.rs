//! NetSuite: the MCP server's tools and the connector to SuiteTalk REST behind them.
//!
//! [`server`] gives the tools, [`check`] tries the credentials. Invoices and rates are read with SuiteQL, many accounts
//! in one call; nothing is judged here and nothing is ever written.

mod connection;
mod errors;
mod invoices;
mod login;
mod mapping;
mod oauth1;
mod query;
pub mod reading;
pub mod settings;
mod tools;
mod wire;

use std::sync::Arc;

use gangway_governance::vendor::Outbound;
use gangway_governance::{Coalescer, Server};
use gangway_protocol::{ApiError, ErrorType, System};

use connection::NetSuite;
use invoices::Invoices;
pub use settings::{Settings, SettingsError};
use wire::RateRow;

const INSTRUCTIONS: &str = "NetSuite invoices of customers, and exchange rates, read as they stand. Customers are found by \
                            their external id, which is the account's business id such as ACME-001.";

/// The NetSuite server.
///
/// # Errors
/// When a setting cannot be used; nothing is sent yet.
pub fn server(settings: &Settings, outbound: Outbound) -> Result<Server, SettingsError> {
    let netsuite = Arc::new(NetSuite::connect(settings, outbound.clone())?);
    let invoices = Coalescer::new(&outbound, Invoices::new(netsuite.clone()));
    let server = Server::new(System::Netsuite, "NetSuite", INSTRUCTIONS);
    let server = tools::get_invoice::add(server, netsuite.clone());
    let server = tools::get_invoices::add(server, netsuite.clone(), invoices);
    Ok(tools::get_exchange_rate::add(server, netsuite))
}

/// Whether the account can be reached and lets us query: one line for people, without secrets.
///
/// # Errors
/// What the account or the network answered.
pub async fn check(settings: &Settings, outbound: Outbound) -> Result<String, ApiError> {
    let netsuite = NetSuite::connect(settings, outbound).map_err(|error| {
        ApiError::new(System::Netsuite, ErrorType::Validation, "check", "SETTINGS", &error.to_string())
    })?;
    let _any: Option<RateRow> =
        netsuite.first("check".into(), "SELECT cur.id FROM currency cur ORDER BY cur.id").await?;
    Ok("credentials accepted, SuiteQL answers".to_owned())
}
