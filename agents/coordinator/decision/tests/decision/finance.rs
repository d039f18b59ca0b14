//! FIN rules.

use crate::support::{
    check, failure, fired, invoice, money, opportunity, rate, sighting, spoiled, text, usd,
};
use gangway_protocol::facts::Invoice;
use gangway_protocol::{Facts, RecordKind, System};
use jiff::civil::{Date, date};

/// The healthy account invoiced in Canadian dollars: total 203,577.63 CAD, paid, dated 2026-01-01.
fn invoiced_in_cad(facts: &mut Facts) {
    invoice(facts).total = Some(money(20_357_763, "CAD"));
    invoice(facts).amount_remaining = Some(money(0, "CAD"));
}

fn in_cad_at(rates: &[(Date, &str)]) -> Vec<String> {
    fired(&spoiled(|f| {
        invoiced_in_cad(f);
        f.exchange_rates = rates.iter().map(|(day, r)| rate("CAD", "USD", *day, r)).collect();
    }))
}

/// One more live, paid invoice with this total.
fn further(facts: &mut Facts, id: &str, total: Option<gangway_protocol::Money>) {
    let remaining = total.map(|t| gangway_protocol::Money { minor: 0, ..t });
    let first = facts.invoices[0].clone();
    facts.invoices.push(Invoice { id: text(id), total, amount_remaining: remaining, ..first });
}

#[test]
fn a_gap_of_two_percent_is_tolerated() {
    check(&[
        ("2 % less", |f| invoice(f).total = usd(14_700_000), &[]),
        ("a cent less still", |f| invoice(f).total = usd(14_699_999), &["FIN-101"]),
        ("2 % more", |f| invoice(f).total = usd(15_300_000), &[]),
        ("a cent more still", |f| invoice(f).total = usd(15_300_001), &["FIN-101"]),
    ]);
}

#[test]
fn every_live_invoice_counts_whatever_contract_it_names() {
    check(&[
        ("one too many", |f| further(f, "INV-2", usd(15_000_000)), &["FIN-101"]),
        (
            "two halves",
            |f| {
                invoice(f).total = usd(7_500_000);
                further(f, "INV-2", usd(7_500_000));
            },
            &[],
        ),
        (
            "the other half names another contract",
            |f| {
                invoice(f).total = usd(7_500_000);
                further(f, "INV-2", usd(7_500_000));
                f.invoices[1].contract_id = text("CLM-CTR-999");
            },
            &["CHN-102"],
        ),
        (
            "a voided one does not count",
            |f| {
                further(f, "INV-2", usd(15_000_000));
                f.invoices[1].status = text("VOIDED");
            },
            &[],
        ),
        (
            "one of unknown status does not count",
            |f| {
                further(f, "INV-2", usd(15_000_000));
                f.invoices[1].status = text("HELD");
            },
            &["INV-004"],
        ),
        (
            "a draft counts",
            |f| {
                further(f, "INV-2", usd(15_000_000));
                f.invoices[1].status = text("DRAFT");
            },
            &["INV-102", "FIN-101"],
        ),
    ]);
}

#[test]
fn nothing_is_compared_with_what_is_missing() {
    check(&[
        ("no amount", |f| opportunity(f).amount = None, &["OPP-101"]),
        (
            "no opportunity",
            |f| {
                f.opportunity = None;
            },
            &["OPP-001"],
        ),
        ("one live total of two missing", |f| further(f, "INV-2", None), &["INV-105"]),
        ("no live invoice", |f| invoice(f).status = text("VOIDED"), &["INV-002"]),
        (
            "no live invoice and a negative amount",
            |f| {
                f.invoices.clear();
                opportunity(f).amount = usd(-1);
            },
            &["INV-001"],
        ),
    ]);
}

#[test]
fn an_amount_that_is_not_positive_cannot_be_matched() {
    for minor in [0, -1, i64::MIN] {
        assert_eq!(fired(&spoiled(|f| opportunity(f).amount = usd(minor))), ["FIN-101"], "{minor}");
    }
    let facts = spoiled(|f| {
        opportunity(f).amount = usd(0);
        invoice(f).total = usd(0);
    });
    assert_eq!(fired(&facts), ["FIN-101"]);
    assert_eq!(
        sighting(&facts, "FIN-101").2,
        "The opportunity's amount is 0.00 USD, which no invoice can match."
    );
    assert_eq!(
        fired(&spoiled(|f| {
            opportunity(f).amount = usd(1);
            invoice(f).total = usd(1);
        })),
        [""; 0]
    );
}

#[test]
fn the_newest_direct_rate_on_or_before_the_invoice_date_counts() {
    let (old, day, later) = (date(2025, 12, 1), date(2026, 1, 1), date(2026, 1, 2));
    assert_eq!(in_cad_at(&[(day, "0.7368")]), [""; 0], "of the day");
    assert_eq!(in_cad_at(&[(old, "0.7368")]), [""; 0], "older");
    assert_eq!(in_cad_at(&[(old, "0.9"), (day, "0.7368")]), [""; 0], "newest of two");
    assert_eq!(
        in_cad_at(&[(day, "0.9"), (old, "0.7368")]),
        ["FIN-101"],
        "newest of two, the other way round"
    );
    assert_eq!(in_cad_at(&[(later, "0.7368")]), ["FIN-102"], "only a later one");
    assert_eq!(in_cad_at(&[(day, "0.7368"), (later, "0.9")]), [""; 0], "a later one does not count");
    assert_eq!(in_cad_at(&[]), ["FIN-102"], "none");
}

