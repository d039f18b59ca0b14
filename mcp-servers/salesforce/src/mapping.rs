//! From Salesforce's rows to facts. A value nobody can read is an error that names its field, never silently missing.

use gangway_protocol::facts::{Account, Opportunity, Owner};
use gangway_protocol::redact::Personal;
use gangway_protocol::tools::salesforce::SalesforceContract;
use gangway_protocol::{Currency, Money};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::value::RawValue;

use crate::settings::Schema;
use crate::wire::{AccountRow, ContractRow, OpportunityRow, UserRow};

/// A value that is there but cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object} {record}: {field} {reason}")]
pub(crate) struct Unreadable {
    pub code: &'static str,
    pub object: &'static str,
    pub record: String,
    pub field: &'static str,
    pub reason: String,
}

/// Which record a value stands in, for the message.
#[derive(Clone, Copy)]
struct Place<'a> {
    object: &'static str,
    record: Option<&'a str>,
}

impl Place<'_> {
    fn unreadable(self, code: &'static str, field: &'static str, reason: String) -> Unreadable {
        let record = self.record.unwrap_or("(without id)").to_owned();
        Unreadable { code, object: self.object, record, field, reason }
    }

    fn date(self, field: &'static str, text: Option<&str>) -> Result<Option<Date>, Unreadable> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let date = text.parse().map_err(|_| {
            self.unreadable(
                "UNREADABLE_DATE",
                field,
                format!("{text:?} is not a date of the form 2026-01-31"),
            )
        })?;
        Ok(Some(date))
    }

    fn money(
        self,
        field: &'static str,
        amount: Option<&RawValue>,
        currency: Currency,
    ) -> Result<Option<Money>, Unreadable> {
        amount
            .map(|number| Money::from_decimal(number.get(), currency))
            .transpose()
            .map_err(|error| self.unreadable("UNREADABLE_AMOUNT", field, error.to_string()))
    }
}

pub(crate) fn account(row: &AccountRow) -> Account {
    Account {
        id: row.id.clone(),
        name: row.name.clone(),
        is_deleted: row.is_deleted,
        billing_country: row.billing_country.clone(),
        industry: row.industry.clone(),
        owner_id: row.owner_id.clone(),
    }
}

pub(crate) fn owner(row: &UserRow) -> Owner {
    Owner {
        id: row.id.clone(),
        name: row.name.clone().map(Personal),
        email: row.email.clone().map(Personal),
        is_active: row.is_active,
        profile_id: row.profile_id.clone(),
        title: row.title.clone(),
        department: row.department.clone(),
        manager_id: row.manager_id.clone(),
    }
}

pub(crate) fn opportunity(row: &OpportunityRow, schema: &Schema) -> Result<Opportunity, Unreadable> {
    let place = Place { object: "Opportunity", record: row.id.as_deref() };
    Ok(Opportunity {
        id: row.id.clone(),
        account_id: row.account_id.clone(),
        stage: row.stage_name.clone(),
        amount: amount(row, schema)?,
        close_date: place.date("CloseDate", row.close_date.as_deref())?,
        contract_id: row.contract_id.clone(),
    })
}

/// The deal's amount, in the record's own currency where the org has several.
pub(crate) fn amount(row: &OpportunityRow, schema: &Schema) -> Result<Option<Money>, Unreadable> {
    let place = Place { object: "Opportunity", record: row.id.as_deref() };
    let currency = match row.currency_iso_code.as_deref().filter(|_| schema.multi_currency) {
        Some(code) => Currency::parse(code)
            .map_err(|error| place.unreadable("UNREADABLE_CURRENCY", "CurrencyIsoCode", error.to_string()))?,
        None => schema.default_currency,
    };
    place.money("Amount", row.amount.as_deref(), currency)
}

pub(crate) fn close_date(row: &OpportunityRow) -> Result<Option<Date>, Unreadable> {
    let place = Place { object: "Opportunity", record: row.id.as_deref() };
    place.date("CloseDate", row.close_date.as_deref())
}

/// Salesforce writes instants as `2026-01-31T10:00:00.000+0000`, an offset without colon.
pub(crate) fn changed_at(row: &OpportunityRow) -> Result<Timestamp, Unreadable> {
    let place = Place { object: "Opportunity", record: row.id.as_deref() };
    let text = row.system_modstamp.as_deref().unwrap_or_default();
    text.parse().or_else(|_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text)).map_err(|_| {
        place.unreadable("UNREADABLE_DATE", "SystemModstamp", format!("{text:?} is not an instant"))
    })
}

pub(crate) fn contract(row: &ContractRow) -> Result<SalesforceContract, Unreadable> {
    let place = Place { object: "Contract", record: row.id.as_deref() };
    Ok(SalesforceContract {
        id: row.id.clone(),
        account_id: row.account_id.clone(),
        number: row.contract_number.clone(),
        status: row.status.clone(),
        start_date: place.date("StartDate", row.start_date.as_deref())?,
        end_date: place.date("EndDate", row.end_date.as_deref())?,
    })
}

#[cfg(test)]
mod tests;
