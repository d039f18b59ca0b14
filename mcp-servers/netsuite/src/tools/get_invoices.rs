//! `netsuite.get_invoices`: every invoice of up to two hundred accounts in one query. Single accounts that one caller asks
//! for at the same moment share a query too.
//!
//! An invoice nobody can read fails the call of its own account, but in a call for many it is listed beside what could
//! be read: one odd invoice must not hide everybody else's. So is an account that could not be asked for.

use gangway_governance::{Coalescer, Lookup as _, Server};
use gangway_protocol::tools::netsuite::{GetInvoices, InvoicesArgs, InvoicesFound};
use gangway_protocol::{AccountId, ApiError, RecordKind};
use std::sync::Arc;

use crate::connection::NetSuite;
use crate::errors::{of_account, unreadable, unreadable_of};
use crate::invoices::{Invoices, OfAccount};

pub(crate) fn add(server: Server, netsuite: Arc<NetSuite>, invoices: Coalescer<Invoices>) -> Server {
    let batches = Arc::new(Invoices::new(netsuite));
    server.tool::<GetInvoices, _, _>(move |args, call| {
        let (batches, invoices) = (batches.clone(), invoices.clone());
        async move {
            let found = match args.account_ids.as_slice() {
                [alone] => {
                    let found = invoices.get(&call.principal, alone.clone()).await;
                    found.and_then(|found| single(call.operation, found))
                }
                _ => several(&batches, call.operation, args).await,
            };
            found.map_err(|error| error.hiding(&[RecordKind::Invoices]))
        }
    })
}

/// One account's invoices, none of which may be unreadable.
pub(crate) fn single(operation: &'static str, found: OfAccount) -> Result<InvoicesFound, ApiError> {
    let invoices = found.into_iter().collect::<Result<Vec<_>, _>>();
    let invoices = invoices.map_err(|cause| unreadable(operation, &cause))?;
    Ok(InvoicesFound { invoices, errors: Vec::new() })
}

async fn several(
    invoices: &Invoices,
    operation: &'static str,
    args: InvoicesArgs,
) -> Result<InvoicesFound, ApiError> {
    let ids = once_each(args.account_ids);
    let found = invoices.many(ids.clone()).await;
    if found.iter().all(Result::is_err)
        && let Some(Err(error)) = found.first()
    {
        return Err(error.clone());
    }
    let mut all = InvoicesFound { invoices: Vec::new(), errors: Vec::new() };
    for (id, of_this) in ids.iter().zip(found) {
        match of_this {
            Err(error) => all.errors.push(of_account(id.as_str(), error)),
            Ok(found) => {
                for invoice in found {
                    match invoice {
                        Ok(invoice) => all.invoices.push(invoice),
                        Err(cause) => all.errors.push(unreadable_of(operation, id.as_str(), &cause)),
                    }
                }
            }
        }
    }
    all.errors = all.errors.into_iter().map(|error| error.hiding(&[RecordKind::Invoices])).collect();
    Ok(all)
}

/// In the order asked; an account named twice has its invoices listed once.
fn once_each(asked: Vec<AccountId>) -> Vec<AccountId> {
    let mut ids: Vec<AccountId> = Vec::with_capacity(asked.len());
    for id in asked {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}
