//! Puts together a WHERE clause from the conditions a caller asked for, so that each combination can use its index.
//!
//! Only constants become SQL text; what a caller gave is always bound.

use gangway_protocol::AccountId;
use rusqlite::types::Value;

/// The condition on `runs` that finds an account, and what to bind: business id, in whichever case, or Salesforce id.
pub(crate) fn named(account: &AccountId) -> (&'static str, String) {
    match account.record_id() {
        Some(id) => ("salesforce_id = ?", id.short().to_owned()),
        None => (OF_BUSINESS_ID, account.as_str().to_owned()),
    }
}

/// The same on a table that knows accounts by their business id alone: a run knows which one a Salesforce id belongs to.
pub(crate) fn owned_by(account: &AccountId) -> (&'static str, String) {
    match account.record_id() {
        Some(id) => (OF_SALESFORCE_ID, id.short().to_owned()),
        None => (OF_BUSINESS_ID, account.as_str().to_owned()),
    }
}

const OF_BUSINESS_ID: &str = "account_id = ? COLLATE NOCASE";
const OF_SALESFORCE_ID: &str =
    "account_id COLLATE NOCASE IN (SELECT account_id FROM runs WHERE salesforce_id = ?)";

#[derive(Default)]
pub(crate) struct Filter {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
}

impl Filter {
    /// Adds `column = ?`-like `condition` when there is a value for it.
    pub(crate) fn and(mut self, condition: &'static str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.conditions.push(condition);
            self.values.push(value.into());
        }
        self
    }

    /// Only the runs of an account, by whichever of its names is given.
    pub(crate) fn of_account(self, account: Option<&AccountId>) -> Self {
        match account.map(named) {
            Some((condition, name)) => self.and(condition, Some(name)),
            None => self,
        }
    }

    /// Only what an account owns, by whichever of its names is given.
    pub(crate) fn of_owner(self, account: Option<&AccountId>) -> Self {
        match account.map(owned_by) {
            Some((condition, name)) => self.and(condition, Some(name)),
            None => self,
        }
    }

    /// `SELECT` with the conditions, `order`, and a limit as the last bound value.
    pub(crate) fn select(mut self, select: &str, order: &str, limit: u32) -> (String, Vec<Value>) {
        let clause = if self.conditions.is_empty() { "1" } else { &self.conditions.join(" AND ") };
        let sql = format!("{select} WHERE {clause} ORDER BY {order} LIMIT ?");
        self.values.push(Value::Integer(i64::from(limit)));
        (sql, self.values)
    }
}