#[test]
fn only_a_direct_rate_counts() {
    for (from, to) in [("USD", "CAD"), ("CAD", "EUR"), ("EUR", "USD")] {
        let facts = spoiled(|f| {
            invoiced_in_cad(f);
            f.exchange_rates = vec![rate(from, to, date(2026, 1, 1), "0.7368")];
        });
        assert_eq!(fired(&facts), ["FIN-102"], "{from} to {to}");
    }
}

#[test]
fn rates_of_one_day_that_contradict_each_other_are_none() {
    let day = date(2026, 1, 1);
    assert_eq!(in_cad_at(&[(day, "0.7368"), (day, "0.9")]), ["FIN-102"]);
    assert_eq!(in_cad_at(&[(day, "0.9"), (day, "0.7368")]), ["FIN-102"]);
    assert_eq!(in_cad_at(&[(day, "0.7368"), (day, "0.73680")]), [""; 0], "the same rate twice");
    assert_eq!(in_cad_at(&[(date(2025, 12, 1), "0.9"), (day, "0.7368")]), [""; 0], "of different days");
}

#[test]
fn conversion_needs_the_invoice_date_only_where_currencies_differ() {
    assert_eq!(fired(&spoiled(|f| invoice(f).invoice_date = None)), [""; 0]);
    let facts = spoiled(|f| {
        invoiced_in_cad(f);
        invoice(f).invoice_date = None;
        f.exchange_rates = vec![rate("CAD", "USD", date(2026, 1, 1), "0.7368")];
    });
    assert_eq!(fired(&facts), ["FIN-102"]);
    assert_eq!(sighting(&facts, "FIN-102").0, "invoices[INV-2026-001].invoice_date");
}

#[test]
fn a_failed_rate_lookup_is_not_reported_twice() {
    let hidden = |rates: &[&str]| {
        fired(&spoiled(|f| {
            invoiced_in_cad(f);
            f.exchange_rates = rates.iter().map(|r| rate("CAD", "USD", date(2026, 1, 1), r)).collect();
            f.api_errors = vec![failure(System::Netsuite, &[RecordKind::ExchangeRates])];
        }))
    };
    assert_eq!(hidden(&[]), [""; 0]);
    assert_eq!(hidden(&["0.9"]), ["FIN-101"], "a rate that is known is used");
}

#[test]
fn an_amount_that_is_not_positive_and_a_missing_rate_are_both_said() {
    let facts = spoiled(|f| {
        invoiced_in_cad(f);
        opportunity(f).amount = usd(0);
    });
    assert_eq!(fired(&facts), ["FIN-101", "FIN-102"]);
}

#[test]
fn the_findings_show_what_was_compared() {
    let facts = spoiled(|f| {
        invoice(f).total = usd(7_500_000);
        further(f, "INV-2", Some(money(1_000_000, "CAD")));
        further(f, "INV-3", usd(500_000));
        f.exchange_rates = vec![rate("CAD", "USD", date(2026, 1, 1), "0.7368")];
    });
    let (field, value, message) = sighting(&facts, "FIN-101");
    assert_eq!((field.as_str(), value.as_deref()), ("opportunity.amount", Some("150,000.00 USD")));
    assert_eq!(
        message,
        "The opportunity is worth 150,000.00 USD but 10,000.00 CAD and 80,000.00 USD was invoiced: more than 2 % apart."
    );
    let (field, value, message) = sighting(&spoiled(invoiced_in_cad), "FIN-102");
    assert_eq!((field.as_str(), value.as_deref()), ("invoices[INV-2026-001].total", Some("203,577.63 CAD")));
    assert_eq!(
        message,
        "There is no exchange rate from CAD to USD for invoice INV-2026-001, so it cannot be compared with the opportunity."
    );
}

#[test]
fn amounts_too_large_to_compare_fail_closed() {
    let facts = spoiled(|f| {
        f.opportunity.as_mut().unwrap().amount = Some(money(i64::MAX, "USD"));
        invoice(f).total = Some(money(i64::MAX, "JPY"));
        invoice(f).amount_remaining = Some(money(0, "JPY"));
        f.exchange_rates = vec![rate("JPY", "USD", date(2026, 1, 1), "9000000")];
    });
    assert_eq!(fired(&facts), ["FIN-101"]);
    let same = spoiled(|f| {
        f.opportunity.as_mut().unwrap().amount = Some(money(i64::MAX, "USD"));
        invoice(f).total = Some(money(i64::MAX, "USD"));
    });
    assert_eq!(fired(&same), [""; 0], "the largest amount there is can still be compared");
}
