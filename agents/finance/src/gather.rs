//! One account's invoices, and the rates to compare them with the deal: the facts, or why they are unknown.
//!
//! Invoices and rates are two calls apart because the rates wait for the deal's amount, which Salesforce knows: the
//! coordinator asks for both at once and calls [`crate::rates()`] when both are there.

use gangway_protocol::facts::{ExchangeRate, Invoice};
use gangway_protocol::tools::netsuite::{GetInvoices, InvoicesArgs};
use gangway_protocol::{AccountId, ApiError, RecordKind};
use gangway_toolbelt::{Scope, Toolbelt};

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FinanceFindings {
    /// Every invoice of the account; may be empty.
    pub invoices: Vec<Invoice>,
    /// Rates fetched; may be empty.
    pub exchange_rates: Vec<ExchangeRate>,
    /// Failed calls, each naming what it hides; may be empty.
    pub errors: Vec<ApiError>,
}

/// Reads the account's invoices; one tool call. A failure, of the call or of one invoice, is part of the
/// findings and hides the invoices.
pub async fn invoices(belt: &Toolbelt, scope: &Scope, account_id: &AccountId) -> FinanceFindings {
    let args = InvoicesArgs { account_ids: vec![account_id.clone()] };
    match belt.call::<GetInvoices>(scope, &args).await {
        Ok(found) => FinanceFindings {
            invoices: found.invoices,
            errors: found.errors.into_iter().map(hiding_invoices).collect(),
            ..FinanceFindings::default()
        },
        Err(error) => FinanceFindings { errors: vec![hiding_invoices(error)], ..FinanceFindings::default() },
    }
}

fn hiding_invoices(error: ApiError) -> ApiError {
    error.hiding(&[RecordKind::Invoices])
}
