//! SOQL, and the one place where text becomes a SOQL literal.
//!
//! Queries are keyed by the account's external id through relationship fields, so that none depends on another's
//! answer: in a composite call a missing account then leaves the other parts empty instead of halted.

use gangway_protocol::AccountId;
use jiff::Timestamp;

use crate::settings::Schema;
use gangway_protocol::record_id::RecordId;

/// A text as SOQL literal, quotes included. The escapes are all that SOQL knows for quoted strings.
pub(crate) fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\\' => quoted.push_str("\\\\"),
            '\'' => quoted.push_str("\\'"),
            '"' => quoted.push_str("\\\""),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// How an account is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AccountKey {
    /// By its Salesforce id.
    Record(RecordId),
    /// By the external-id field.
    External(String),
}

impl AccountKey {
    pub fn of(account_id: &AccountId) -> Self {
        match account_id.record_id() {
            Some(id) => Self::Record(id),
            None => Self::External(account_id.as_str().to_owned()),
        }
    }

    /// The id as it was asked for.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Record(id) => id.as_str(),
            Self::External(value) => value,
        }
    }
}

/// Sortable fields only; the close date is what "newest" means to sales, creation breaks ties.
const NEWEST_FIRST: &str = "ORDER BY CloseDate DESC NULLS LAST, CreatedDate DESC, Id DESC";
const ACCOUNT_FIELDS: &str = "Id, Name, IsDeleted, BillingCountry, Industry, OwnerId";
const OWNER_FIELDS: &str = "Owner.Id, Owner.Name, Owner.Email, Owner.IsActive, Owner.ProfileId, Owner.Title, \
                            Owner.Department, Owner.ManagerId";
const USER_FIELDS: &str = "Id, Name, Email, IsActive, ProfileId, Title, Department, ManagerId";
const CONTRACT_FIELDS: &str = "Id, AccountId, ContractNumber, Status, StartDate, EndDate";
const OPPORTUNITY_CONTRACT_FIELDS: &str = "Contract.Id, Contract.AccountId, Contract.ContractNumber, \
                                           Contract.Status, Contract.StartDate, Contract.EndDate";

impl Schema {
    /// The account; several rows if the external id is not unique, deleted ones included.
    pub fn account(&self, key: &AccountKey) -> String {
        format!("SELECT {ACCOUNT_FIELDS} FROM Account WHERE {} LIMIT 10", self.account_is(key))
    }

    /// The account with its owner and its external id.
    pub fn account_and_owner(&self, key: &AccountKey) -> String {
        let condition = self.account_is(key);
        let field = &self.external_id_field;
        format!("SELECT {ACCOUNT_FIELDS}, {OWNER_FIELDS}, {field} FROM Account WHERE {condition} LIMIT 10")
    }

    /// Many accounts, each with the external id it was found by.
    pub fn accounts(&self, keys: &[AccountKey]) -> String {
        let field = &self.external_id_field;
        let condition = is_one_of(keys, "Id", field);
        format!("SELECT {ACCOUNT_FIELDS}, {field} FROM Account WHERE {condition}")
    }

    /// Many accounts with their owners, each with the external id it was found by.
    pub fn accounts_and_owners(&self, keys: &[AccountKey]) -> String {
        let field = &self.external_id_field;
        let condition = is_one_of(keys, "Id", field);
        format!("SELECT {ACCOUNT_FIELDS}, {OWNER_FIELDS}, {field} FROM Account WHERE {condition}")
    }

    /// Every opportunity of many accounts with its contract, newest first, each with its account's external id.
    pub fn opportunities(&self, keys: &[AccountKey]) -> String {
        let field = format!("Account.{}", self.external_id_field);
        let condition = is_one_of(keys, "AccountId", &field);
        let currency = self.currency_field();
        format!(
            "SELECT Id, AccountId, StageName, Amount{currency}, CloseDate, ContractId, {OPPORTUNITY_CONTRACT_FIELDS}, \
             {field} FROM Opportunity WHERE {condition} {NEWEST_FIRST}"
        )
    }

