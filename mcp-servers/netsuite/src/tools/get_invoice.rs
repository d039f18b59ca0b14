//! `netsuite.get_invoice`: one invoice by number, or an account's newest.

use std::slice;
use std::sync::Arc;

use gangway_governance::Server;
use gangway_governance::vendor::Errand;
use gangway_protocol::tools::netsuite::{GetInvoice, InvoiceArgs, InvoiceFound};
use gangway_protocol::{ApiError, RecordKind};

use crate::connection::NetSuite;
use crate::errors::{bad_arguments, unreadable};
use crate::mapping;
use crate::query::{self, Order, Wanted};
use crate::wire::InvoiceRow;

pub(crate) fn add(server: Server, netsuite: Arc<NetSuite>) -> Server {
    server.tool::<GetInvoice, _, _>(move |args, call| {
        let netsuite = netsuite.clone();
        async move {
            get(&netsuite, call.operation, args).await.map_err(|error| error.hiding(&[RecordKind::Invoices]))
        }
    })
}

async fn get(
    netsuite: &NetSuite,
    operation: &'static str,
    args: InvoiceArgs,
) -> Result<InvoiceFound, ApiError> {
    let wanted = match (&args.invoice_id, &args.account_id) {
        (Some(number), None) => Wanted::Numbered(number),
        (None, Some(account_id)) => Wanted::OfAccounts(slice::from_ref(account_id)),
        (None, None) | (Some(_), Some(_)) => {
            return Err(bad_arguments(operation, "give exactly one of invoice_id and account_id"));
        }
    };
    let sql = query::invoices(&wanted, &netsuite.contract_field, Order::NewestFirst);
    let errand = match &args.account_id {
        Some(account_id) => Errand::about_account(operation, account_id.as_str()),
        None => Errand::about_some_account(operation),
    };
    let row: Option<InvoiceRow> = netsuite.first(errand, &sql).await?;
    let invoice =
        row.as_ref().map(mapping::invoice).transpose().map_err(|cause| unreadable(operation, &cause))?;
    Ok(InvoiceFound { invoice })
}
