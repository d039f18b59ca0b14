//! How long one decision takes, the digest of its facts included: median over many batches, in microseconds.
//!
//! It judges nothing: the goal and the figure stand in the room's README.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its figure and may stop")]

#[path = "../tests/decision/burden.rs"]
mod burden;

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

fn main() {
    // `cargo test --all-targets` runs this too, and must not wait for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let (rules, more) = (RuleSet::builtin(), burden::fifty().rules);
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
    let large = burden::large(facts_of(include_str!("../scenarios/healthy.json")));
    let alone = once_ms(&large, &rules);
    println!("decide, a large account: {alone:.1} ms");
    for (labour, body) in burden::LABOURS {
        let whole = once_ms(&large, &burden::hard_labour(body));
        println!(
            "decide, a large account, 200 rules of which each {labour}: {:.1} ms for them",
            whole - alone
        );
    }
}

/// The fastest of a few, in milliseconds: what the machine does beside it is no part of the figure.
fn once_ms(facts: &Facts, rules: &RuleSet) -> f64 {
    let runs = (0..5).map(|_| {
        let begin = Instant::now();
        black_box(decide(black_box(facts), rules, date(2026, 1, 15)));
        begin.elapsed().as_secs_f64() * 1e3
    });
    runs.fold(f64::INFINITY, f64::min)
}
