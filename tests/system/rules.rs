//! Rules through the real binary: every stored run decides again to the same bytes, a candidate is tried before it
//! counts, and who put it in force stands in the audit.

use crate::harness::{House, stderr};
use serde_json::Value;
use std::process::Output;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/rules.toml");

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(output)))
}

#[test]
fn every_demo_account_decides_again_to_the_same_bytes_whatever_rules_it_had() {
    let house = House::new().with("USER", "ada");
    assert!(house.run(&["run-all", "--json"]).status.success());
    let candidate = json(&house.run(&["replay", "--rules", EXAMPLE, "--json"]));
    assert_eq!(candidate["replayed"], 15);
    let changed = candidate["runs"].as_array().unwrap();
    let large = changed.iter().find(|run| run["account_id"] == "ENTERPRISE-009").unwrap();
    assert_eq!(large["difference"]["outcome_after"], "ESCALATE", "{large}");
    assert_eq!(large["difference"]["fires_now"][0], "NWC-001");

    let activated = json(&house.run(&["rules", "activate", EXAMPLE, "--json"]));
    let digest = activated["in_force"]["live"].as_str().unwrap().to_owned();
    let run = json(&house.run(&["run", "DELETED-004", "--json"]));
    assert_eq!(run["versions"]["rule_set"]["digest"], digest.as_str(), "{run}");

    let own = house.run(&["replay", "--json"]);
    assert!(own.status.success(), "{}", stderr(&own));
    let own = json(&own);
    assert_eq!((&own["replayed"], &own["same"]), (&Value::from(16), &Value::from(16)), "{own}");

    assert!(house.run(&["rules", "rollback"]).status.success());
    let status = json(&house.run(&["rules", "status", "--json"]));
    assert_eq!(status["in_force"]["live"], Value::Null);
    let audit = json(&house.run(&["audit", "tail", "-n", "1", "--json"]));
    let newest = &audit["entries"][0]["record"];
    assert_eq!(
        (&newest["tool"], &newest["principal"]),
        (&Value::from("rules.rollback"), &Value::from("ada"))
    );
}

#[test]
fn a_faulty_file_is_refused_with_its_lines_and_changes_nothing() {
    let house = House::new().with("USER", "ada");
    let file = house.data_dir().with_extension("toml");
    std::fs::write(&file, "id = \"t\"\nversion = \"1\"\n[severity]\n\"ACC-001\" = \"warning\"\n").unwrap();
    for command in [&["rules", "check"][..], &["rules", "activate"], &["rules", "shadow"]] {
        let output = house.run(&[command, &[file.to_str().unwrap()]].concat());
        assert!(!output.status.success());
        assert!(stderr(&output).contains(":4:13: ACC-001: must stay a violation"), "{}", stderr(&output));
    }
    assert!(!house.data_dir().join("gangway.db").exists());
}
