//! The facts a decision is made from, as JSON and as types.
//!
//! Absent and null are the same. Fields we do not know are ignored. Nothing here judges: blank strings, unknown
//! statuses and contradictory amounts are kept as they came, for the rules to see. What a status says is read here,
//! so that whoever looks at a contract or an invoice reads it alike.

use crate::redact::Personal;
use crate::{AccountId, ApiError, Currency, Money, Rate};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Everything known about one account when it was gathered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The account asked for.
    pub account_id: AccountId,
    /// Salesforce account; null when it does not exist.
    #[serde(default)]
    pub account: Option<Account>,
    /// The account's owner; null when unset or unknown.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// The opportunity that counts.
    #[serde(default)]
    pub opportunity: Option<Opportunity>,
    /// The CLM contract.
    #[serde(default)]
    pub contract: Option<Contract>,
    /// Every invoice of the account; may be empty.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub invoices: Vec<Invoice>,
    /// Rates fetched because currencies differ; may be empty.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub exchange_rates: Vec<ExchangeRate>,
    /// Calls that failed; may be empty.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub api_errors: Vec<ApiError>,
}

fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

impl Facts {
    /// Facts about an account of which nothing is known yet.
    #[must_use]
    pub fn about(account_id: AccountId) -> Self {
        Self {
            account_id,
            account: None,
            owner: None,
            opportunity: None,
            contract: None,
            invoices: Vec::new(),
            exchange_rates: Vec::new(),
            api_errors: Vec::new(),
        }
    }
}

/// Salesforce Account: `Id`, `Name`, `IsDeleted`, `BillingCountry`, `Industry`, `OwnerId`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Account {
    /// Salesforce id.
    pub id: Option<String>,
    /// Company name.
    pub name: Option<String>,
    /// In the recycle bin; null is treated as deleted.
    pub is_deleted: Option<bool>,
    /// Billing country.
    pub billing_country: Option<String>,
    /// Industry.
    pub industry: Option<String>,
    /// Salesforce id of the owner.
    pub owner_id: Option<String>,
}

/// Salesforce User who owns the account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Owner {
    /// Salesforce id.
    pub id: Option<String>,
    /// Name.
    pub name: Option<Personal>,
    /// Mail address.
    pub email: Option<Personal>,
    /// May log in; null is treated as inactive.
    pub is_active: Option<bool>,
    /// Salesforce id of the profile.
    pub profile_id: Option<String>,
    /// Job title.
    pub title: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Salesforce id of the manager.
    pub manager_id: Option<String>,
}

/// Salesforce Opportunity.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Opportunity {
    /// Salesforce id.
    pub id: Option<String>,
    /// Salesforce id (or business id) of its account.
    pub account_id: Option<String>,
    /// Stage, compared exactly with `Closed Won`.
    pub stage: Option<String>,
    /// Deal size.
    pub amount: Option<Money>,
    /// Close date.
    pub close_date: Option<Date>,
    /// Salesforce id of its contract.
    pub contract_id: Option<String>,
}

/// The contract as the CLM has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Contract {
    /// The CLM's contract id.
    pub id: Option<String>,
    /// The account it names.
    pub account_id: Option<String>,
    /// DRAFT, SENT, SIGNED, EXECUTED, VOIDED, or whatever the CLM says.
    pub status: Option<String>,
    /// First day in force.
    pub effective_date: Option<Date>,
    /// Last day in force.
    pub expiry_date: Option<Date>,
    /// Salesforce id of the same contract.
    pub salesforce_contract_id: Option<String>,
    /// Tier from the key terms: Enterprise, Growth, Starter, or something unknown.
    pub tier: Option<String>,
    /// Everybody who signs; null when the CLM did not say.
    pub signatories: Option<Vec<Signatory>>,
}

impl Contract {
    /// Whether it is executed: its status is EXECUTED or SIGNED after trimming, in any case. Blank and unknown are not.
    #[must_use]
    pub fn is_executed(&self) -> bool {
        let word = self.status.as_deref().unwrap_or_default().trim();
        ["EXECUTED", "SIGNED"].iter().any(|valid| word.eq_ignore_ascii_case(valid))
    }
}

/// Whose signature it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The customer.
    Customer,
    /// Us.
    Vendor,
}

/// One person who signs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Signatory {
    /// Name.
    pub name: Option<Personal>,
    /// Mail address.
    pub email: Option<Personal>,
    /// Whose side; null when the CLM did not say.
    pub side: Option<Side>,
    /// Has signed; null is treated as unsigned.
    pub signed: Option<bool>,
}

