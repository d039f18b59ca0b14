//! How long one decision takes, the digest of its facts included: median over many batches, in microseconds.
//!
//! It judges nothing: the goal and the figure stand in the room's README.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its figure and may stop")]

use gangway_decision::{RuleSet, decide, facts_digest};
use gangway_protocol::Facts;
use jiff::civil::date;
use std::hint::black_box;
use std::time::Instant;

const BATCHES: usize = 401;
const PER_BATCH: u32 = 500;

fn facts_of(scenario: &str) -> Facts {
    let scenario: serde_json::Value = serde_json::from_str(scenario).unwrap();
    serde_json::from_value(scenario["facts"].clone()).unwrap()
}

fn median_us(mut run: impl FnMut()) -> f64 {
    let mut batches: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let begin = Instant::now();
            (0..PER_BATCH).for_each(|_| run());
            begin.elapsed().as_secs_f64() * 1e6 / f64::from(PER_BATCH)
        })
        .collect();
    batches.sort_by(f64::total_cmp);
    batches[BATCHES / 2]
}

/// Conditions as people write them; the added rules take them in turn.
const CONDITIONS: [&str; 8] = [
    "has(opportunity.amount) && opportunity.amount.currency == 'USD' && opportunity.amount.minor >= 25000000",
    "has(contract.expiry_date) && contract.expiry_date >= as_of && daysBetween(as_of, contract.expiry_date) < 60",
    "has(contract.signatories) && !contract.signatories.exists(s, has(s.side) && s.side == 'customer')",
    "invoices.exists(i, has(i.due_date) && i.due_date < as_of && i.status != 'PAID')",
    "has(account.billing_country) && account.billing_country in ['Iran', 'Syria', 'Cuba']",
    "has(account.name) && account.name.matches('(?i)^test')",
    "has(contract.tier) && contract.tier == 'Starter' && has(opportunity.amount) && opportunity.amount.minor > 5000000",
    "has(owner.department) && !owner.department.lowerAscii().contains('success')",
];

/// The built-in rules and fifty more.
fn fifty_more() -> RuleSet {
    let rules = (0..50).zip(CONDITIONS.iter().cycle()).map(|(n, when)| {
        format!(
            "[[rule]]\nid = \"NWC-{n:03}\"\ndomain = \"contract\"\nseverity = \"warning\"\nwhen = '''{when}'''\n\
             message = \"m\"\nowner = \"Legal\"\nresolution = \"r\"\n"
        )
    });
    let file = format!("id = \"bench\"\nversion = \"1\"\n{}", rules.collect::<String>());
    RuleSet::read(&file).unwrap().rules
}

fn main() {
    // `cargo test --all-targets` runs this too, and must not wait for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let (rules, more) = (RuleSet::builtin(), fifty_more());
    let as_of = date(2026, 1, 15);
    for (name, scenario) in [
        ("healthy account", include_str!("../scenarios/healthy.json")),
        ("many findings", include_str!("../scenarios/everything-missing.json")),
    ] {
        let facts = facts_of(scenario);
        let whole = median_us(|| {
            black_box(decide(black_box(&facts), &rules, as_of));
        });
        let digest = median_us(|| {
            black_box(facts_digest(black_box(&facts)));
        });
        let with_more = median_us(|| {
            black_box(decide(black_box(&facts), &more, as_of));
        });
        println!("decide, {name}: {whole:.2} µs, of which {digest:.2} µs are the facts digest");
        println!(
            "decide, {name}, fifty rules of a file more: {with_more:.2} µs, {:.2} µs for them",
            with_more - whole
        );
    }
}