    /// The newest Closed Won opportunity with its contract.
    pub fn newest_won(&self, key: &AccountKey) -> String {
        let condition = self.opportunity_of(key);
        let select = self.select_opportunity();
        format!("{select} WHERE {condition} AND StageName = 'Closed Won' {NEWEST_FIRST} LIMIT 1")
    }

    /// The newest opportunity, whatever its stage, with its contract.
    pub fn newest_opportunity(&self, key: &AccountKey) -> String {
        let condition = self.opportunity_of(key);
        format!("{} WHERE {condition} {NEWEST_FIRST} LIMIT 1", self.select_opportunity())
    }

    /// The opportunity with this id and its contract.
    pub fn opportunity(&self, id: &RecordId) -> String {
        format!("{} WHERE Id = {} LIMIT 1", self.select_opportunity(), literal(id.as_str()))
    }

    /// Closed Won opportunities changed since an instant, oldest change first; of that instant those after an id.
    pub fn closed_won_since(&self, since: Timestamp, after: Option<&RecordId>, limit: u32) -> String {
        let currency = self.currency_field();
        let external_id = &self.external_id_field;
        // SystemModstamp is indexed and also moves when automation changes a record.
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ");
        let changed = match after {
            None => format!("SystemModstamp >= {since}"),
            // Without the id a page could never get past an instant that more deals share than it holds.
            Some(id) => {
                let id = literal(id.as_str());
                format!("(SystemModstamp > {since} OR (SystemModstamp = {since} AND Id > {id}))")
            }
        };
        format!(
            "SELECT Id, AccountId, Account.{external_id}, Amount{currency}, CloseDate, SystemModstamp \
             FROM Opportunity WHERE StageName = 'Closed Won' AND {changed} \
             ORDER BY SystemModstamp ASC, Id ASC LIMIT {limit}"
        )
    }

    fn account_is(&self, key: &AccountKey) -> String {
        match key {
            AccountKey::Record(id) => format!("Id = {}", literal(id.as_str())),
            AccountKey::External(value) => format!("{} = {}", self.external_id_field, literal(value)),
        }
    }

    fn opportunity_of(&self, key: &AccountKey) -> String {
        match key {
            AccountKey::Record(id) => format!("AccountId = {}", literal(id.as_str())),
            AccountKey::External(value) => {
                format!("Account.{} = {}", self.external_id_field, literal(value))
            }
        }
    }

    fn select_opportunity(&self) -> String {
        let currency = self.currency_field();
        format!(
            "SELECT Id, AccountId, StageName, Amount{currency}, CloseDate, ContractId, {OPPORTUNITY_CONTRACT_FIELDS} \
             FROM Opportunity"
        )
    }

    /// The field exists only in orgs with multi-currency; asking for it elsewhere is an error.
    fn currency_field(&self) -> &'static str {
        if self.multi_currency { ", CurrencyIsoCode" } else { "" }
    }
}

/// The condition that a record belongs to one of these accounts.
fn is_one_of(keys: &[AccountKey], id_field: &str, external_id_field: &str) -> String {
    let (mut ids, mut external) = (Vec::new(), Vec::new());
    for key in keys {
        match key {
            AccountKey::Record(id) => ids.push(literal(id.as_str())),
            AccountKey::External(value) => external.push(literal(value)),
        }
    }
    let any: Vec<String> = [(id_field, ids), (external_id_field, external)]
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| format!("{name} IN ({})", values.join(",")))
        .collect();
    any.join(" OR ")
}

/// The user with this id.
pub(crate) fn user(id: &RecordId) -> String {
    format!("SELECT {USER_FIELDS} FROM User WHERE Id = {}", literal(id.as_str()))
}

/// The contract with this id.
pub(crate) fn contract(id: &RecordId) -> String {
    format!("SELECT {CONTRACT_FIELDS} FROM Contract WHERE Id = {}", literal(id.as_str()))
}

#[cfg(test)]
mod tests;
