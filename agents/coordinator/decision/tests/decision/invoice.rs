//! INV rules.

use crate::support::{check, fired, invoice, money, sighting, spoiled, text, usd};
use gangway_protocol::Facts;
use gangway_protocol::facts::Invoice;
use jiff::civil::date;

/// The healthy account with its invoice open: total 150,000.00, this much remaining, due in the future.
fn open(facts: &mut Facts, remaining: i64) {
    let invoice = invoice(facts);
    invoice.status = text("OPEN");
    invoice.amount_remaining = usd(remaining);
}

/// One more invoice, like the first, with this status.
fn further(facts: &mut Facts, id: &str, status: &str) {
    let further = Invoice { id: text(id), status: text(status), total: usd(0), ..facts.invoices[0].clone() };
    facts.invoices.push(further);
}

#[test]
fn an_account_needs_an_invoice_with_an_id() {
    check(&[
        ("none", |f| f.invoices.clear(), &["INV-001"]),
        ("null id", |f| invoice(f).id = None, &["INV-001"]),
        ("blank id", |f| invoice(f).id = text("  "), &["INV-001"]),
        (
            "of two, one without id",
            |f| {
                further(f, "", "PAID");
            },
            &["INV-001"],
        ),
        (
            "a voided one without id beside a live one",
            |f| {
                further(f, "", "VOIDED");
            },
            &[],
        ),
    ]);
    assert_eq!(sighting(&spoiled(|f| f.invoices.clear()), "INV-001").0, "invoices");
    assert_eq!(sighting(&spoiled(|f| invoice(f).id = None), "INV-001").0, "invoices[no id].id");
}

#[test]
fn void_and_reissue_is_normal() {
    check(&[
        ("only voided", |f| invoice(f).status = text("VOIDED"), &["INV-002"]),
        ("only cancelled", |f| invoice(f).status = text(" cancelled "), &["INV-003"]),
        ("voided and reissued", |f| further(f, "INV-2", "VOIDED"), &[]),
        ("cancelled and reissued", |f| further(f, "INV-2", "CANCELLED"), &[]),
        (
            "one of each, none live",
            |f| {
                invoice(f).status = text("VOIDED");
                further(f, "INV-2", "CANCELLED");
            },
            &["INV-002", "INV-003"],
        ),
        (
            "two voided",
            |f| {
                invoice(f).status = text("VOIDED");
                further(f, "INV-2", "VOIDED");
            },
            &["INV-002", "INV-002"],
        ),
        (
            "an unknown status is not live",
            |f| {
                invoice(f).status = text("VOIDED");
                further(f, "INV-2", "REFUNDED");
            },
            &["INV-002", "INV-004"],
        ),
    ]);
}

#[test]
fn a_dead_invoice_fires_nothing_else() {
    for (status, rule) in [("VOIDED", "INV-002"), ("CANCELLED", "INV-003"), ("REFUNDED", "INV-004")] {
        let facts = spoiled(|f| {
            f.invoices = vec![Invoice { status: text(status), ..Invoice::default() }];
        });
        assert_eq!(fired(&facts), [rule]);
    }
}

#[test]
fn a_status_nobody_knows_blocks_even_beside_a_live_invoice() {
    for status in ["", "  ", "CANCELED", "VOID", "REFUNDED", "PAID IN FULL", "OPENED"] {
        assert_eq!(fired(&spoiled(|f| further(f, "INV-2", status))), ["INV-004"], "{status:?}");
    }
    assert_eq!(fired(&spoiled(|f| invoice(f).status = None)), ["INV-004"]);
    let facts = spoiled(|f| further(f, "INV-2", "Refunded"));
    let (field, value, message) = sighting(&facts, "INV-004");
    assert_eq!((field.as_str(), value.as_deref()), ("invoices[INV-2].status", Some("Refunded")));
    assert_eq!(message, "Invoice INV-2 has the unknown status \"Refunded\".");
    let (_, value, message) = sighting(&spoiled(|f| further(f, "INV-2", " ")), "INV-004");
    assert_eq!((value, message.as_str()), (None, "Invoice INV-2 has no status."));
}

#[test]
fn live_statuses_are_read_after_trimming_and_upper_casing() {
    let unsettled: &[&str] = &["INV-102"];
    for (status, expected) in [
        ("PAID", &[][..]),
        (" paid ", &[]),
        ("OPEN", unsettled),
        ("Overdue", unsettled),
        ("pending", unsettled),
        ("PENDING_APPROVAL", unsettled),
        ("Draft", unsettled),
    ] {
        assert_eq!(fired(&spoiled(|f| invoice(f).status = text(status))), expected, "{status}");
    }
}

#[test]
fn an_invoice_is_overdue_from_the_day_after_its_due_date() {
    let due_by = |status: &str, remaining, due| {
        fired(&spoiled(|f| {
            open(f, remaining);
            invoice(f).status = text(status);
            invoice(f).due_date = Some(due);
        }))
    };
    let (yesterday, today) = (date(2026, 1, 14), date(2026, 1, 15));
    assert_eq!(due_by("OPEN", 1, yesterday), ["INV-101"]);
    assert_eq!(due_by("OVERDUE", 1, yesterday), ["INV-101"]);
    assert_eq!(due_by("OPEN", 1, today), ["INV-102"]);
    assert_eq!(due_by("OVERDUE", 1, today), ["INV-102"]);
    assert_eq!(due_by("OPEN", 0, yesterday), ["INV-102"], "nothing remains");
    assert_eq!(due_by("OPEN", -1, yesterday), ["INV-102"], "overpaid");
    assert_eq!(due_by("PENDING", 1, yesterday), ["INV-101", "INV-102"]);
    assert_eq!(due_by("PENDING", 1, today), ["INV-102"]);
    assert_eq!(due_by("DRAFT", 1, yesterday), ["INV-102"]);
    assert_eq!(due_by("PAID", 0, yesterday), [""; 0]);
}

