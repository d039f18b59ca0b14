//! A vendor that is down for everybody: its breaker opens, further runs are told so without asking it, and every one of
//! them is blocked with words a person can act on.

use crate::harness::House;
use serde_json::{Value, json};
use std::fs;

const ACCOUNTS: usize = 8;

/// One account after the other. The breaker stays open as long as the test runs, whatever the machine's speed.
fn house() -> House {
    let house = House::with_synthetic(ACCOUNTS as u32);
    fs::write(house.data_dir().with_file_name("gangway.toml"), "[limits.netsuite]\ncool_down_ms = 600000\n")
        .unwrap();
    let ids: Vec<String> = (1..=ACCOUNTS).map(|number| format!("SYN-{number:06}")).collect();
    fs::write(house.data_dir().with_file_name("ids.csv"), ids.join("\n")).unwrap();
    house
}

fn calls(house: &House, vendor: &str) -> u64 {
    let calls = house.vendors().get("/_simulator/calls");
    let operations = calls["operations"].as_array().unwrap().clone();
    let of_vendor = operations.iter().filter(|call| call["vendor"] == vendor && call["operation"] != "token");
    of_vendor.map(|call| call["count"].as_u64().unwrap()).sum()
}

#[test]
fn runs_behind_an_open_breaker_are_blocked_with_a_finding_that_says_so() {
    let house = house();
    house.vendors().fault(&json!({"vendor": "netsuite", "kind": "status", "status": 503}));
    let all = house.json(&["run-all", "--file", "ids.csv", "--in-flight", "1", "--json"]);
    let results = all["results"].as_array().unwrap();
    assert_eq!(results.len(), ACCOUNTS);
    let code = |result: &Value| result["api_errors"][0]["error_code"].clone();
    let behind: Vec<&Value> = results.iter().filter(|result| code(result) == "BREAKER_OPEN").collect();
    assert_eq!(behind.len(), ACCOUNTS - 2, "it opens while the third account is asked about: {all}");
    assert!(results.iter().all(|result| result["decision"] == "BLOCK"), "{all}");
    assert_eq!(calls(&house, "netsuite"), 4 + 4 + 2, "who came later asked NetSuite nothing");
    for answers in ["salesforce", "docusign"] {
        assert_eq!(calls(&house, answers), ACCOUNTS as u64, "{answers} was asked about everybody, once");
    }

    let error = &behind[1]["api_errors"][0];
    assert_eq!(
        (&error["system"], &error["error_type"]),
        (&json!("netsuite"), &json!("server_error")),
        "{error}"
    );
    assert_eq!(error["hides"], json!(["invoices"]), "{error}");
    assert!(error["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0), "{error}");
    let run_id = behind[1]["run_id"].as_str().unwrap();
    let run = house.json(&["runs", "show", run_id, "--json"]);
    let told = run.to_string();
    assert!(told.contains("netsuite failed too often") && told.contains("vendor's status page"), "{run}");
}

#[test]
fn a_vendor_that_is_back_is_asked_again_by_the_next_process() {
    let house = house();
    house.vendors().fault(&json!({"vendor": "netsuite", "kind": "status", "status": 503}));
    house.run(&["run-all", "--file", "ids.csv", "--in-flight", "1", "--json"]);
    house.vendors().heal();
    let all = house.json(&["run-all", "--file", "ids.csv", "--in-flight", "1", "--json"]);
    let results = all["results"].as_array().unwrap();
    assert!(results.iter().all(|result| result["decision"] == "PROCEED"), "{all}");
}
