//! Rules of the invoices, each judged by itself. A voided or cancelled invoice fires nothing but its own rule, an
//! invoice of unknown status nothing but INV-004. What the invoices add up to is the finance rules' question.

use super::team;
use crate::Case;
use crate::case::StatedInvoice;
use crate::exact::{exceeds, falls_short};
use crate::rule::{Row, Sighting, Sightings, absent, is_missing, seen, shown, text_seen};
use gangway_protocol::Money;
use gangway_protocol::RecordKind;
use gangway_protocol::Severity::{Violation, Warning};
use gangway_protocol::facts::{Invoice, InvoiceStatus};

pub(super) const RULES: &[Row] = &[
    Row {
        id: "INV-001",
        severity: Violation,
        fires_when: "there is no invoice, or a live one without id",
        owner: team::FINANCE,
        resolution: "Issue the invoice in NetSuite",
        check: not_found,
    },
    Row {
        id: "INV-002",
        severity: Violation,
        fires_when: "an invoice is voided and no live one remains",
        owner: team::FINANCE,
        resolution: "Issue a new invoice in place of the voided one",
        check: |case| without_live(case, InvoiceStatus::Voided, "voided"),
    },
    Row {
        id: "INV-003",
        severity: Violation,
        fires_when: "an invoice is cancelled and no live one remains",
        owner: team::FINANCE,
        resolution: "Issue a new invoice in place of the cancelled one",
        check: |case| without_live(case, InvoiceStatus::Cancelled, "cancelled"),
    },
    Row {
        id: "INV-004",
        severity: Violation,
        fires_when: "an invoice's status is blank or unknown",
        owner: team::FINANCE,
        resolution: "Correct the invoice's status in NetSuite",
        check: status_unknown,
    },
    Row {
        id: "INV-101",
        severity: Warning,
        fires_when: "an open or pending invoice has an amount remaining and a due date before the day judged by",
        owner: team::FINANCE,
        resolution: "Collect the overdue amount, or agree on a new due date",
        check: overdue,
    },
    Row {
        id: "INV-102",
        severity: Warning,
        fires_when: "an invoice is pending, a draft, or open and not overdue",
        owner: team::FINANCE,
        resolution: "Approve and send the invoice, or wait for its payment",
        check: unsettled,
    },
    Row {
        id: "INV-103",
        severity: Warning,
        fires_when: "less than half of an open or pending invoice is paid",
        owner: team::FINANCE,
        resolution: "Agree with the customer when the invoice will be paid",
        check: underpaid,
    },
    Row {
        id: "INV-104",
        severity: Warning,
        fires_when: "a live invoice has no due date",
        owner: team::FINANCE,
        resolution: "Fill in the invoice's due date in NetSuite",
        check: |case| {
            let undated = case.live_invoices().filter(|s| s.invoice.due_date.is_none());
            undated
                .map(|s| absent(path(s.invoice, "due_date"), format!("{} has no due date.", name(s.invoice))))
                .collect()
        },
    },
    Row {
        id: "INV-105",
        severity: Warning,
        fires_when: "more than 2 % of an open or pending invoice is unpaid, or a live invoice lacks its total or amount remaining, or has them in two currencies",
        owner: team::FINANCE,
        resolution: "Complete the invoice's amounts in NetSuite, or collect what is unpaid",
        check: unpaid,
    },
    Row {
        id: "INV-106",
        severity: Warning,
        fires_when: "an invoice says paid but an amount remains",
        owner: team::FINANCE,
        resolution: "Reconcile the invoice's status with its amount remaining in NetSuite",
        check: paid_with_remainder,
    },
];

/// Where an invoice's field stands in the facts; an invoice is named by its id, because its place in the list is not
/// kept.
pub(super) fn path(invoice: &Invoice, field: &str) -> String {
    format!("invoices[{}].{field}", label(invoice).unwrap_or_else(|| "no id".to_owned()))
}

/// How a sentence begins that speaks of an invoice.
pub(super) fn name(invoice: &Invoice) -> String {
    label(invoice).map_or_else(|| "An invoice without id".to_owned(), |id| format!("Invoice {id}"))
}

/// The same inside a sentence.
pub(super) fn name_inside(invoice: &Invoice) -> String {
    label(invoice).map_or_else(|| "an invoice without id".to_owned(), |id| format!("invoice {id}"))
}

fn label(invoice: &Invoice) -> Option<String> {
    invoice.id.as_deref().filter(|id| !is_missing(Some(id))).map(shown)
}

/// Total and amount remaining of a live invoice, where both are there and in one currency.
fn amounts(invoice: &Invoice) -> Option<(Money, Money)> {
    let (total, remaining) = (invoice.total?, invoice.amount_remaining?);
    (total.currency == remaining.currency).then_some((total, remaining))
}

fn not_found(case: &Case<'_>) -> Sightings {
    if case.invoices().next().is_none() && !case.hides(RecordKind::Invoices) {
        return vec![absent("invoices", "There is no invoice for the account in NetSuite.")];
    }
    let nameless = case.live_invoices().filter(|s| is_missing(s.invoice.id.as_deref()));
    nameless
        .map(|s| absent(path(s.invoice, "id"), format!("{} stands in NetSuite.", name(s.invoice))))
        .collect()
}

