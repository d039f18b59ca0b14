//! Rules through the real binary: every stored run decides again to the same bytes, a candidate is tried before it
//! counts, and who put it in force stands in the audit.

use crate::harness::{House, stderr};
use gangway_store::{Store, copy_database};
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

    let explained = house.json(&["rules", "explain", "NWC-001", "--json"]);
    assert_eq!(explained["rule"]["id"], "NWC-001", "what is in force is explained");
    let listed = house.json(&["rules", "list", "--json"]);
    assert_eq!(listed["rule_set"]["digest"], digest.as_str());

    let own = house.run(&["replay", "--json"]);
    assert!(own.status.success(), "{}", stderr(&own));
    let own = json(&own);
    assert_eq!((&own["replayed"], &own["same"]), (&Value::from(16), &Value::from(16)), "{own}");

    assert!(house.run(&["rules", "rollback"]).status.success());
    let status = json(&house.run(&["rules", "status", "--json"]));
    assert_eq!(status["in_force"]["live"], Value::Null);
    assert_eq!(house.json(&["rules", "list", "--json"])["rule_set"]["id"], "builtin");
    let audit = json(&house.run(&["audit", "tail", "-n", "1", "--json"]));
    let newest = &audit["entries"][0]["record"];
    assert_eq!(
        (&newest["tool"], &newest["principal"]),
        (&Value::from("rules.rollback"), &Value::from("person:ada"))
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

/// Leaves no decision to proceed readable. Two places of each are altered, because one of them may lie across two pages.
fn mistype_every_proceed(house: &House) {
    let (database, copy) = (house.data_dir().join("gangway.db"), house.data_dir().join("copy.db"));
    copy_database(&house.data_dir(), &copy).unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    for (written, unreadable) in
        [(r#""outcome":"PROCEED""#, r#""outcome":"PROCEDE""#), (r#""violations":[]"#, r#""violations":{}"#)]
    {
        for at in 0..bytes.len() - written.len() {
            if bytes[at..].starts_with(written.as_bytes()) {
                bytes[at..at + written.len()].copy_from_slice(unreadable.as_bytes());
            }
        }
    }
    std::fs::write(&copy, bytes).unwrap();
    std::fs::rename(&copy, &database).unwrap();
    for beside in ["gangway.db-wal", "gangway.db-shm"] {
        let _ = std::fs::remove_file(house.data_dir().join(beside));
    }
}

#[test]
fn a_run_that_cannot_be_read_is_named_and_the_others_are_decided_again() {
    let house = House::new().with("USER", "ada");
    for account in ["ACME-001", "DELETED-004"] {
        house.run(&["run", account, "--json"]);
    }
    mistype_every_proceed(&house);
    for replay in [&["replay", "--json"][..], &["replay", "--json", "--rules", EXAMPLE]] {
        let output = house.run(replay);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let told = json(&output);
        assert_eq!((&told["replayed"], &told["failed"]), (&Value::from(2), &Value::from(1)), "{told}");
        let failed = told["runs"].as_array().unwrap().iter().find(|run| run["account_id"] == "ACME-001");
        let why = failed.unwrap()["why"].as_str().unwrap();
        assert!(why.contains("what is stored of this run cannot be read: "), "{why}");
    }
}

#[tokio::test]
async fn whoever_may_not_activate_rules_leaves_none_behind() {
    let house = House::new().with("USER", "ada");
    let made = house.json(&["keys", "create", "--name", "Vic", "--role", "viewer", "--json"]);
    let digest = house.json(&["rules", "check", EXAMPLE, "--json"])["rule_set"]["digest"].clone();
    let mut command = house.command(&["rules", "activate", EXAMPLE]);
    let refused = command.env("GANGWAY_API_KEY", made["key"].as_str().unwrap()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    let store = Store::open(&house.data_dir()).unwrap();
    assert!(store.rules().get(digest.as_str().unwrap()).await.unwrap().is_none());
    store.close().await;
}

/// Rules that are judged on complete accounts and on none of those they are run on here.
const HOSTILE: &str = r#"
id = "hostile"
version = "1"

[[rule]]
id = "NWC-901"
domain = "finance"
severity = "warning"
when = "opportunity.amount.minor / (opportunity.amount.minor - 25000000) > 1000"
message = "Divides by what a deal is beyond 250,000."
owner = "Finance"
resolution = "Mend the rule"

[[rule]]
id = "NWC-902"
domain = "contract"
severity = "warning"
when = "contract.expiry_date < '2000-01-01'"
message = "Reads what a draft lacks."
owner = "Legal"
resolution = "Mend the rule"

[[rule]]
id = "NWC-903"
domain = "contract"
severity = "warning"
when = "contract.tier == 'Growth' ? [1, 'x'].exists(v, v > 'y') : false"
message = "Compares a number with text."
owner = "Legal"
resolution = "Mend the rule"

[[rule]]
id = "NWC-904"
domain = "invoice"
severity = "warning"
when = "!invoices.all(i, invoices.all(j, i.id + j.id != 'x'))"
message = "Walks every invoice for every invoice."
owner = "Finance"
resolution = "Mend the rule"
"#;

#[test]
fn a_rule_that_cannot_be_judged_stops_no_run_and_blocks_it_by_name() {
    let house = House::new().with("USER", "ada");
    let file = house.data_dir().with_extension("toml");
    std::fs::write(&file, HOSTILE).unwrap();
    let file = file.to_str().unwrap();
    let check = house.run(&["rules", "check", file]);
    assert!(check.status.success(), "{}", stderr(&check));
    let said = String::from_utf8(check.stdout).unwrap();
    assert!(said.contains("NWC-902: on an account"), "{said}");
    let mut long = house.vendors().get("/_simulator/accounts/STARTER-007");
    let invoices = long["netsuite"]["invoice"].as_array_mut().unwrap();
    let first = invoices[0].clone();
    for number in 1..200 {
        let mut invoice = first.clone();
        invoice["id"] = format!("70{number:03}").into();
        invoice["tranId"] = format!("INV-LONG-{number}").into();
        invoice["externalId"] = format!("STARTER-007-INV-{number}").into();
        invoices.push(invoice);
    }
    house.vendors().put("/_simulator/accounts/STARTER-007", &long);
    assert!(house.run(&["rules", "activate", file]).status.success());
    for (account, rule, why) in [
        ("ENTERPRISE-009", "NWC-901", "it divides by zero"),
        ("BETA-002", "NWC-902", "contract.expiry_date is missing"),
        ("GROWTH-008", "NWC-903", "> does not work on a number and text"),
        ("STARTER-007", "NWC-904", "steps"),
    ] {
        let run = json(&house.run(&["run", account, "--json"]));
        assert_eq!(run["state"], "blocked", "{account}: {run}");
        let violations = run["decision"]["violations"].as_array().unwrap();
        let named = violations.iter().find(|finding| finding["rule"] == rule);
        let message = named.and_then(|finding| finding["message"].as_str()).unwrap_or_default();
        assert!(message.contains(why), "{account}: {violations:?}");
        assert_eq!(run["tenant_id"], Value::Null);
    }
    let own = json(&house.run(&["replay", "--json"]));
    assert_eq!((&own["replayed"], &own["same"]), (&Value::from(4), &Value::from(4)), "{own}");
}
