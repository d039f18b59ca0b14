//! `netsuite.get_invoices`: every invoice of up to two hundred accounts in one query.
//!
//! An invoice nobody can read fails the call of its own account, but in a call for many it is listed beside what could
//! be read: one odd invoice must not hide everybody else's.

use std::collections::HashMap;
use std::sync::Arc;

use gangway_governance::Server;
use gangway_protocol::facts::Invoice;
use gangway_protocol::tools::netsuite::{GetInvoices, InvoicesArgs, InvoicesFound};
use gangway_protocol::{AccountId, ApiError, RecordKind};

use crate::connection::NetSuite;
use crate::errors::{unreadable, unreadable_of};
use crate::mapping;
use crate::query::{self, Order, Wanted};
use crate::wire::InvoiceRow;

pub(crate) fn add(server: Server, netsuite: Arc<NetSuite>) -> Server {
    server.tool::<GetInvoices, _, _>(move |args, call| {
        let netsuite = netsuite.clone();
        async move {
            get(&netsuite, call.operation, args).await.map_err(|error| error.hiding(&[RecordKind::Invoices]))
        }
    })
}

async fn get(
    netsuite: &NetSuite,
    operation: &'static str,
    args: InvoicesArgs,
) -> Result<InvoicesFound, ApiError> {
    let wanted = Wanted::OfAccounts(&args.account_ids);
    let sql = query::invoices(&wanted, &netsuite.contract_field, Order::OldestFirst);
    let rows: Vec<InvoiceRow> = netsuite.every(operation, &sql).await?;
    let (mut invoices, mut errors) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in &rows {
        match mapping::invoice(row) {
            Ok(invoice) => invoices.push(invoice),
            Err(cause) if args.account_ids.len() == 1 => return Err(unreadable(operation, &cause)),
            Err(cause) => {
                let account = row.account.as_deref().unwrap_or("(without id)");
                let error = unreadable_of(operation, account, &cause);
                errors.push(error.hiding(&[RecordKind::Invoices]));
            }
        }
    }
    Ok(InvoicesFound { invoices: in_order_asked(invoices, &args.account_ids), errors })
}

/// The query sorts by account and date; the caller's order of accounts comes over that, each account's dates kept.
fn in_order_asked(mut invoices: Vec<Invoice>, asked: &[AccountId]) -> Vec<Invoice> {
    let places: HashMap<&str, usize> =
        asked.iter().enumerate().rev().map(|(at, id)| (id.as_str(), at)).collect();
    invoices.sort_by_key(|invoice| {
        let account = invoice.account_id.as_deref().unwrap_or_default();
        places.get(account).copied().unwrap_or(usize::MAX)
    });
    invoices
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::in_order_asked;
    use gangway_protocol::AccountId;
    use gangway_protocol::facts::Invoice;

    #[test]
    fn accounts_come_in_the_order_asked_and_their_invoices_stay_sorted() {
        let invoice = |account: &str, id: &str| Invoice {
            account_id: Some(account.to_owned()),
            id: Some(id.to_owned()),
            ..Invoice::default()
        };
        let asked = ["B", "A", "B"].map(|id| AccountId::parse(id).unwrap());
        let sorted = in_order_asked(vec![invoice("A", "a1"), invoice("B", "b1"), invoice("B", "b2")], &asked);
        let ids: Vec<_> = sorted.into_iter().filter_map(|invoice| invoice.id).collect();
        assert_eq!(ids, ["b1", "b2", "a1"]);
    }
}