#[test]
fn the_overdue_finding_names_invoice_day_and_amount() {
    let facts = spoiled(|f| {
        open(f, 1_000_000);
        invoice(f).due_date = Some(date(2025, 12, 31));
    });
    let (field, value, message) = sighting(&facts, "INV-101");
    assert_eq!((field.as_str(), value.as_deref()), ("invoices[INV-2026-001].due_date", Some("2025-12-31")));
    assert_eq!(message, "Invoice INV-2026-001 was due on 2025-12-31 and 10,000.00 USD of it is unpaid.");
}

#[test]
fn half_paid_is_enough() {
    check(&[
        ("exactly half", |f| open(f, 7_500_000), &["INV-102", "INV-105"]),
        ("a cent less", |f| open(f, 7_500_001), &["INV-102", "INV-103", "INV-105"]),
        ("more remains than the total", |f| open(f, 99_000_000), &["INV-102", "INV-103", "INV-105"]),
    ]);
}

#[test]
fn two_percent_unpaid_is_tolerated() {
    check(&[
        ("exactly 2 %", |f| open(f, 300_000), &["INV-102"]),
        ("a cent more", |f| open(f, 300_001), &["INV-102", "INV-105"]),
        ("nothing remains", |f| open(f, 0), &["INV-102"]),
        ("a negative remainder", |f| open(f, -15_000_000), &["INV-102"]),
    ]);
}

#[test]
fn shares_need_a_positive_total_and_an_open_or_pending_invoice() {
    let with = |status: &str, total, remaining| {
        let facts = spoiled(|f| {
            let i = invoice(f);
            (i.status, i.total, i.amount_remaining) = (text(status), usd(total), usd(remaining));
            f.opportunity.as_mut().unwrap().amount = None;
        });
        let mut fired = fired(&facts);
        fired.retain(|rule| rule != "OPP-101");
        fired
    };
    assert_eq!(with("PENDING", 100, 100), ["INV-102", "INV-103", "INV-105"]);
    assert_eq!(with("DRAFT", 100, 100), ["INV-102"]);
    assert_eq!(with("PAID", 100, 100), ["INV-106"]);
    assert_eq!(with("OPEN", 0, 100), ["INV-102"]);
    assert_eq!(with("OPEN", -100, 100), ["INV-102"]);
    assert_eq!(with("OPEN", 1, 1), ["INV-102", "INV-103", "INV-105"]);
    assert_eq!(with("OPEN", i64::MAX, i64::MAX), ["INV-102", "INV-103", "INV-105"]);
    assert_eq!(with("OPEN", i64::MAX, 1), ["INV-102"]);
    assert_eq!(with("OPEN", i64::MAX, i64::MIN), ["INV-102"]);
}

#[test]
fn a_live_invoice_needs_a_due_date() {
    check(&[
        ("paid", |f| invoice(f).due_date = None, &["INV-104"]),
        (
            "an open one is then not overdue",
            |f| {
                open(f, 1);
                invoice(f).due_date = None;
            },
            &["INV-102", "INV-104"],
        ),
    ]);
}

#[test]
fn missing_amounts_are_said_once_and_nothing_is_made_of_them() {
    check(&[
        ("no total", |f| invoice(f).total = None, &["INV-105"]),
        ("no remainder", |f| invoice(f).amount_remaining = None, &["INV-105"]),
        ("two currencies", |f| invoice(f).amount_remaining = Some(money(0, "CAD")), &["INV-105"]),
        (
            "a draft without amounts",
            |f| {
                open(f, 0);
                invoice(f).status = text("DRAFT");
                invoice(f).total = None;
            },
            &["INV-102", "INV-105"],
        ),
        (
            "overdue as far as one can see",
            |f| {
                open(f, 15_000_000);
                invoice(f).due_date = Some(date(2025, 1, 1));
                invoice(f).total = None;
            },
            &["INV-102", "INV-105"],
        ),
        (
            "paid with a remainder in another currency",
            |f| {
                invoice(f).amount_remaining = Some(money(5, "CAD"));
            },
            &["INV-105"],
        ),
    ]);
    let none = spoiled(|f| (invoice(f).total, invoice(f).amount_remaining) = (None, None));
    assert_eq!(sighting(&none, "INV-105").0, "invoices[INV-2026-001].total");
    let two = sighting(&spoiled(|f| invoice(f).amount_remaining = Some(money(0, "CAD"))), "INV-105");
    assert_eq!(
        (two.0.as_str(), two.1.as_deref()),
        ("invoices[INV-2026-001].amount_remaining", Some("0.00 CAD"))
    );
}

#[test]
fn a_paid_invoice_has_nothing_remaining() {
    check(&[
        ("a cent remains", |f| invoice(f).amount_remaining = usd(1), &["INV-106"]),
        ("overpaid", |f| invoice(f).amount_remaining = usd(-1), &[]),
    ]);
}

#[test]
fn several_invoices_are_each_judged_and_named() {
    let facts = spoiled(|f| {
        further(f, "INV-3", "DRAFT");
        further(f, "INV-2", "DRAFT");
        f.invoices[1].due_date = None;
    });
    assert_eq!(fired(&facts), ["INV-102", "INV-102", "INV-104"]);
    let fields: Vec<String> =
        crate::support::findings(&facts).into_iter().map(|f| f.evidence.field).collect();
    assert_eq!(fields, ["invoices[INV-2].status", "invoices[INV-3].status", "invoices[INV-3].due_date"]);
}
