//! From NetSuite's rows to facts. A value nobody can read is an error that names its field, never silently missing.

use gangway_protocol::facts::{ExchangeRate, Invoice};
use gangway_protocol::{Currency, Money, Rate};
use jiff::civil::Date;

use crate::wire::{InvoiceRow, RateRow};

/// A value that is there but cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{record}: {field} {reason}")]
pub(crate) struct Unreadable {
    pub code: &'static str,
    pub record: String,
    pub field: &'static str,
    pub reason: String,
}

pub(crate) fn invoice(row: &InvoiceRow) -> Result<Invoice, Unreadable> {
    let record = format!("Invoice {}", row.tranid.as_deref().unwrap_or("(without number)"));
    let amounts = Amounts { record: &record, currency: present(row.currency.as_deref()) };
    Ok(Invoice {
        id: row.tranid.clone(),
        account_id: row.account.clone(),
        contract_id: row.contract.clone(),
        status: row.status.as_deref().map(status),
        total: amounts.read("foreigntotal", row.foreigntotal.as_deref())?,
        amount_remaining: amounts.read("foreignamountunpaid", row.foreignamountunpaid.as_deref())?,
        invoice_date: date(&record, "trandate", row.invoicedate.as_deref())?,
        due_date: date(&record, "duedate", row.due.as_deref())?,
    })
}

pub(crate) fn exchange_rate(row: &RateRow, from: Currency, to: Currency) -> Result<ExchangeRate, Unreadable> {
    let record = format!("Exchange rate {from} to {to}");
    let missing = |field| Unreadable {
        code: "UNREADABLE_RATE",
        record: record.clone(),
        field,
        reason: "is missing".to_owned(),
    };
    let text = present(row.exchangerate.as_deref()).ok_or_else(|| missing("exchangerate"))?;
    let rate = Rate::parse(&leading_zero(text)).map_err(|error| Unreadable {
        code: "UNREADABLE_RATE",
        record: record.clone(),
        field: "exchangerate",
        reason: error.to_string(),
    })?;
    let date =
        date(&record, "effectivedate", row.effective.as_deref())?.ok_or_else(|| missing("effectivedate"))?;
    Ok(ExchangeRate { from, to, date, rate })
}

/// `Invoice : Paid In Full` to the facts' word. What is not on the list goes on as it came, and the rules refuse it.
fn status(shown: &str) -> String {
    let name = shown.rsplit_once(':').map_or(shown, |(_, name)| name).trim();
    match name.to_ascii_lowercase().as_str() {
        "paid in full" => "PAID".to_owned(),
        "open" => "OPEN".to_owned(),
        "pending approval" => "PENDING_APPROVAL".to_owned(),
        "rejected" | "voided" => "VOIDED".to_owned(),
        "cancelled" | "canceled" => "CANCELLED".to_owned(),
        _ => name.to_owned(),
    }
}

/// The currency the row's amounts are in.
struct Amounts<'a> {
    record: &'a str,
    currency: Option<&'a str>,
}

impl Amounts<'_> {
    fn read(&self, field: &'static str, text: Option<&str>) -> Result<Option<Money>, Unreadable> {
        let Some(text) = present(text) else {
            return Ok(None);
        };
        let unreadable =
            |code, field, reason| Unreadable { code, record: self.record.to_owned(), field, reason };
        let Some(code) = self.currency else {
            let reason = "is missing, so its amounts mean nothing".to_owned();
            return Err(unreadable("UNREADABLE_CURRENCY", "currency", reason));
        };
        let currency = Currency::parse(code)
            .map_err(|error| unreadable("UNREADABLE_CURRENCY", "currency", error.to_string()))?;
        Money::from_decimal(&leading_zero(text), currency)
            .map(Some)
            .map_err(|error| unreadable("UNREADABLE_AMOUNT", field, error.to_string()))
    }
}

fn date(record: &str, field: &'static str, text: Option<&str>) -> Result<Option<Date>, Unreadable> {
    let Some(text) = present(text) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| Unreadable {
        code: "UNREADABLE_DATE",
        record: record.to_owned(),
        field,
        reason: format!("{text:?} is not a date of the form 2026-01-31"),
    })
}

fn present(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Oracle writes 0.74 as `.74`.
fn leading_zero(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.starts_with('.') => format!("-0{rest}"),
        None if text.starts_with('.') => format!("0{text}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
