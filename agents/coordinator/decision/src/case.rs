//! One case before the rules: the facts, the day to judge by, the thresholds, and the readings every domain shares.
//!
//! Here stands what an API error hides, which account an id names and which invoices are live. It holds no rule.

use crate::Thresholds;
use crate::expression::AS_OF;
use crate::rule::is_missing;
use gangway_protocol::Facts;
use gangway_protocol::RecordKind;
use gangway_protocol::facts::{Account, Contract, Invoice, InvoiceStatus, Opportunity, Owner};
use jiff::civil::Date;
use serde_json::{Map, Value as Json};
use std::cell::OnceCell;

/// What a check looks at.
#[derive(Debug)]
pub struct Case<'a> {
    facts: &'a Facts,
    as_of: Date,
    thresholds: &'a Thresholds,
    invoices: Vec<StatedInvoice<'a>>,
    /// Made when the first expression asks.
    plain: OnceCell<Map<String, Json>>,
}

/// An invoice with its status read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatedInvoice<'a> {
    pub(crate) invoice: &'a Invoice,
    pub(crate) status: InvoiceStatus,
}

/// Which account an id inside a record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// The account of this case.
    This,
    /// Another one.
    Another,
    /// None at all.
    Nobody,
    /// It cannot be told, because the account's own Salesforce id is hidden by an API error.
    Hidden,
}

impl<'a> Case<'a> {
    pub(crate) fn new(facts: &'a Facts, as_of: Date, thresholds: &'a Thresholds) -> Self {
        let invoices = facts
            .invoices
            .iter()
            .map(|invoice| StatedInvoice { invoice, status: invoice.status_read() })
            .collect();
        Self { facts, as_of, thresholds, invoices, plain: OnceCell::new() }
    }

    /// The facts.
    #[must_use]
    pub fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// The day to judge by, UTC.
    #[must_use]
    pub fn as_of(&self) -> Date {
        self.as_of
    }

    /// The numbers to judge by.
    #[must_use]
    pub fn thresholds(&self) -> &'a Thresholds {
        self.thresholds
    }

    /// Whether a failed call left this kind of record unknown.
    #[must_use]
    pub fn hides(&self, kind: RecordKind) -> bool {
        self.facts.api_errors.iter().any(|error| error.hides.contains(&kind))
    }

    /// The facts as expressions see them: plain JSON, and the day beside it.
    pub(crate) fn plain(&self) -> &Map<String, Json> {
        self.plain.get_or_init(|| plain(self.facts, self.as_of))
    }

    pub(crate) fn account(&self) -> Option<&'a Account> {
        self.facts.account.as_ref()
    }

    /// The owner, where there is one to judge: an account that was not found, or has no owner id, has none.
    pub(crate) fn owner(&self) -> Option<&'a Owner> {
        let account_names_one = match self.account() {
            Some(account) => !is_missing(account.owner_id.as_deref()),
            None => self.hides(RecordKind::Account),
        };
        self.facts.owner.as_ref().filter(|_| account_names_one)
    }

    /// The opportunity, where there is one to judge: an account that was not found has none.
    pub(crate) fn opportunity(&self) -> Option<&'a Opportunity> {
        let may_exist = self.account().is_some() || self.hides(RecordKind::Account);
        self.facts.opportunity.as_ref().filter(|_| may_exist)
    }

    pub(crate) fn contract(&self) -> Option<&'a Contract> {
        self.facts.contract.as_ref()
    }

    /// Every invoice, in order.
    pub(crate) fn invoices(&self) -> impl Iterator<Item = StatedInvoice<'a>> {
        self.invoices.iter().copied()
    }

    /// The invoices that count: not voided, not cancelled, of a known status.
    pub(crate) fn live_invoices(&self) -> impl Iterator<Item = StatedInvoice<'a>> {
        self.invoices().filter(|stated| stated.invoice.is_live())
    }

    /// Which account an id found inside a record names.
    pub(crate) fn naming(&self, id: Option<&str>) -> Naming {
        let Some(id) = id.filter(|id| !is_missing(Some(id))) else {
            return Naming::Nobody;
        };
        let own_id = self.account().and_then(|account| account.id.as_deref());
        if id == self.facts.account_id.as_str() || own_id == Some(id) {
            Naming::This
        } else if self.account().is_none() && self.hides(RecordKind::Account) {
            Naming::Hidden
        } else {
            Naming::Another
        }
    }
}

/// Facts are always expressible as JSON; were they not, every expression would find everything missing and fault.
fn plain(facts: &Facts, as_of: Date) -> Map<String, Json> {
    let mut plain = match serde_json::to_value(facts) {
        Ok(Json::Object(fields)) => fields,
        _ => Map::new(),
    };
    plain.insert(AS_OF.to_owned(), Json::String(as_of.to_string()));
    plain
}
