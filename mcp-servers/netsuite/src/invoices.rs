//! The invoices of many accounts in one query, each account's its own success or failure.
//!
//! A query that fails is made up for account by account, without asking again for what its pages had already given.

use std::collections::{HashMap, HashSet};
use std::slice;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_governance::vendor::Errand;
use gangway_governance::{Lookup, is_worth_asking_singly, singly_where_missing};
use gangway_protocol::facts::Invoice;
use gangway_protocol::tools::Tool as _;
use gangway_protocol::tools::netsuite::GetInvoices;
use gangway_protocol::{AccountId, ApiError, System};

use crate::connection::{Cut, NetSuite};
use crate::mapping::{self, Unreadable};
use crate::query::{self, Order, Wanted};
use crate::wire::InvoiceRow;

/// One account's invoices, oldest first; the unreadable ones among them by what is wrong.
pub(crate) type OfAccount = Vec<Result<Invoice, Unreadable>>;

/// Looks the invoices of accounts up, for `netsuite.get_invoices`.
pub(crate) struct Invoices {
    netsuite: Arc<NetSuite>,
}

fn operation() -> &'static str {
    GetInvoices::CONTRACT.operation()
}

impl Lookup for Invoices {
    type Key = AccountId;
    type Found = OfAccount;
    /// What `get_invoices` takes.
    const MOST: usize = 200;

    fn one(&self, account_id: AccountId) -> BoxFuture<'_, Result<OfAccount, ApiError>> {
        async move {
            let ids = slice::from_ref(&account_id);
            let rows = self.query(Errand::about_account(operation(), account_id.as_str()), ids).await;
            let rows = rows.map_err(|cut| cut.error)?;
            Ok(rows.iter().map(mapping::invoice).collect())
        }
        .boxed()
    }

    fn many(&self, ids: Vec<AccountId>) -> BoxFuture<'_, Vec<Result<OfAccount, ApiError>>> {
        async move {
            let errand = Errand::batch(operation());
            match self.query(errand, &ids).await {
                Ok(rows) => {
                    let mut sorted = by_account(&rows);
                    ids.iter().map(|id| Ok(sorted.remove(id.as_str()).unwrap_or_default())).collect()
                }
                Err(cut) if is_worth_asking_singly(&cut.error) => self.make_up(ids, &cut.rows).await,
                Err(cut) => ids.iter().map(|_| Err(cut.error.clone())).collect(),
            }
        }
        .boxed()
    }

    fn subject(&self) -> (System, &'static str) {
        (System::Netsuite, operation())
    }
}

impl Invoices {
    pub(crate) fn new(netsuite: Arc<NetSuite>) -> Self {
        Self { netsuite }
    }

    async fn query(&self, errand: Errand, ids: &[AccountId]) -> Result<Vec<InvoiceRow>, Cut<InvoiceRow>> {
        let wanted = Wanted::OfAccounts(ids);
        let sql = query::invoices(&wanted, &self.netsuite.contract_field, Order::OldestFirst);
        self.netsuite.every(errand, &sql).await
    }

    /// Asks for the accounts that the pages before the failure did not give whole.
    async fn make_up(&self, ids: Vec<AccountId>, rows: &[InvoiceRow]) -> Vec<Result<OfAccount, ApiError>> {
        let (sorted, whole) = (by_account(rows), whole_accounts(rows));
        let known = |id: &AccountId| {
            let known = sorted.get(id.as_str()).filter(|_| whole.contains(id.as_str()));
            known.cloned().map(Ok)
        };
        singly_where_missing(ids, known, |id| self.one(id)).await
    }
}

fn by_account(rows: &[InvoiceRow]) -> HashMap<&str, OfAccount> {
    let mut sorted: HashMap<&str, OfAccount> = HashMap::new();
    for row in rows {
        let account = row.account.as_deref().unwrap_or_default();
        sorted.entry(account).or_default().push(mapping::invoice(row));
    }
    sorted
}

/// The rows are sorted by account, so every account but the last one is complete.
fn whole_accounts(rows: &[InvoiceRow]) -> HashSet<&str> {
    let last = rows.last().and_then(|row| row.account.as_deref());
    rows.iter().filter_map(|row| row.account.as_deref()).filter(|account| Some(*account) != last).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::whole_accounts;
    use crate::wire::InvoiceRow;
    use serde_json::json;

    #[test]
    fn the_account_a_failure_cut_in_two_is_not_taken_for_whole() {
        let row = |account: &str| -> InvoiceRow {
            serde_json::from_value(json!({"account": account, "tranid": "INV-1"})).unwrap()
        };
        let rows = [row("A"), row("A"), row("B"), row("C")];
        let mut whole: Vec<&str> = whole_accounts(&rows).into_iter().collect();
        whole.sort_unstable();
        assert_eq!(whole, ["A", "B"]);
        assert!(whole_accounts(&[]).is_empty());
    }
}
