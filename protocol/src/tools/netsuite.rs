//! Contracts of the NetSuite tools.

use super::{Access, Contract, Known, Tool};
use crate::facts::{ExchangeRate, Invoice};
use crate::{AccountId, ApiError, Currency, System};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names one invoice: exactly one of the two ids.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceArgs {
    /// Invoice number, e.g. INV-2024-001.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub invoice_id: Option<String>,
    /// Business id of the account: its newest invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
}

/// One invoice, or null.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceFound {
    /// The invoice; null when there is none.
    pub invoice: Option<Invoice>,
}

/// `netsuite.get_invoice`
pub struct GetInvoice;
impl Tool for GetInvoice {
    type Args = InvoiceArgs;
    type Output = InvoiceFound;
    const CONTRACT: Contract = Contract {
        system: System::Netsuite,
        name: "netsuite.get_invoice",
        title: "Get an invoice",
        description: "Reads one invoice by number, or an account's newest; give exactly one of them. Gives status, total and amount remaining in minor units, dates and the contract it names; invoice is null when there is none. For every invoice of an account use netsuite.get_invoices. One vendor call.",
        access: Access::Read,
        open_world: true,
    };
}

/// Names accounts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct InvoicesArgs {
    /// Business ids, 1 to 200.
    #[schemars(length(min = 1, max = 200))]
    pub account_ids: Vec<AccountId>,
}

/// All invoices of the accounts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct InvoicesFound {
    /// The invoices, by account in the order asked, oldest first; each names its account. May be empty.
    pub invoices: Vec<Invoice>,
    /// Invoices that could not be read and are missing above, each with its account in the message; may be empty, and
    /// always is for a single account, where one such invoice fails the call.
    #[serde(default)]
    pub errors: Vec<ApiError>,
}

/// `netsuite.get_invoices`
pub struct GetInvoices;
impl Tool for GetInvoices {
    type Args = InvoicesArgs;
    type Output = InvoicesFound;
    const CONTRACT: Contract = Contract {
        system: System::Netsuite,
        name: "netsuite.get_invoices",
        title: "Get the invoices of accounts",
        description: "Reads every invoice of up to 200 accounts in as few vendor calls as possible. Accounts without invoices simply do not occur in the answer; invoices that cannot be read are listed in errors, or fail the call if a single account was asked for.",
        access: Access::Read,
        open_world: true,
    };
}

/// Names a rate.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RateArgs {
    /// Currency to convert, ISO 4217.
    pub from: Currency,
    /// Currency to convert to, ISO 4217.
    pub to: Currency,
    /// The newest rate on or before this day.
    pub date: Date,
}

/// One rate, or null.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RateFound {
    /// The rate; null when NetSuite has no direct rate on or before that day.
    pub rate: Option<ExchangeRate>,
}

/// `netsuite.get_exchange_rate`
pub struct GetExchangeRate;
impl Tool for GetExchangeRate {
    type Args = RateArgs;
    type Output = RateFound;
    const CONTRACT: Contract = Contract {
        system: System::Netsuite,
        name: "netsuite.get_exchange_rate",
        title: "Get an exchange rate",
        description: "Reads the newest direct exchange rate between two currencies on or before a day, as an exact decimal text; rate is null when there is none. Inverse and cross rates are not made up. Use it to compare amounts of different currencies. One vendor call.",
        access: Access::Read,
        open_world: true,
    };
}

/// All NetSuite tools.
#[must_use]
pub fn known() -> Vec<Known> {
    vec![Known::of::<GetInvoice>(), Known::of::<GetInvoices>(), Known::of::<GetExchangeRate>()]
}
