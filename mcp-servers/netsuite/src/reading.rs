//! What one answer of NetSuite's says, from status and bytes to facts, by the functions the tools read with.
//!
//! Nothing is sent: of an answer in pages it is the first that is read. Bytes from outside can be tried here on their own.

use gangway_governance::vendor::{self, Answer};
use gangway_protocol::tools::Tool as _;
use gangway_protocol::tools::netsuite::{GetExchangeRate, GetInvoices, InvoicesFound, RateArgs, RateFound};
use gangway_protocol::{ApiError, RecordKind, System};

use crate::errors::classify;
use crate::mapping;
use crate::tools::{get_exchange_rate, get_invoices};
use crate::wire::{InvoiceRow, Page, RateRow};

/// The answer to the query of `netsuite.get_invoices` for one account.
///
/// # Errors
/// What the tool would fail with.
pub fn invoices(answer: &Answer) -> Result<InvoicesFound, ApiError> {
    let operation = GetInvoices::CONTRACT.operation();
    let page: Result<Page<InvoiceRow>, _> = vendor::read(System::Netsuite, operation, answer, classify);
    let found = page.map(|page| page.items.iter().map(mapping::invoice).collect());
    found
        .and_then(|found| get_invoices::single(operation, found))
        .map_err(|error| error.hiding(&[RecordKind::Invoices]))
}

/// The answer to the query of `netsuite.get_exchange_rate`.
///
/// # Errors
/// What the tool would fail with.
pub fn exchange_rate(args: &RateArgs, answer: &Answer) -> Result<RateFound, ApiError> {
    let operation = GetExchangeRate::CONTRACT.operation();
    let page: Result<Page<RateRow>, _> = vendor::read(System::Netsuite, operation, answer, classify);
    page.and_then(|page| get_exchange_rate::found(operation, args, page.items.first()))
        .map_err(|error| error.hiding(&[RecordKind::ExchangeRates]))
}
