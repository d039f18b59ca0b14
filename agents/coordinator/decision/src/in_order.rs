//! The facts with every list in one order, so that the order they were gathered in cannot matter.

use gangway_protocol::facts::{ExchangeRate, Invoice, Side, Signatory};
use gangway_protocol::{ApiError, Facts};

/// The same facts, every list sorted by everything that tells two entries apart. Nothing is dropped: two equal
/// invoices are two invoices.
pub(crate) fn in_order(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    facts.invoices.sort_by(|a, b| invoice_key(a).cmp(&invoice_key(b)));
    facts.exchange_rates.sort_by(|a, b| rate_key(a).cmp(&rate_key(b)));
    for error in &mut facts.api_errors {
        error.hides.sort_unstable();
    }
    facts.api_errors.sort_by(|a, b| error_key(a).cmp(&error_key(b)));
    if let Some(signatories) = facts.contract.as_mut().and_then(|contract| contract.signatories.as_mut()) {
        signatories.sort_by(|a, b| signatory_key(a).cmp(&signatory_key(b)));
    }
    facts
}

// Each key takes its record apart in full: a field added to the record does not compile until it is part of the key.

fn invoice_key(invoice: &Invoice) -> impl Ord + '_ {
    let Invoice { id, account_id, contract_id, status, total, amount_remaining, invoice_date, due_date } =
        invoice;
    let total = total.map(|m| (m.minor, m.currency));
    let remaining = amount_remaining.map(|m| (m.minor, m.currency));
    (id, account_id, contract_id, status, total, remaining, invoice_date, due_date)
}

fn rate_key(rate: &ExchangeRate) -> impl Ord + '_ {
    let ExchangeRate { from, to, date, rate } = rate;
    (from, to, date, rate.as_str())
}

fn signatory_key(signatory: &Signatory) -> impl Ord + '_ {
    let Signatory { name, email, side, signed } = signatory;
    let side = side.map(|s| s == Side::Vendor);
    (email.as_ref().map(|e| &e.0), name.as_ref().map(|n| &n.0), side, signed)
}

fn error_key(error: &ApiError) -> impl Ord + '_ {
    let ApiError {
        system,
        error_type,
        error_code,
        http_status,
        message,
        retryable,
        retry_after_ms,
        resolution,
        owner,
        operation,
        request_id,
        not_sent,
        hides,
    } = error;
    let fate = (http_status, retryable, retry_after_ms, not_sent);
    (system, operation, error_type, error_code, message, fate, resolution, owner, request_id, hides)
}
