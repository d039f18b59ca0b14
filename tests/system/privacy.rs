//! Personal details and keys planted in every free-text field: none is in a log line at the loudest level, in a request to a
//! model, in the record of calls, in the audit, or in a trace.

use crate::harness::{House, read_json, stderr};
use crate::planted::{File, every_field_of, planted_by_file};
use crate::telemetry::Collector;
use serde_json::Value;

/// In every canary with letters, and in every one of digits.
const STEMS: [&str; 2] = ["zqxv", "990077"];
/// Canaries in one field: more would not fit into the 80 characters of a text that are ever shown.
const EACH: usize = 3;
/// Accounts made up from the template, each with canaries of its own.
const ACCOUNTS: u32 = 120;

/// Mails, phones with a plus and in bare groups, names, cards, bank accounts and keys, no two alike.
fn canary(number: usize, file: File) -> String {
    let tag: String =
        format!("{number:03}").bytes().rev().take(3).map(|digit| char::from(digit + 49)).collect();
    let n = if file == File::Template { "{n6}".to_owned() } else { format!("{number:06}") };
    match number % 7 {
        0 => format!("zqxv.{tag}{n}@acme.example"),
        1 => format!("+49 990077 {n}"),
        2 => format!("Zqxv{tag}{n} Zqxvson"),
        3 => format!("4111990077{n}"),
        4 => format!("DE8937990077{n}13"),
        5 => format!("44 99 00 77 {n}"),
        _ => format!("sk-live-ZQXV{tag}{n}QZ7Xw2"),
    }
}

#[test]
fn of_ten_thousand_canaries_none_is_logged_asked_recorded_audited_or_traced() {
    let (mut number, mut planted) = (0, 0);
    let folder = planted_by_file(&every_field_of, &mut |file| {
        let first = number;
        number += EACH;
        planted += EACH * if file == File::Template { ACCOUNTS as usize } else { 1 };
        (first..number).map(|number| canary(number, file)).collect::<Vec<_>>().join(", ")
    });
    assert!(planted >= 10_000, "{planted}");
    let collector = Collector::start();
    let house = House::with_accounts_and_synthetic(folder.path(), ACCOUNTS)
        .with("GANGWAY_ADVISER__PROVIDER", "openai")
        .with("RUST_LOG", "trace,hyper=trace,rmcp=trace,reqwest=trace,async_openai=trace")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    let demo = house.run(&["run-all", "--json"]);
    let made_up = house.data_dir().with_file_name("made-up.csv");
    let ids: Vec<String> = (1..=ACCOUNTS).map(|number| format!("SYN-{number:06}")).collect();
    std::fs::write(&made_up, ids.join("\n")).unwrap();
    let ran = house.run(&["run-all", "--file", made_up.to_str().unwrap(), "--json"]);
    let runs = read_json(&["run-all"], &ran)["results"].as_array().unwrap().len();
    assert_eq!(runs, ACCOUNTS as usize);
    // Servers of their own process speak over a pipe; what they log comes out here as well.
    let mut piped = house.command(&["run", "ACME-001", "--json"]);
    for server in ["SALESFORCE", "CLM", "NETSUITE", "NOTIFY"] {
        piped.env(format!("GANGWAY_SERVERS__{server}"), "stdio");
    }
    let piped = piped.output().unwrap();
    assert!(piped.status.success(), "{}", stderr(&piped));

    clean("the log", &(stderr(&demo) + &stderr(&ran) + &stderr(&piped)), "DEBUG");
    clean("requests to the model", &house.vendors().get("/_simulator/llm/requests").to_string(), "findings");
    let calls = house.json(&["llm", "list", "--limit", "1000", "--json"]);
    clean("the record of calls", &calls.to_string(), "findings");
    let audit: Value = house.json(&["audit", "search", "--limit", "10000", "--json"]);
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
