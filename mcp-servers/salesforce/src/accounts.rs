//! Single accounts asked for at the same moment, in one query.
//!
//! A query that fails is made up for account by account. Each answer is what the account alone would have got.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_governance::Lookup;
use gangway_protocol::tools::Tool as _;
use gangway_protocol::tools::salesforce::{AccountFound, GetAccount};
use gangway_protocol::{AccountId, ApiError, RecordKind, System};

use crate::connection::Salesforce;
use crate::mapping;
use crate::query::AccountKey;
use crate::tools::get_account::find;
use crate::tools::get_accounts::{Row, rows};

/// Looks accounts up.
pub(crate) struct Accounts {
    salesforce: Arc<Salesforce>,
}

impl Accounts {
    pub(crate) fn new(salesforce: Arc<Salesforce>) -> Self {
        Self { salesforce }
    }
}

impl Lookup for Accounts {
    type Key = AccountId;
    type Found = AccountFound;
    /// What fits into one request line for ids of ordinary length, and what `get_accounts` takes.
    const MOST: usize = 200;

    fn one(&self, account_id: AccountId) -> BoxFuture<'_, Result<AccountFound, ApiError>> {
        async move { found(find(&self.salesforce, operation(), &AccountKey::of(&account_id)).await) }.boxed()
    }

    fn many(&self, ids: Vec<AccountId>) -> BoxFuture<'_, Vec<Result<AccountFound, ApiError>>> {
        async move {
            match rows(&self.salesforce, operation(), &ids).await {
                Ok(rows) => rows.into_iter().map(found).collect(),
                Err(error) => ids.iter().map(|_| found(Err(error.clone()))).collect(),
            }
        }
        .boxed()
    }

    fn subject(&self) -> (System, &'static str) {
        (System::Salesforce, operation())
    }
}

fn operation() -> &'static str {
    GetAccount::CONTRACT.operation()
}

fn found(row: Row) -> Result<AccountFound, ApiError> {
    let row = row.map_err(|error| error.hiding(&[RecordKind::Account]))?;
    Ok(AccountFound { account: row.as_ref().map(mapping::account) })
}
