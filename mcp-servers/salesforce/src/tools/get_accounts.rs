//! `salesforce.get_accounts`: many accounts in as few queries as their ids allow.
//!
//! If such a query fails in a way that single queries may escape, the accounts are asked for one by one, a few at a
//! time; the first failure ends that, so that an outage is not answered with two hundred calls. An account whose rows
//! contradict each other fails its own entry only, and asking again would not help it.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use gangway_governance::Server;
use gangway_protocol::tools::salesforce::{AccountLookup, AccountsArgs, AccountsFound, GetAccounts};
use gangway_protocol::{AccountId, ApiError, ErrorType, RecordKind};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::get_account;
use crate::connection::{Deleted, LONGEST_PATH_BYTES, Salesforce, read_row};
use crate::mapping;
use crate::query::AccountKey;
use crate::wire::AccountRow;

/// Single reads in flight at once; Salesforce's concurrency limit concerns long requests only.
const AT_ONCE: usize = 8;

pub(crate) fn add(server: Server, salesforce: Arc<Salesforce>) -> Server {
    server.tool::<GetAccounts, _, _>(move |args, call| {
        let salesforce = salesforce.clone();
        async move {
            let found = get(&salesforce, call.operation, args).await;
            found.map_err(|error| error.hiding(&[RecordKind::Account]))
        }
    })
}

async fn get(
    salesforce: &Salesforce,
    operation: &'static str,
    args: AccountsArgs,
) -> Result<AccountsFound, ApiError> {
    let mut accounts = Vec::with_capacity(args.account_ids.len());
    for ids in batches(salesforce, args.account_ids) {
        match batch(salesforce, operation, &ids).await {
            Ok(found) => accounts.extend(found),
            Err(error) if worth_asking_singly(&error) && ids.len() > 1 => {
                accounts.extend(singly(salesforce, operation, ids).await?);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(AccountsFound { accounts })
}

/// A refused session, quota or query is refused in single calls too.
fn worth_asking_singly(error: &ApiError) -> bool {
    match error.error_type {
        ErrorType::Authentication
        | ErrorType::Authorization
        | ErrorType::RateLimit
        | ErrorType::Validation
        | ErrorType::NotFound => false,
        ErrorType::ServerError | ErrorType::Network | ErrorType::Timeout => true,
    }
}

/// Cuts the ids into runs whose query still fits a request line: all in one for ids of ordinary length.
fn batches(salesforce: &Salesforce, ids: Vec<AccountId>) -> Vec<Vec<AccountId>> {
    /// Two encoded quotes and a comma.
    const AROUND_BYTES: usize = 9;
    let mut batches: Vec<Vec<AccountId>> = Vec::new();
    let mut left = 0;
    for id in ids {
        let length = id.as_str().len() + AROUND_BYTES;
        match batches.last_mut() {
            Some(batch) if length <= left => {
                left -= length;
                batch.push(id);
            }
            _ => {
                let alone = salesforce.schema.accounts(&[AccountKey::of(&id)]);
                let used = salesforce.query_path(&alone, Deleted::Included).len();
                left = LONGEST_PATH_BYTES.saturating_sub(used);
                batches.push(vec![id]);
            }
        }
    }
    batches
}

async fn batch(
    salesforce: &Salesforce,
    operation: &'static str,
    ids: &[AccountId],
) -> Result<Vec<AccountLookup>, ApiError> {
    let keys: Vec<AccountKey> = ids.iter().map(AccountKey::of).collect();
    let soql = salesforce.schema.accounts(&keys);
    let raw: Vec<Box<RawValue>> = salesforce.query(operation, &soql, Deleted::Included).await?;
    let mut found = Vec::with_capacity(raw.len());
    for row in &raw {
        // The external id stands under the name the org gave it, so the row is read a second time for it.
        let fields: Map<String, Value> = read_row(operation, row)?;
        let external = fields.get(&salesforce.schema.external_id_field).and_then(Value::as_str);
        found.push((external.map(str::to_owned), read_row::<AccountRow>(operation, row)?));
    }
    Ok(ids.iter().zip(&keys).map(|(id, key)| lookup(operation, id, key, &found)).collect())
}

fn lookup(
    operation: &'static str,
    account_id: &AccountId,
    key: &AccountKey,
    found: &[(Option<String>, AccountRow)],
) -> AccountLookup {
    let rows = found
        .iter()
        .filter(|(external, row)| match key {
            AccountKey::Record(id) => row.id.as_deref().is_some_and(|theirs| id.names(theirs)),
            // Salesforce compares text without case, so an id in another case is found under it too.
            AccountKey::External(value) => {
                external.as_ref().is_some_and(|theirs| theirs.eq_ignore_ascii_case(value))
            }
        })
        .map(|(_, row)| row.clone())
        .collect();
    entry(operation, account_id.clone(), rows)
}

fn entry(operation: &'static str, account_id: AccountId, rows: Vec<AccountRow>) -> AccountLookup {
    match get_account::the_one(operation, rows) {
        Ok(row) => AccountLookup { account_id, account: row.as_ref().map(mapping::account), error: None },
        Err(error) => {
            let error = error.hiding(&[RecordKind::Account]);
            AccountLookup { account_id, account: None, error: Some(error) }
        }
    }
}

async fn singly(
    salesforce: &Salesforce,
    operation: &'static str,
    ids: Vec<AccountId>,
) -> Result<Vec<AccountLookup>, ApiError> {
    stream::iter(ids)
        .map(|account_id| async move {
            let soql = salesforce.schema.account(&AccountKey::of(&account_id));
            let rows = salesforce.query(operation, &soql, Deleted::Included).await?;
            Ok(entry(operation, account_id, rows))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}
