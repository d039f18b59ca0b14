//! Rules that compare what was sold with what was invoiced. They compare amounts only, whatever contract or account
//! an invoice names: that is the chain's question.

use super::invoice::{name, name_inside, path};
use super::team;
use crate::Case;
use crate::exact::differs;
use crate::rule::{Row, Sightings, absent, seen};
use gangway_protocol::Severity::Warning;
use gangway_protocol::facts::Invoice;
use gangway_protocol::{Currency, Money, Rate, RecordKind};
use std::collections::BTreeMap;

pub(super) const RULES: &[Row] = &[
    Row {
        id: "FIN-101",
        severity: Warning,
        fires_when: "the opportunity's amount and the live invoices differ by more than 2 %, or the amount is not positive",
        owner: team::FINANCE,
        resolution: "Reconcile the opportunity's amount with the invoices",
        check: amounts_differ,
    },
    Row {
        id: "FIN-102",
        severity: Warning,
        fires_when: "an invoice is in another currency and no exchange rate exists for its date, so the amounts cannot be compared",
        owner: team::FINANCE,
        resolution: "Enter the exchange rate in NetSuite, or compare the amounts by hand",
        check: no_rate,
    },
];

/// What was sold, and the total of every live invoice.
struct Comparison<'a> {
    amount: Money,
    invoiced: Vec<(&'a Invoice, Money)>,
}

/// None where the amount, any live total, or all live invoices are missing.
fn comparison<'a>(case: &Case<'a>) -> Option<Comparison<'a>> {
    let amount = case.facts().opportunity.as_ref()?.amount?;
    let invoiced: Option<Vec<_>> =
        case.live_invoices().map(|s| Some((s.invoice, s.invoice.total?))).collect();
    let invoiced = invoiced.filter(|invoiced| !invoiced.is_empty())?;
    Some(Comparison { amount, invoiced })
}

/// What turns an invoice's total into the opportunity's currency.
enum Conversion<'a> {
    SameCurrency,
    At(&'a Rate),
    NoRate,
}

/// The newest direct rate on or before the invoice's date. Two different rates of one day are none: neither is
/// better than the other.
fn conversion<'a>(case: &Case<'a>, invoice: &Invoice, total: Money, to: Currency) -> Conversion<'a> {
    if total.currency == to {
        return Conversion::SameCurrency;
    }
    let Some(invoice_date) = invoice.invoice_date else {
        return Conversion::NoRate;
    };
    let direct = case
        .facts()
        .exchange_rates
        .iter()
        .filter(|rate| rate.from == total.currency && rate.to == to && rate.date <= invoice_date);
    let Some(newest) = direct.clone().max_by_key(|rate| rate.date) else {
        return Conversion::NoRate;
    };
    let contradicted =
        direct.into_iter().any(|rate| rate.date == newest.date && rate.rate.ratio() != newest.rate.ratio());
    if contradicted { Conversion::NoRate } else { Conversion::At(&newest.rate) }
}

fn amounts_differ(case: &Case<'_>) -> Sightings {
    let Some(Comparison { amount, invoiced }) = comparison(case) else {
        return Vec::new();
    };
    if amount.minor <= 0 {
        let message = format!("The opportunity's amount is {amount}, which no invoice can match.");
        return vec![seen("opportunity.amount", amount, message)];
    }
    let mut parts = Vec::with_capacity(invoiced.len());
    for (invoice, total) in &invoiced {
        match conversion(case, invoice, *total, amount.currency) {
            Conversion::SameCurrency => parts.push((*total, None)),
            Conversion::At(rate) => parts.push((*total, Some(rate))),
            Conversion::NoRate => return Vec::new(),
        }
    }
    let gap = case.thresholds().amount_gap;
    if !differs(&parts, gap, amount) {
        return Vec::new();
    }
    let message = format!(
        "The opportunity is worth {amount} but {} was invoiced: more than {} % apart.",
        sums(&invoiced),
        gap.0
    );
    vec![seen("opportunity.amount", amount, message)]
}

/// The totals added up per currency, as people read them: `84,750.00 CAD and 20,000.00 USD`.
fn sums(invoiced: &[(&Invoice, Money)]) -> String {
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for (_, total) in invoiced {
        let sum = sums.entry(total.currency).or_default();
        // Only the sentence is bounded by what money can show; the comparison itself is made in 128 bits.
        *sum = sum.saturating_add(total.minor);
    }
    let shown: Vec<String> =
        sums.into_iter().map(|(currency, minor)| Money { minor, currency }.to_string()).collect();
    shown.join(" and ")
}

fn no_rate(case: &Case<'_>) -> Sightings {
    let Some(Comparison { amount, invoiced }) = comparison(case) else {
        return Vec::new();
    };
    if case.hides(RecordKind::ExchangeRates) {
        return Vec::new();
    }
    let without = invoiced.into_iter().find(|(invoice, total)| {
        matches!(conversion(case, invoice, *total, amount.currency), Conversion::NoRate)
    });
    let Some((invoice, total)) = without else {
        return Vec::new();
    };
    if invoice.invoice_date.is_none() {
        let message = format!(
            "{} is in {} and has no date, so it cannot be compared with the opportunity in {}.",
            name(invoice),
            total.currency,
            amount.currency
        );
        return vec![absent(path(invoice, "invoice_date"), message)];
    }
    let message = format!(
        "There is no exchange rate from {} to {} for {}, so it cannot be compared with the opportunity.",
        total.currency,
        amount.currency,
        name_inside(invoice)
    );
    vec![seen(path(invoice, "total"), total, message)]
}
