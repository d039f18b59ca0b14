//! One account's invoices, and the rates to compare them with the deal: the facts, or why they are unknown.
//!
//! Invoices and rates are two calls apart because the rates wait for the deal's amount, which Salesforce knows: the
//! coordinator asks for both at once and calls [`crate::rates`] when both are there.

use crate::rates::rates;
use gangway_protocol::facts::{ExchangeRate, Invoice};
use gangway_protocol::tools::netsuite::{GetInvoices, InvoicesArgs};
use gangway_protocol::{AccountId, ApiError, Money, RecordKind};
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

/// Reads the account's invoices; one tool call. A failure is part of the findings and hides the invoices.
pub async fn invoices(belt: &Toolbelt, scope: &Scope, account_id: &AccountId) -> FinanceFindings {
    let args = InvoicesArgs { account_ids: vec![account_id.clone()] };
    match belt.call::<GetInvoices>(scope, &args).await {
        Ok(found) => FinanceFindings { invoices: found.invoices, ..FinanceFindings::default() },
        Err(error) => FinanceFindings {
            errors: vec![error.hiding(&[RecordKind::Invoices])],
            ..FinanceFindings::default()
        },
    }
}

/// Reads the invoices and then whatever rates are needed to compare them with `deal`.
pub async fn gather(
    belt: &Toolbelt,
    scope: &Scope,
    account_id: &AccountId,
    deal: Option<Money>,
) -> FinanceFindings {
    let mut findings = invoices(belt, scope, account_id).await;
    let found = rates(belt, scope, &findings.invoices, deal).await;
    findings.exchange_rates = found.exchange_rates;
    findings.errors.extend(found.errors);
    findings
}
