//! The audit from outside: exported, verified without us, tampered with, cut, restored, searched; and who acted is in it.

use crate::harness::{House, gangway, read_json, stderr};
use crate::serving::{Event, Serving};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Output;

/// Export, checkpoints and key in a folder of their own, as an auditor has them.
fn handed_over(house: &House, name: &str) -> std::path::PathBuf {
    let folder = house.data_dir().with_file_name(name);
    fs::create_dir(&folder).unwrap();
    let export = folder.join("audit.jsonl");
    house.json(&["audit", "export", export.to_str().unwrap(), "--json"]);
    let key = house.run(&["audit", "key"]);
    fs::write(folder.join("key.pem"), key.stdout).unwrap();
    let checkpoints = house.data_dir().with_file_name("data.checkpoints").join("audit-checkpoints.jsonl");
    fs::copy(checkpoints, folder.join("checkpoints.jsonl")).unwrap();
    folder
}

fn verify(folder: &Path) -> Output {
    let arguments =
        ["audit", "verify", "audit.jsonl", "--checkpoints", "checkpoints.jsonl", "--public-key", "key.pem"];
    gangway(&arguments).current_dir(folder).output().unwrap()
}

fn says(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn an_auditor_verifies_an_export_with_three_files_and_finds_what_was_done_to_it() {
    let house = House::new();
    house.json(&["run", "ACME-001", "--json"]);
    let folder = handed_over(&house, "auditor");
    let good = verify(&folder);
    assert!(good.status.success() && says(&good).contains("unbroken"), "{}{}", says(&good), stderr(&good));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3, "nothing was made there");

    let export = folder.join("audit.jsonl");
    let whole = fs::read_to_string(&export).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let edited = whole.replacen("\"agent:coordinator\"", "\"agent:somebody\"", 1);
    let removed: String =
        lines.iter().enumerate().filter(|(at, _)| *at != 4).map(|(_, line)| format!("{line}\n")).collect();
    let cut: String = lines[..lines.len() - 3].iter().map(|line| format!("{line}\n")).collect();
    for (tampered, word) in [(edited, "was altered"), (removed, "entry 4 is missing"), (cut, "cut off")] {
        fs::write(&export, tampered).unwrap();
        let found = verify(&folder);
        assert_eq!(found.status.code(), Some(1), "{word}");
        assert!(says(&found).contains(word), "{word}: {}", says(&found));
    }
}

#[test]
fn checkpoints_that_were_taken_away_are_found_and_no_command_signs_a_new_beginning() {
    let house = House::new();
    house.json(&["run", "ACME-001", "--json"]);
    let kept = house.data_dir().with_file_name("data.checkpoints").join("audit-checkpoints.jsonl");
    let away = kept.with_extension("away");
    let nowhere = house.run(&["audit", "verify", "--checkpoints", "nothere.jsonl"]);
    assert!(
        nowhere.status.code() == Some(1) && says(&nowhere).contains("no checkpoints"),
        "{}",
        says(&nowhere)
    );
    assert!(house.run(&["audit", "verify"]).status.success());

    fs::rename(&kept, &away).unwrap();
    for _ in 0..2 {
        let found = house.run(&["audit", "verify"]);
        assert!(
            found.status.code() == Some(1) && says(&found).contains("no checkpoints"),
            "{}",
            says(&found)
        );
        let ran = house.run(&["run", "STARTER-007", "--json"]);
        assert!(stderr(&ran).contains("was signed and is not in"), "{}", stderr(&ran));
    }
    let signed_anew = fs::read_to_string(&kept).unwrap_or_default();
    assert_eq!(signed_anew, "");
    fs::rename(&away, &kept).unwrap();
    house.json(&["run", "GAMMA-003", "--json"]);
    let found = house.run(&["audit", "verify"]);
    assert!(found.status.success(), "put back, all is well: {}", says(&found));
}

#[test]
fn a_rolled_back_database_is_found_and_a_restore_is_told() {
    let house = House::new();
    house.json(&["run", "ACME-001", "--json"]);
    let (data, aside) = (house.data_dir(), house.data_dir().with_file_name("aside"));
    let backup = house.data_dir().with_file_name("backup");
    house.json(&["backup", backup.to_str().unwrap(), "--json"]);
    house.json(&["run", "STARTER-007", "--json"]);
    let sound = house.json(&["audit", "verify", "--json"]);
    assert_eq!((&sound["whole"], &sound["unsealed_entries"]), (&true.into(), &0.into()), "{sound}");

    // By hand, without a word.
    fs::rename(&data, &aside).unwrap();
    fs::create_dir(&data).unwrap();
    for file in ["gangway.db", "audit.key", "grant.key"] {
        fs::copy(backup.join(file), data.join(file)).unwrap();
    }
    let found = house.run(&["audit", "verify"]);
    assert!(found.status.code() == Some(1) && says(&found).contains("were cut off"), "{}", says(&found));

    // By gangway restore.
    fs::remove_dir_all(&data).unwrap();
    assert!(house.run(&["restore", backup.to_str().unwrap()]).status.success());
    let told = house.run(&["audit", "verify"]);
    assert!(told.status.success() && says(&told).contains("given up"), "{}{}", says(&told), stderr(&told));
    let restores = house.json(&["audit", "search", "--tool", "backup.restore", "--json"]);
    assert_eq!(restores["entries"].as_array().unwrap().len(), 1, "{restores}");
}

