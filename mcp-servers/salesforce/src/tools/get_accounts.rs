//! `salesforce.get_accounts`: many accounts in as few queries as their ids allow.
//!
//! If such a query fails, its accounts are asked for one by one, a few at a time: what is wrong may concern one of them.
//! Such an account fails its own entry only, and so does one whose rows contradict each other.

use std::sync::Arc;

use gangway_governance::vendor::Errand;
use gangway_governance::{Server, is_worth_asking_singly, singly};
use gangway_protocol::tools::salesforce::{AccountLookup, AccountsArgs, AccountsFound, GetAccounts};
use gangway_protocol::{AccountId, ApiError, RecordKind};

use super::get_account;
use crate::connection::{Deleted, Salesforce};
use crate::query::AccountKey;
use crate::wire::AccountRow;
use crate::{many, mapping};

pub(crate) fn add(server: Server, salesforce: Arc<Salesforce>) -> Server {
    server.tool::<GetAccounts, _, _>(move |args, call| {
        let salesforce = salesforce.clone();
        async move {
            let found = get(&salesforce, call.operation, args).await;
            found.map_err(|error| error.hiding(&[RecordKind::Account]))
        }
    })
}

/// One account's row, if there is one, or why nobody can say.
pub(crate) type Row = Result<Option<AccountRow>, ApiError>;

async fn get(
    salesforce: &Salesforce,
    operation: &'static str,
    args: AccountsArgs,
) -> Result<AccountsFound, ApiError> {
    let rows = rows(salesforce, operation, &args.account_ids).await?;
    let accounts = args.account_ids.into_iter().zip(rows).map(|(account_id, row)| entry(account_id, row));
    Ok(AccountsFound { accounts: accounts.collect() })
}

/// The rows of these accounts, in their order.
pub(crate) async fn rows(
    salesforce: &Salesforce,
    operation: &'static str,
    ids: &[AccountId],
) -> Result<Vec<Row>, ApiError> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in many::runs(salesforce, ids, |keys| salesforce.schema.accounts(keys)) {
        rows.extend(match batch(salesforce, operation, &ids).await {
            Ok(rows) => rows,
            Err(error) if is_worth_asking_singly(&error) && ids.len() > 1 => {
                one_by_one(salesforce, operation, &ids).await?
            }
            Err(error) => return Err(error),
        });
    }
    Ok(rows)
}

async fn batch(
    salesforce: &Salesforce,
    operation: &'static str,
    ids: &[AccountId],
) -> Result<Vec<Row>, ApiError> {
    let keys: Vec<AccountKey> = ids.iter().map(AccountKey::of).collect();
    let errand = match ids {
        [alone] => Errand::about_account(operation, alone.as_str()),
        _ => Errand::batch(operation),
    };
    let soql = salesforce.schema.accounts(&keys);
    let found: Vec<AccountRow> = salesforce.query(errand, &soql, Deleted::Included).await?;
    let field = &salesforce.schema.external_id_field;
    let the_one = |key| {
        let theirs = found.iter().filter(|row| many::is_account(key, row, field));
        get_account::the_one(operation, theirs.cloned().collect())
    };
    Ok(keys.iter().map(the_one).collect())
}

/// Each account by itself; the call fails only if none of them could be asked for.
async fn one_by_one(
    salesforce: &Salesforce,
    operation: &'static str,
    ids: &[AccountId],
) -> Result<Vec<Row>, ApiError> {
    let ask =
        |id: AccountId| async move { get_account::find(salesforce, operation, &AccountKey::of(&id)).await };
    let rows = singly(ids.to_vec(), ask).await;
    match rows.iter().all(Result::is_err).then(|| rows.first().cloned()).flatten() {
        Some(Err(error)) => Err(error),
        Some(Ok(_)) | None => Ok(rows),
    }
}

fn entry(account_id: AccountId, row: Row) -> AccountLookup {
    match row {
        Ok(row) => AccountLookup { account_id, account: row.as_ref().map(mapping::account), error: None },
        Err(error) => {
            let error = error.hiding(&[RecordKind::Account]);
            AccountLookup { account_id, account: None, error: Some(error) }
        }
    }
}