/// With the invoices only partly known, nobody can say that no live one remains.
fn without_live(case: &Case<'_>, status: InvoiceStatus, word: &str) -> Sightings {
    if case.live_invoices().next().is_some() || case.hides(RecordKind::Invoices) {
        return Vec::new();
    }
    let such = case.invoices().filter(|stated| stated.status == status);
    such.map(|s| status_seen(s, format!("{} is {word} and no live invoice remains.", name(s.invoice))))
        .collect()
}

fn status_unknown(case: &Case<'_>) -> Sightings {
    let unknown = case.invoices().filter(|stated| stated.status == InvoiceStatus::Unknown);
    unknown
        .map(|s| {
            let text = s.invoice.status.as_deref().filter(|text| !is_missing(Some(text)));
            let message = match text {
                Some(text) => format!("{} has the unknown status \"{}\".", name(s.invoice), shown(text)),
                None => format!("{} has no status.", name(s.invoice)),
            };
            status_seen(s, message)
        })
        .collect()
}

fn status_seen(stated: StatedInvoice<'_>, message: String) -> Sighting {
    text_seen(path(stated.invoice, "status"), stated.invoice.status.as_deref(), message)
}

fn is_overdue(case: &Case<'_>, stated: StatedInvoice<'_>) -> bool {
    let owes = amounts(stated.invoice).is_some_and(|(_, remaining)| remaining.minor > 0);
    let past_due = stated.invoice.due_date.is_some_and(|due| due < case.as_of());
    stated.status.is_payable() && owes && past_due
}

fn overdue(case: &Case<'_>) -> Sightings {
    let late = case.live_invoices().filter(|stated| is_overdue(case, *stated));
    late.filter_map(|s| {
        let (due, (_, remaining)) = (s.invoice.due_date?, amounts(s.invoice)?);
        let message = format!("{} was due on {due} and {remaining} of it is unpaid.", name(s.invoice));
        Some(seen(path(s.invoice, "due_date"), due, message))
    })
    .collect()
}

fn unsettled(case: &Case<'_>) -> Sightings {
    let sighting = |s: StatedInvoice<'_>| {
        let state = match s.status {
            InvoiceStatus::Pending => "is pending approval",
            InvoiceStatus::Draft => "is a draft",
            InvoiceStatus::Open if !is_overdue(case, s) => "is open",
            InvoiceStatus::Open
            | InvoiceStatus::Paid
            | InvoiceStatus::Voided
            | InvoiceStatus::Cancelled
            | InvoiceStatus::Unknown => return None,
        };
        Some(status_seen(s, format!("{} {state}, so it is not paid yet.", name(s.invoice))))
    };
    case.live_invoices().filter_map(sighting).collect()
}

/// Total and amount remaining where a share of them means something: money may still come in, and some must.
fn owed_share(stated: StatedInvoice<'_>) -> Option<(Money, Money)> {
    let (total, remaining) = amounts(stated.invoice).filter(|_| stated.status.is_payable())?;
    (total.minor > 0 && remaining.minor > 0).then_some((total, remaining))
}

fn underpaid(case: &Case<'_>) -> Sightings {
    let least = case.thresholds().least_paid;
    let sighting = |s: StatedInvoice<'_>| {
        let (total, remaining) = owed_share(s)?;
        let paid = i128::from(total.minor) - i128::from(remaining.minor);
        if !falls_short(paid, least, i128::from(total.minor)) {
            return None;
        }
        let message = format!(
            "Less than {} % of {} is paid: {remaining} of {total} remains.",
            least.0,
            name_inside(s.invoice)
        );
        Some(seen(path(s.invoice, "amount_remaining"), remaining, message))
    };
    case.live_invoices().filter_map(sighting).collect()
}

fn unpaid(case: &Case<'_>) -> Sightings {
    let tolerance = case.thresholds().unpaid_tolerance;
    let sighting = |s: StatedInvoice<'_>| {
        if amounts(s.invoice).is_none() {
            return Some(amounts_unclear(s.invoice));
        }
        let (total, remaining) = owed_share(s)?;
        if !exceeds(i128::from(remaining.minor), tolerance, i128::from(total.minor)) {
            return None;
        }
        let message = format!(
            "More than {} % of {} is unpaid: {remaining} of {total} remains.",
            tolerance.0,
            name_inside(s.invoice)
        );
        Some(seen(path(s.invoice, "amount_remaining"), remaining, message))
    };
    case.live_invoices().filter_map(sighting).collect()
}

fn amounts_unclear(invoice: &Invoice) -> Sighting {
    let name = name(invoice);
    match (invoice.total, invoice.amount_remaining) {
        (None, _) => absent(path(invoice, "total"), format!("{name} has no total.")),
        (Some(_), None) => {
            absent(path(invoice, "amount_remaining"), format!("{name} does not say what remains to be paid."))
        }
        (Some(total), Some(remaining)) => {
            let message = format!(
                "{name} has its total in {} and its amount remaining in {}.",
                total.currency, remaining.currency
            );
            seen(path(invoice, "amount_remaining"), remaining, message)
        }
    }
}

fn paid_with_remainder(case: &Case<'_>) -> Sightings {
    let sighting = |s: StatedInvoice<'_>| {
        let (_, remaining) = amounts(s.invoice).filter(|_| s.status == InvoiceStatus::Paid)?;
        let message = format!("{} is marked paid but {remaining} of it remains.", name(s.invoice));
        (remaining.minor > 0).then(|| seen(path(s.invoice, "amount_remaining"), remaining, message))
    };
    case.live_invoices().filter_map(sighting).collect()
}