#[test]
fn an_export_made_after_a_restore_is_whole_and_one_of_before_says_what_became_of_it() {
    let house = House::new();
    house.json(&["run", "ACME-001", "--json"]);
    let backup = house.data_dir().with_file_name("backup");
    house.json(&["backup", backup.to_str().unwrap(), "--json"]);
    house.json(&["run", "STARTER-007", "--json"]);
    let before = handed_over(&house, "before");
    assert!(verify(&before).status.success());

    fs::remove_dir_all(house.data_dir()).unwrap();
    assert!(house.run(&["restore", backup.to_str().unwrap()]).status.success());
    for (name, account) in [("at once", None), ("later", Some("GAMMA-003"))] {
        if let Some(account) = account {
            house.json(&["run", account, "--json"]);
        }
        let after = handed_over(&house, name);
        let good = verify(&after);
        let told = says(&good);
        assert!(good.status.success() && told.contains("unbroken") && told.contains("given up"), "{told}");
        assert!(told.contains("; 0 entries after it"), "its end is sealed: {told}");
        // The export of before, against the checkpoints of now.
        fs::copy(after.join("checkpoints.jsonl"), before.join("checkpoints.jsonl")).unwrap();
        let old = verify(&before);
        let told = says(&old);
        assert_eq!(old.status.code(), Some(1), "{told}");
        assert!(told.contains("which a restore made void") && told.matches("WRONG").count() == 1, "{told}");
    }
}

#[test]
fn decisions_grants_approvals_and_refused_keys_are_found_by_searching() {
    let house = House::new();
    let run = house.json(&["run", "ACME-001", "--correlation-id", "cor-search", "--json"]);
    house.json(&["run", "GAMMA-003", "--json"]);
    let tools = |arguments: &[&str]| -> Vec<String> {
        let arguments = [&["audit", "search", "--json"], arguments].concat();
        let found = house.json(&arguments);
        let entries = found["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["record"]["tool"].as_str().unwrap().to_owned()).collect()
    };
    let of_run = tools(&["--correlation-id", "cor-search", "--outcome", "ok"]);
    for act in ["onboarding.decide", "grants.mint", "provision.create_tenant"] {
        assert!(of_run.iter().any(|tool| tool == act), "{act}: {of_run:?}");
    }
    assert_eq!(tools(&["--account", "GAMMA-003", "--tool", "approvals.request"]).len(), 1);
    assert!(tools(&["--account", "ACME-001", "--tool", "approvals.request"]).is_empty());
    let run_id = run["run_id"].as_str().unwrap();
    assert!(tools(&["--run", run_id, "--text", "PROCEED"]).contains(&"onboarding.decide".to_owned()));
    let decided = house.json(&["audit", "search", "--tool", "onboarding.decide", "--run", run_id, "--json"]);
    assert!(decided["entries"][0]["record"]["rule_set"]["digest"].is_string(), "{decided}");

    let mut stranger = house.command(&["approvals", "list", "--json"]);
    let refused = stranger.env("GANGWAY_API_KEY", "gwk_000000000000_00").output().unwrap();
    assert!(!refused.status.success() || !says(&refused).is_empty());
    let mut reject = house.command(&["keys", "list", "--json"]);
    let refused = reject.env("GANGWAY_API_KEY", "gwk_000000000000_00").output().unwrap();
    assert!(!refused.status.success(), "{}", says(&refused));
    assert!(tools(&["--outcome", "refused"]).contains(&"keys.use".to_owned()));

    let page: Value = house.json(&["audit", "search", "--limit", "2", "--json"]);
    let next = page["next"].as_u64().unwrap().to_string();
    let older = read_json(&[], &house.run(&["audit", "search", "--limit", "2", "--before", &next, "--json"]));
    assert!(older["entries"][0]["seq"].as_u64().unwrap() < page["entries"][1]["seq"].as_u64().unwrap());
}

#[test]
fn the_demos_random_errors_are_on_record_before_and_after_they_are_switched() {
    let house = House::new();
    let service = Serving::start(&house, &[]);
    let switch =
        |to: &str, body: &str| service.post(&format!("/demo/{to}-random-errors"), &Event::new(body)).status;
    assert_eq!(switch("enable", r#"{"rate":0.5,"seed":3}"#), 200);
    assert_eq!(switch("enable", r#"{"rate":0.9}"#), 400, "what is refused changes nothing");
    assert_eq!(switch("disable", ""), 200);
    let found = house.json(&["audit", "search", "--tool", "demo.random_errors", "--json"]);
    let newest_first = found["entries"].as_array().unwrap();
    let told: Vec<_> = newest_first
        .iter()
        .rev()
        .map(|entry| (entry["record"]["moment"].clone(), entry["record"]["arguments"].clone()))
        .collect();
    let (off, on) = (Value::Null, json!({ "rate": "0.5", "seed": 3 }));
    let switched = [json!({ "before": off, "after": on }), json!({ "before": on, "after": off })];
    let expected: Vec<_> = switched
        .into_iter()
        .flat_map(|change| [(json!("intent"), change.clone()), (json!("outcome"), change)])
        .collect();
    assert_eq!(told, expected, "{found}");
}
