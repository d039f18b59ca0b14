//! Many accounts in one question: how many ids fit into a request line, and which row belongs to whom.

use gangway_protocol::AccountId;
use serde_json::{Map, Value};

use crate::connection::{Deleted, LONGEST_PATH_BYTES, Salesforce};
use crate::query::AccountKey;
use crate::wire::{AccountRow, OpportunityRow};

/// Two encoded quotes and a comma.
const AROUND_BYTES: usize = 9;

/// Cuts the ids into runs whose query, as `soql` words it, still fits a request line: all in one for ids of ordinary
/// length.
pub(crate) fn runs(
    salesforce: &Salesforce,
    ids: &[AccountId],
    soql: impl Fn(&[AccountKey]) -> String,
) -> Vec<Vec<AccountId>> {
    let mut runs: Vec<Vec<AccountId>> = Vec::new();
    let mut left = 0;
    for id in ids {
        let length = id.as_str().len() + AROUND_BYTES;
        match runs.last_mut() {
            Some(run) if length <= left => {
                left -= length;
                run.push(id.clone());
            }
            _ => {
                let used = salesforce.query_path(&soql(&[AccountKey::of(id)]), Deleted::Included).len();
                left = LONGEST_PATH_BYTES.saturating_sub(used);
                runs.push(vec![id.clone()]);
            }
        }
    }
    runs
}

/// Whether a record of this account is one that was asked for under `key`.
pub(crate) fn belongs(key: &AccountKey, record_id: Option<&str>, external_id: Option<&str>) -> bool {
    match key {
        AccountKey::Record(id) => record_id.is_some_and(|theirs| id.names(theirs)),
        // Salesforce compares text without case, so an id in another case is found under it too.
        AccountKey::External(value) => external_id.is_some_and(|theirs| theirs.eq_ignore_ascii_case(value)),
    }
}

/// An account's external id, which stands under the name the org gave it.
pub(crate) fn external_id<'f>(fields: &'f Map<String, Value>, name: &str) -> Option<&'f str> {
    fields.get(name).and_then(Value::as_str)
}

/// Whether an account's row is one that was asked for.
pub(crate) fn is_account(key: &AccountKey, row: &AccountRow, external_id_field: &str) -> bool {
    belongs(key, row.id.as_deref(), external_id(&row.own, external_id_field))
}

/// Whether an opportunity is one of an account that was asked for.
pub(crate) fn is_opportunity_of(key: &AccountKey, row: &OpportunityRow, external_id_field: &str) -> bool {
    let external = row.account.as_ref().and_then(|fields| external_id(fields, external_id_field));
    belongs(key, row.account_id.as_deref(), external)
}
