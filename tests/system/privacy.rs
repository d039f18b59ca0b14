//! Personal details and keys planted in every free-text field: none is in a log line at the loudest level, in a request to a
//! model, in the record of calls, in the audit, or in a trace.

use crate::harness::{House, stderr};
use crate::planted::{every_field, planted};
use crate::telemetry::Collector;
use serde_json::Value;

/// In every canary with letters, and in every one of digits.
const STEMS: [&str; 2] = ["zqxv", "990077"];
/// Canaries in one field.
const EACH: usize = 40;

/// Mails, phones, names, cards, bank accounts and keys, no two alike.
fn canary(number: usize) -> String {
    let n = format!("{number:05}");
    match number % 6 {
        0 => format!("zqxv.{n}@acme.example"),
        1 => format!("+49 990077 {n}"),
        2 => format!("Zqxv{n} Zqxvson"),
        3 => format!("4111990077{n}1"),
        4 => format!("DE8937990077{n}013"),
        _ => format!("sk-live-ZQXV{n}QZ7Xw2aB"),
    }
}

#[test]
fn of_ten_thousand_canaries_none_is_logged_asked_recorded_audited_or_traced() {
    let mut number = 0;
    let folder = planted(&every_field(), &mut || {
        let first = number;
        number += EACH;
        (first..number).map(canary).collect::<Vec<_>>().join(", ")
    });
    assert!(number >= 10_000, "{number}");
    let collector = Collector::start();
    let house = House::with_accounts(folder.path())
        .with("GANGWAY_ADVISER__PROVIDER", "openai")
        .with("RUST_LOG", "trace,hyper=trace,rmcp=trace,reqwest=trace,async_openai=trace")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    let ran = house.run(&["run-all", "--json"]);
    assert!(ran.status.success(), "{}", stderr(&ran));
    // Servers of their own process speak over a pipe; what they log comes out here as well.
    let mut piped = house.command(&["run", "ACME-001", "--json"]);
    for server in ["SALESFORCE", "CLM", "NETSUITE", "NOTIFY"] {
        piped.env(format!("GANGWAY_SERVERS__{server}"), "stdio");
    }
    let piped = piped.output().unwrap();
    assert!(piped.status.success(), "{}", stderr(&piped));

    clean("the log", &(stderr(&ran) + &stderr(&piped)), "DEBUG");
    clean("requests to the model", &house.vendors().get("/_simulator/llm/requests").to_string(), "findings");
    let calls = house.json(&["llm", "list", "--limit", "1000", "--json"]);
    clean("the record of calls", &calls.to_string(), "findings");
    let audit: Value = house.json(&["audit", "tail", "-n", "1000", "--json"]);
    clean("the audit", &audit.to_string(), "salesforce.get_onboarding_bundle");
    clean("the traces", &collector.received().concat(), "tool_call");
}

/// Nothing planted is in it; something that belongs there is, so it is not empty for another reason.
fn clean(what: &str, text: &str, expected: &str) {
    assert!(
        text.contains(expected),
        "{what} holds no {expected}: {}",
        text.chars().take(500).collect::<String>()
    );
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    for stem in STEMS {
        if let Some(at) = compact.find(stem) {
            let around: String =
                compact[..at].chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("{what} holds a planted detail: {around}{stem}");
        }
    }
}
