//! Who acts: one name for each actor wherever it stands, and at the command line the rights of the key that is shown.

use crate::harness::{House, read_json, stderr};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Output;

/// A key for somebody with this role.
fn key(house: &House, name: &str, role: &str) -> String {
    let made = house.json(&["keys", "create", "--name", name, "--role", role, "--json"]);
    made["key"].as_str().unwrap().to_owned()
}

fn with_key(house: &House, key: &str, arguments: &[&str]) -> Output {
    house.command(arguments).env("GANGWAY_API_KEY", key).output().unwrap()
}

fn entries(house: &House, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["audit", "search", "--limit", "1000", "--json"], arguments].concat();
    house.json(&arguments)["entries"].as_array().unwrap().clone()
}

fn principal(entry: &Value) -> String {
    entry["record"]["principal"].as_str().unwrap().to_owned()
}

#[test]
fn each_actor_has_one_name_in_the_audit_and_is_found_by_it_and_by_its_bare_one() {
    let house = House::new().with("USER", "rita");
    let run = house.json(&["run", "ACME-001", "--json"]);
    let gamma = house.json(&["run", "GAMMA-003", "--json"]);
    let approver = key(&house, "Dana Kim", "approver");
    let approve = ["approvals", "approve", gamma["approval_id"].as_str().unwrap(), "--reason", "paid before"];
    assert!(with_key(&house, &approver, &approve).status.success());

    let of_run = entries(&house, &["--run", run["run_id"].as_str().unwrap()]);
    let named: BTreeSet<String> = of_run.iter().map(principal).collect();
    assert_eq!(
        named,
        ["agent:contract-agent", "agent:coordinator", "agent:finance-agent"].map(str::to_owned).into()
    );
    let whole = entries(&house, &["--who", "agent:coordinator"]);
    for tool in ["provision.create_tenant", "onboarding.decide", "grants.mint", "approvals.request"] {
        assert!(whole.iter().any(|entry| entry["record"]["tool"] == tool), "{tool}");
    }
    assert_eq!(entries(&house, &["--who", "coordinator"]), whole);
    let danas = entries(&house, &["--who", "person:Dana Kim"]);
    let acts: BTreeSet<&str> = danas.iter().map(|entry| entry["record"]["tool"].as_str().unwrap()).collect();
    assert_eq!(acts, ["approvals.decide", "keys.use"].into());
    for older in ["Dana Kim", "person Dana Kim"] {
        assert_eq!(entries(&house, &["--who", older]), danas, "{older}");
    }
    assert_eq!(principal(entries(&house, &["--tool", "keys.create"]).first().unwrap()), "person:rita");
}

#[test]
fn no_person_takes_the_name_of_an_agent() {
    let house = House::new();
    for name in ["agent:coordinator", "Coordinator", "process:service", "person Ada"] {
        let refused = house.run(&["keys", "create", "--name", name, "--role", "approver"]);
        assert!(!refused.status.success(), "{name}");
        assert!(stderr(&refused).contains("no person can be called"), "{name}: {}", stderr(&refused));
    }
    assert!(house.json(&["keys", "list", "--json"])["keys"].as_array().unwrap().is_empty());
}

#[test]
fn whoever_shows_a_key_may_at_the_command_line_what_its_roles_permit_and_no_more() {
    let house = House::new();
    let run = house.json(&["run", "ACME-001", "--json"]);
    let run_id = run["run_id"].as_str().unwrap();
    let (export, copy) = (house.data_dir().join("../audit.jsonl"), house.data_dir().join("../copy"));
    let (export, copy) = (export.to_str().unwrap(), copy.to_str().unwrap());
    let viewer = key(&house, "Vic", "viewer");
    let forbidden: [&[&str]; 10] = [
        &["audit", "tail"],
        &["audit", "search"],
        &["audit", "export", export],
        &["audit", "verify"],
        &["runs", "resume"],
        &["run", "STARTER-007"],
        &["monitor", "--once"],
        &["schedule", "run", "monitor"],
        &["outbox", "list"],
        &["backup", copy],
    ];
    for command in forbidden {
        let refused = with_key(&house, &viewer, command);
        assert!(!refused.status.success() && stderr(&refused).contains("Vic may not"), "{command:?}");
    }
    let permitted: [&[&str]; 6] = [
        &["runs", "list"],
        &["tasks", "list"],
        &["tenants", "list"],
        &["llm", "list"],
        &["schedule", "list"],
        &["replay"],
    ];
    for command in permitted {
        let done = with_key(&house, &viewer, command);
        assert!(done.status.success(), "{command:?}: {}", stderr(&done));
    }
    let show = ["runs", "show", run_id, "--json"];
    let seen = read_json(&show, &with_key(&house, &viewer, &show));
    assert_eq!(seen["facts"]["owner"]["email"], "[masked]");
    assert!(with_key(&house, &key(&house, "Eve", "auditor"), &["audit", "tail"]).status.success());
}

#[test]
fn backup_and_restore_are_on_record_under_the_person_of_the_key() {
    let house = House::new().with("USER", "root");
    house.json(&["run", "ACME-001", "--json"]);
    let (admin, viewer) = (key(&house, "Ada", "admin"), key(&house, "Vic", "viewer"));
    let copy = house.data_dir().with_file_name("copy");
    let copy = copy.to_str().unwrap();
    assert!(with_key(&house, &admin, &["backup", copy]).status.success());
    assert_eq!(
        entries(&house, &["--tool", "backup.make"]).iter().map(principal).collect::<Vec<_>>(),
        ["person:Ada"]
    );
    fs::remove_dir_all(house.data_dir()).unwrap();
    let refused = with_key(&house, &viewer, &["restore", copy]);
    assert!(!refused.status.success() && stderr(&refused).contains("Vic may not"), "{}", stderr(&refused));
    assert!(!house.data_dir().exists(), "nothing is left of a restore that was refused");
    let restored = with_key(&house, &admin, &["restore", copy]);
    assert!(restored.status.success(), "{}", stderr(&restored));
    let by = entries(&house, &["--tool", "backup.restore"]);
    assert_eq!(by.iter().map(principal).collect::<Vec<_>>(), ["person:Ada"]);
}
