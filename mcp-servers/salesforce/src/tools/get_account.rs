//! `salesforce.get_account`: one account, seen even in the recycle bin.
//!
//! Accounts that one caller asks for at the same moment share a query: see `accounts`.

use gangway_governance::vendor::Errand;
use gangway_governance::{Coalescer, Server};
use gangway_protocol::tools::salesforce::GetAccount;
use gangway_protocol::{ApiError, ErrorType, System};

use crate::accounts::Accounts;
use crate::connection::{Deleted, Salesforce};
use crate::query::AccountKey;
use crate::wire::AccountRow;

pub(crate) fn add(server: Server, accounts: Coalescer<Accounts>) -> Server {
    server.tool::<GetAccount, _, _>(move |args, call| {
        let accounts = accounts.clone();
        async move { accounts.get(&call.principal, args.account_id).await }
    })
}

/// The account with this key.
pub(crate) async fn find(
    salesforce: &Salesforce,
    operation: &'static str,
    key: &AccountKey,
) -> Result<Option<AccountRow>, ApiError> {
    let soql = salesforce.schema.account(key);
    let rows =
        salesforce.query(Errand::about_account(operation, key.as_str()), &soql, Deleted::Included).await?;
    the_one(operation, rows)
}

/// The row that counts: a live one before a deleted one. Two live ones mean that the external id is not unique,
/// and nobody can say which is meant.
pub(crate) fn the_one(
    operation: &'static str,
    rows: Vec<AccountRow>,
) -> Result<Option<AccountRow>, ApiError> {
    let (live, deleted): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.is_deleted != Some(true));
    if live.len() > 1 {
        let words = "several accounts have this external id; mark the field as unique and merge them";
        return Err(ApiError::new(
            System::Salesforce,
            ErrorType::Validation,
            operation,
            "DUPLICATE_EXTERNAL_ID",
            words,
        ));
    }
    Ok(live.into_iter().chain(deleted).next())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::the_one;
    use crate::wire::AccountRow;

    fn rows(marks: &[(&str, bool)]) -> Vec<AccountRow> {
        marks
            .iter()
            .map(|(id, deleted)| {
                serde_json::from_value(serde_json::json!({"Id": id, "IsDeleted": deleted})).unwrap()
            })
            .collect()
    }

    #[test]
    fn a_live_account_counts_before_a_deleted_one() {
        let found = the_one("op", rows(&[("old", true), ("new", false)])).unwrap().unwrap();
        assert_eq!(found.id.as_deref(), Some("new"));
        let found = the_one("op", rows(&[("old", true)])).unwrap().unwrap();
        assert_eq!(found.id.as_deref(), Some("old"));
        assert!(the_one("op", Vec::new()).unwrap().is_none());
    }

    #[test]
    fn two_live_accounts_with_one_external_id_are_an_error() {
        let error = the_one("op", rows(&[("a", false), ("b", false)])).unwrap_err();
        assert_eq!(error.error_code, "DUPLICATE_EXTERNAL_ID");
    }
}
