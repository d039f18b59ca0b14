//! `gangway demo`: every demo account, decided as its file expects, with the effects its outcome calls for.

use crate::harness::{House, gangway, read_json, stderr};
use crate::serving::{Event, Serving};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn demo(folder: &std::path::Path) -> Value {
    let mut command = gangway(&["demo", "--json"]);
    command.env("GANGWAY_DATA_DIR", folder);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    read_json(&["demo", "--json"], &output)
}

#[test]
fn every_demo_account_is_decided_as_expected() {
    let folder = tempfile::tempdir().unwrap();
    let printed = demo(folder.path());
    assert_eq!((&printed["matched"], &printed["total"]), (&Value::from(15), &Value::from(15)));
    let expected = [
        ("ACME-001", "PROCEED"),
        ("BETA-002", "BLOCK"),
        ("GAMMA-003", "ESCALATE"),
        ("DELETED-004", "BLOCK"),
        ("MISSING-999", "BLOCK"),
        ("FOREX-005", "ESCALATE"),
        ("PARTIAL-006", "ESCALATE"),
        ("STARTER-007", "PROCEED"),
        ("GROWTH-008", "PROCEED"),
        ("ENTERPRISE-009", "PROCEED"),
        ("AUTH-ERROR", "BLOCK"),
        ("PERM-ERROR", "BLOCK"),
        ("VALIDATION-ERROR", "BLOCK"),
        ("RATE-ERROR", "BLOCK"),
        ("SERVER-ERROR", "BLOCK"),
    ];
    let decided: BTreeMap<&str, &str> = printed["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["account_id"].as_str().unwrap(), row["decision"].as_str().unwrap()))
        .collect();
    assert_eq!(decided, BTreeMap::from(expected));
    for row in printed["results"].as_array().unwrap() {
        let proceeds = row["decision"] == "PROCEED";
        assert_eq!(row["tenant_id"].is_string(), proceeds, "{row}");
        assert!(row["reports"].as_array().unwrap().len() >= 3, "{row}");
        for report in row["reports"].as_array().unwrap() {
            assert!(std::path::Path::new(report.as_str().unwrap()).is_file(), "{report}");
        }
    }
}

#[test]
fn error_accounts_block_by_their_vendors_fault_alone() {
    let folder = tempfile::tempdir().unwrap();
    let printed = demo(folder.path());
    let wanted = [
        ("AUTH-ERROR", "authentication", "IT/DevOps"),
        ("PERM-ERROR", "authorization", "System Admin"),
        ("VALIDATION-ERROR", "validation", "Data Admin"),
        ("RATE-ERROR", "rate_limit", "Integration Admin"),
        ("SERVER-ERROR", "server_error", "Support Team"),
    ];
    for (account, error_type, owner) in wanted {
        let row =
            printed["results"].as_array().unwrap().iter().find(|row| row["account_id"] == account).unwrap();
        let errors = row["api_errors"].as_array().unwrap();
        let systems = if account == "VALIDATION-ERROR" { 1 } else { 3 };
        assert_eq!(errors.len(), systems, "{account}: {errors:?}");
        for error in errors {
            assert_eq!(
                (&error["error_type"], &error["owner"]),
                (&Value::from(error_type), &Value::from(owner)),
                "{error}"
            );
            assert!(!error["resolution"].as_str().unwrap().is_empty());
        }
        assert_eq!(row["rules"].as_array().unwrap().len(), 0, "{row}");
    }
}

#[test]
fn a_proceeding_account_gets_its_effects_once() {
    let house = House::new();
    let run = house.json(&["run", "ACME-001", "--json"]);
    assert_eq!(run["state"], "completed", "{run}");
    let vendors = house.vendors();
    let run_id = run["run_id"].as_str().unwrap();
    let correlation = run["request"]["correlation_id"].as_str().unwrap();
    assert_eq!(vendors.count("slack_message", correlation), 1);
    assert_eq!(vendors.count("mail", correlation), 3);
    assert_eq!(vendors.count("crm_update", run_id), 1);
    let tasks = house.json(&["tasks", "list", "--account", "ACME-001", "--json"]);
    assert_eq!(tasks["tasks"].as_array().unwrap().len(), 14);
    let done = tasks["tasks"].as_array().unwrap().iter().filter(|task| task["status"] == "completed").count();
    assert_eq!(done, 4, "T001 to T004 are done by the run itself");
}

#[test]
fn a_blocked_account_gets_no_tenant_and_its_people_are_told() {
    let house = House::new();
    let run = house.json(&["run", "BETA-002", "--json"]);
    assert_eq!((&run["state"], &run["tenant"]), (&Value::from("blocked"), &Value::Null));
    let correlation = run["request"]["correlation_id"].as_str().unwrap();
    let told: Vec<String> = house
        .vendors()
        .effects()
        .iter()
        .filter(|effect| effect["kind"] == "slack_message" && effect.to_string().contains(correlation))
        .map(|effect| effect["target"].as_str().unwrap().trim_start_matches('#').to_owned())
        .collect();
    assert!(told.contains(&"cs-onboarding-alerts".to_owned()), "{told:?}");
    assert!(told.contains(&"finance-alerts".to_owned()), "its invoice is overdue: {told:?}");
    assert_eq!(house.vendors().count("mail", correlation), 1);
    assert_eq!(house.json(&["tenants", "list", "--json"])["tenants"].as_array().unwrap().len(), 0);
}

#[test]
fn the_same_correlation_id_gives_the_same_run_and_no_second_effect() {
    let house = House::new();
    let first = house.json(&["run", "STARTER-007", "--correlation-id", "deal-42", "--json"]);
    let again = house.json(&["run", "STARTER-007", "--correlation-id", "deal-42", "--json"]);
    assert_eq!(first["run_id"], again["run_id"]);
    assert_eq!(house.vendors().count("mail", "deal-42"), 3);
    let other = house.run(&["run", "ACME-001", "--correlation-id", "deal-42"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(
        stderr(&other).contains("deal-42") && stderr(&other).contains("STARTER-007"),
        "{}",
        stderr(&other)
    );
}

#[test]
fn a_second_run_of_a_customer_returns_its_tenant() {
    let house = House::new();
    let first = house.json(&["run", "GROWTH-008", "--json"]);
    let second = house.json(&["run", "GROWTH-008", "--json"]);
    assert_ne!(first["run_id"], second["run_id"]);
    assert_eq!(first["tenant"]["tenant_id"], second["tenant"]["tenant_id"]);
    assert_eq!(house.json(&["tenants", "list", "--json"])["tenants"].as_array().unwrap().len(), 1);
}

#[test]
fn the_demos_own_key_decides_on_what_the_demos_controls_asked_for() {
    let house = House::new();
    let service = Serving::start(&house, &[]);
    assert_eq!(service.post("/demo/run/GAMMA-003", &Event::new("")).status, 200);
    let remarks = std::fs::read_to_string(house.data_dir().with_file_name("remarks")).unwrap();
    let key = remarks.split("shown once: ").nth(1).unwrap().lines().next().unwrap();
    let waiting = house.json(&["approvals", "list", "--json"]);
    let id = waiting["approvals"][0]["approval_id"].as_str().unwrap();
    let yes = json!({"verdict": "approve", "reason": "looks right"}).to_string();
    let decision = Event::new(&yes).header("authorization", &format!("Bearer {key}"));
    let decided = service.post(&format!("/api/approvals/{id}/decision"), &decision).json();
    assert_eq!(decided["approval"]["decided_by"], "demo", "{decided}");
    assert_eq!(service.stop(), Some(0));
}
