//! Which exchange rates a comparison needs, and fetching them.
//!
//! Needed: one per currency pair and invoice date, for live invoices in another currency than the deal. Not needed,
//! and not asked for, where the comparison stays silent or fails without them.

use futures::StreamExt as _;
use gangway_protocol::facts::{ExchangeRate, Invoice};
use gangway_protocol::tools::netsuite::{GetExchangeRate, RateArgs};
use gangway_protocol::{ApiError, Currency, Money, RecordKind};
use gangway_toolbelt::{Scope, Toolbelt};
use jiff::civil::Date;

/// Lookups at once. NetSuite allows few concurrent requests per integration.
const AT_ONCE: usize = 4;

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RateFindings {
    /// Rates, in the order of the invoices; may be empty. A pair without a rate is simply not there.
    pub exchange_rates: Vec<ExchangeRate>,
    /// Failed lookups, each hiding the exchange rates; may be empty.
    pub errors: Vec<ApiError>,
}

/// Fetches the rates that comparing `invoices` with `deal` needs. No call when there is nothing to convert.
pub async fn rates(
    belt: &Toolbelt,
    scope: &Scope,
    invoices: &[Invoice],
    deal: Option<Money>,
) -> RateFindings {
    let lookups = needed(invoices, deal);
    let mut findings = RateFindings::default();
    let mut answers = futures::stream::iter(lookups)
        .map(|(from, to, date)| async move {
            belt.call::<GetExchangeRate>(scope, &RateArgs { from, to, date }).await
        })
        .buffered(AT_ONCE);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(found) => findings.exchange_rates.extend(found.rate),
            Err(error) => findings.errors.push(error.hiding(&[RecordKind::ExchangeRates])),
        }
    }
    findings
}

/// The lookups, each once, in the order of the invoices.
fn needed(invoices: &[Invoice], deal: Option<Money>) -> Vec<(Currency, Currency, Date)> {
    let Some(deal) = deal.filter(|deal| deal.minor > 0) else {
        return Vec::new();
    };
    let live: Vec<&Invoice> = invoices.iter().filter(|invoice| invoice.is_live()).collect();
    if live.iter().any(|invoice| invoice.total.is_none()) {
        return Vec::new();
    }
    let mut lookups = Vec::new();
    for invoice in live {
        let (Some(total), Some(date)) = (invoice.total, invoice.invoice_date) else {
            continue;
        };
        let lookup = (total.currency, deal.currency, date);
        if total.currency != deal.currency && !lookups.contains(&lookup) {
            lookups.push(lookup);
        }
    }
    lookups
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::needed;
    use gangway_protocol::facts::Invoice;
    use gangway_protocol::{Currency, Money};

    fn money(minor: i64, currency: &str) -> Money {
        Money { minor, currency: Currency::parse(currency).unwrap() }
    }

    fn invoice(status: &str, currency: &str, date: &str) -> Invoice {
        Invoice {
            status: Some(status.to_owned()),
            total: Some(money(100, currency)),
            invoice_date: Some(date.parse().unwrap()),
            ..Invoice::default()
        }
    }

    fn deal() -> Option<Money> {
        Some(money(100, "USD"))
    }

    #[test]
    fn one_lookup_for_each_pair_and_day() {
        let invoices = [
            invoice("PAID", "CAD", "2026-01-01"),
            invoice(" open ", "CAD", "2026-01-01"),
            invoice("DRAFT", "CAD", "2026-01-02"),
            invoice("PAID", "USD", "2026-01-01"),
            invoice("PAID", "EUR", "2026-01-01"),
        ];
        let lookups: Vec<String> =
            needed(&invoices, deal()).iter().map(|(from, to, date)| format!("{from}{to} {date}")).collect();
        assert_eq!(lookups, ["CADUSD 2026-01-01", "CADUSD 2026-01-02", "EURUSD 2026-01-01"]);
    }

    #[test]
    fn invoices_that_are_not_live_need_no_rate() {
        for status in ["VOIDED", "CANCELLED", "", "ODD"] {
            assert!(needed(&[invoice(status, "CAD", "2026-01-01")], deal()).is_empty(), "{status}");
        }
    }

    #[test]
    fn nothing_is_looked_up_where_nothing_can_be_compared() {
        let foreign = invoice("PAID", "CAD", "2026-01-01");
        assert_eq!(needed(std::slice::from_ref(&foreign), deal()).len(), 1);
        assert!(needed(std::slice::from_ref(&foreign), None).is_empty());
        assert!(needed(std::slice::from_ref(&foreign), Some(money(0, "USD"))).is_empty());
        let no_date = Invoice { invoice_date: None, ..foreign.clone() };
        assert!(needed(&[no_date], deal()).is_empty());
        let no_total = Invoice { total: None, ..foreign.clone() };
        assert!(needed(&[foreign, no_total], deal()).is_empty());
    }
}