/// One NetSuite invoice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Invoice {
    /// Document number.
    pub id: Option<String>,
    /// The account it names.
    pub account_id: Option<String>,
    /// The contract it names.
    pub contract_id: Option<String>,
    /// PAID, OPEN, OVERDUE, PENDING, PENDING_APPROVAL, DRAFT, VOIDED, CANCELLED, or whatever the vendor says.
    pub status: Option<String>,
    /// Invoice total.
    pub total: Option<Money>,
    /// Unpaid part.
    pub amount_remaining: Option<Money>,
    /// Date of the invoice.
    pub invoice_date: Option<Date>,
    /// Due date.
    pub due_date: Option<Date>,
}

impl Invoice {
    /// What its status says.
    #[must_use]
    pub fn status_read(&self) -> InvoiceStatus {
        InvoiceStatus::read(self.status.as_deref())
    }

    /// Whether it counts: not voided, not cancelled, of a known status.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self.status_read() {
            InvoiceStatus::Paid | InvoiceStatus::Open | InvoiceStatus::Pending | InvoiceStatus::Draft => true,
            InvoiceStatus::Voided | InvoiceStatus::Cancelled | InvoiceStatus::Unknown => false,
        }
    }
}

/// What an invoice's status says, after trimming and upper-casing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// PAID.
    Paid,
    /// OPEN or OVERDUE: whether it is overdue follows from its due date, not from what it says.
    Open,
    /// PENDING or PENDING_APPROVAL.
    Pending,
    /// DRAFT.
    Draft,
    /// VOIDED.
    Voided,
    /// CANCELLED.
    Cancelled,
    /// Blank, or anything else.
    Unknown,
}

impl InvoiceStatus {
    fn read(text: Option<&str>) -> Self {
        match text.unwrap_or_default().trim().to_ascii_uppercase().as_str() {
            "PAID" => Self::Paid,
            "OPEN" | "OVERDUE" => Self::Open,
            "PENDING" | "PENDING_APPROVAL" => Self::Pending,
            "DRAFT" => Self::Draft,
            "VOIDED" => Self::Voided,
            "CANCELLED" => Self::Cancelled,
            _ => Self::Unknown,
        }
    }

    /// Money may still come in: open or pending.
    #[must_use]
    pub fn is_payable(self) -> bool {
        match self {
            Self::Open | Self::Pending => true,
            Self::Paid | Self::Draft | Self::Voided | Self::Cancelled | Self::Unknown => false,
        }
    }
}

/// One unit of `from` was worth `rate` units of `to` from `date` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExchangeRate {
    /// Currency converted.
    pub from: Currency,
    /// Currency converted to.
    pub to: Currency,
    /// First day the rate holds.
    pub date: Date,
    /// The rate.
    pub rate: Rate,
}

#[cfg(test)]
mod tests {
    use super::{Contract, Facts, Invoice};
    use serde_json::json;

    #[test]
    fn only_executed_and_signed_contracts_are_executed() {
        let executed = |status: Option<&str>| {
            Contract { status: status.map(str::to_owned), ..Contract::default() }.is_executed()
        };
        assert!([" executed ", "SIGNED"].into_iter().all(|status| executed(Some(status))));
        assert!(![None, Some(""), Some("SENT"), Some("EXECUTED?")].into_iter().any(executed));
    }

    #[test]
    fn voided_cancelled_and_unknown_invoices_are_not_live() {
        let live = |status: Option<&str>| {
            Invoice { status: status.map(str::to_owned), ..Invoice::default() }.is_live()
        };
        for status in ["PAID", " open ", "OVERDUE", "Pending", "PENDING_APPROVAL", "DRAFT"] {
            assert!(live(Some(status)), "{status}");
        }
        assert!(![None, Some(" "), Some("VOIDED"), Some("CANCELLED"), Some("PAID?")].into_iter().any(live));
    }

    #[test]
    fn absent_null_and_unknown_fields_read_alike() {
        let bare = json!({"account_id": "A"});
        let nulls = json!({"account_id": "A", "account": null, "invoices": null, "exchange_rates": null, "api_errors": null, "extra": 1});
        let read = |value| serde_json::from_value::<Facts>(value).map_err(|e| e.to_string());
        assert_eq!(read(bare), read(nulls));
    }

    #[test]
    fn an_amount_must_be_money_not_text() {
        let text = json!({"account_id": "A", "opportunity": {"amount": "150000"}});
        assert!(serde_json::from_value::<Facts>(text).is_err());
    }
}
