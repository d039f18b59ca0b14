//! What Salesforce sends, field by field as it sends it. Amounts stay the exact text of the JSON number.
//!
//! It judges nothing; turning these into facts is `mapping`'s business.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// One page of a query's answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryPage {
    /// Each row unread, so that one unreadable row names itself.
    pub records: Vec<Box<RawValue>>,
    pub done: bool,
    #[serde(default)]
    pub next_records_url: Option<String>,
}

/// The answer of a composite call: 200 even when every part failed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompositeAnswer {
    pub composite_response: Vec<CompositePart>,
}

/// The answer of one part.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompositePart {
    pub body: Box<RawValue>,
    pub http_status_code: u16,
    pub reference_id: String,
}

/// One entry of an error body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorEntry {
    pub error_code: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub fields: Vec<String>,
}

/// An error of the token endpoint.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenError {
    pub error: String,
    #[serde(default)]
    pub error_description: String,
}

/// An account, with its owner if the query asked for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccountRow {
    pub id: Option<String>,
    pub name: Option<String>,
    pub is_deleted: Option<bool>,
    pub billing_country: Option<String>,
    pub industry: Option<String>,
    pub owner_id: Option<String>,
    pub owner: Option<UserRow>,
    /// Fields under the names the org gave them: the external id.
    #[serde(flatten)]
    pub own: Map<String, Value>,
}

/// A user.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserRow {
    pub id: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub is_active: Option<bool>,
    pub profile_id: Option<String>,
    pub title: Option<String>,
    pub department: Option<String>,
    pub manager_id: Option<String>,
}

/// An opportunity, with its contract if the query asked for it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OpportunityRow {
    pub id: Option<String>,
    pub account_id: Option<String>,
    pub stage_name: Option<String>,
    #[serde(default)]
    pub amount: Option<Box<RawValue>>,
    pub currency_iso_code: Option<String>,
    pub close_date: Option<String>,
    pub contract_id: Option<String>,
    pub contract: Option<ContractRow>,
    pub system_modstamp: Option<String>,
    /// The account's external id stands in here, under the name the org gave it.
    pub account: Option<Map<String, Value>>,
}

/// A Salesforce contract.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ContractRow {
    pub id: Option<String>,
    pub account_id: Option<String>,
    pub contract_number: Option<String>,
    pub status: Option<String>,
    pub start_date: Option<String>,
    pub end_date: Option<String>,
}
