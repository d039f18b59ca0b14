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

fn main() {
    // `cargo test --all-targets` runs this too, and must not wait for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let rules = RuleSet::builtin();
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
        println!("decide, {name}: {whole:.2} µs, of which {digest:.2} µs are the facts digest");
    }
}
