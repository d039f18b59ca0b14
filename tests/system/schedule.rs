//! Jobs of the service, fired by hand and through a running service; backup while it runs, and what a restore repeats.

use crate::harness::{House, stderr};
use crate::served::send;
use crate::serving::{Event, Serving, post};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn fire(house: &House, job: &str) -> Value {
    let end = house.json(&["schedule", "run", job, "--json"])["end"].take();
    assert_eq!(end["error"], Value::Null, "{end}");
    end["report"].clone()
}

/// How many runs each account has.
fn runs(house: &House) -> Vec<Value> {
    house.json(&["runs", "list", "--limit", "1000", "--json"])["runs"].as_array().unwrap().clone()
}

fn polling() -> House {
    House::new()
        .with("GANGWAY_SCHEDULE__WON_DEALS", "every 1h")
        .with("GANGWAY_WON_DEALS__FIRST_LOOK_DAYS", "36500")
        .with("GANGWAY_WON_DEALS__OLDEST_CLOSE_DAYS", "36500")
}

#[test]
fn each_won_deal_becomes_one_run_however_often_and_by_whom_it_is_seen() {
    let house = polling();
    house.json(&["run", "ACME-001", "--correlation-id", "by-hand", "--json"]);
    let first = fire(&house, "won_deals");
    assert!(first["started"].as_u64().unwrap() >= 2, "{first}");
    assert!(first["known"].as_u64().unwrap() >= 1, "the deal run by hand is not run again: {first}");
    let after_first = runs(&house);
    let messages = house.vendors().effects().len();
    let second = fire(&house, "won_deals");
    assert_eq!(second["started"], 0, "{second}");
    assert_eq!(second["seen"], second["known"], "{second}");
    assert_eq!(runs(&house).len(), after_first.len());
    assert_eq!(house.vendors().effects().len(), messages);
    let acme = after_first.iter().filter(|run| run["account_id"] == "ACME-001").count();
    assert_eq!(acme, 1, "{after_first:?}");
}

#[test]
fn a_job_that_is_off_and_one_that_does_not_exist_are_refused() {
    let house = House::new();
    let off = house.run(&["schedule", "run", "won_deals"]);
    assert!(!off.status.success() && stderr(&off).contains("schedule.won_deals"), "{}", stderr(&off));
    let unknown = house.run(&["schedule", "run", "tea"]);
    assert!(stderr(&unknown).contains("one of monitor"), "{}", stderr(&unknown));
    let bad = house
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .env("GANGWAY_SCHEDULE__MONITOR", "often")
        .output();
    assert!(stderr(&bad.unwrap()).contains("schedule.monitor"));
}

#[test]
fn a_job_asked_for_beside_a_running_service_is_run_by_the_service() {
    let house = House::new();
    house.json(&["run", "BETA-002", "--json"]);
    let before = house.vendors().effects().len();
    let serving = Serving::start(&house, &[]);
    let watched = fire(&house, "contracts");
    assert_eq!(watched["watched"], 1, "{watched}");
    let reminded = house.vendors().effects().len();
    let again = fire(&house, "contracts");
    assert_eq!(again["reminded"], 0, "{again}");
    assert_eq!(
        house.vendors().effects().len(),
        reminded,
        "a second look reminds nobody again; {before} before"
    );
    fire(&house, "monitor");
    drop(serving);
    fire(&house, "contracts");
    assert_eq!(house.vendors().effects().len(), reminded, "nor does another process");
    let listed = house.json(&["schedule", "list", "--json"]);
    let contracts = listed["jobs"].as_array().unwrap().iter().find(|job| job["job"] == "contracts").unwrap();
    assert_eq!(contracts["last"]["report"]["watched"], 1, "{listed}");
}

#[test]
fn refused_credentials_page_the_person_on_call_once_while_it_lasts() {
    let house = House::new();
    let serving = Serving::start(&house, &[]);
    assert_eq!(fire(&house, "alarms")["alarms"], json!([]), "all is well");
    house.vendors().fault(&json!({"vendor": "netsuite", "kind": "status", "status": 401}));
    for account in ["ACME-001", "BETA-002", "GAMMA-003"] {
        serving.post(&format!("/demo/run/{account}"), &Event::new(""));
    }
    let told = fire(&house, "alarms");
    assert_eq!(told["alarms"][0]["alarm"], "gangway/authentication/netsuite", "{told}");
    fire(&house, "alarms");
    let effects = house.vendors().effects();
    let pages: Vec<&str> = effects
        .iter()
        .filter(|effect| effect["kind"] == "page")
        .filter_map(|effect| effect["detail"]["dedup_key"].as_str())
        .collect();
    // The key holds the hour: two, if one ended between the looks.
    let hours: std::collections::BTreeSet<&str> = pages.iter().copied().collect();
    assert!(!pages.is_empty() && pages.len() == hours.len(), "{effects:?}");
}

#[test]
fn a_message_that_nobody_will_repeat_pages_the_person_on_call() {
    let house = House::new();
    let policy = house.data_dir().with_file_name("policy.toml");
    std::fs::write(&policy, "[[deny]]\nwho = [\"agent:coordinator\"]\ntools = [\"notify.post_message\"]\n")
        .unwrap();
    let house = house.with("GANGWAY_ACCESS__POLICY", policy.to_str().unwrap());
    house.run(&["run", "ACME-001"]);
    let told = fire(&house, "alarms");
    assert_eq!(told["alarms"], json!([{ "alarm": "gangway/undone", "page": "sent" }]), "{told}");
    assert_eq!(house.vendors().count("page", "ACME-001, slack_success (NOT_PERMITTED)"), 1);
}

#[test]
fn an_audit_that_cannot_be_sealed_pages_the_person_on_call_and_shows_at_readyz() {
    let house = House::new();
    let no_folder = house.data_dir().with_file_name("no-folder");
    std::fs::write(&no_folder, "a file where the second place should be").unwrap();
    let house = house.with("GANGWAY_AUDIT__CHECKPOINT_DIR", no_folder.to_str().unwrap());
    let serving = Serving::start(&house, &[]);
    let sealed = house.run(&["schedule", "run", "audit"]);
    assert!(!sealed.status.success(), "{}", stderr(&sealed));
    let told = fire(&house, "alarms");
    assert_eq!(told["alarms"], json!([{ "alarm": "gangway/audit", "page": "sent" }]), "{told}");
    let ready = || send(&serving.url("/readyz"), None, None, &[]).unwrap();
    assert_eq!(ready().status, 200, "the work goes on");
    assert!(ready().json()["audit"].as_str().unwrap().starts_with("not sealed"));

    std::fs::remove_file(&no_folder).unwrap();
    fire(&house, "audit");
    assert_eq!(fire(&house, "alarms")["alarms"], json!([]), "mended");
    assert_eq!(ready().json()["audit"], "sealed");
}

#[test]
fn a_day_of_salesforce_calls_that_runs_out_pages_the_person_on_call() {
    // Every call is more than nothing of the simulated org's five million.
    let house = House::new().with("GANGWAY_LIMITS__SALESFORCE__DAY_ALARM_PERCENT", "0");
    let serving = Serving::start(&house, &[]);
    assert_eq!(fire(&house, "alarms")["alarms"], json!([]), "nothing was heard of the day yet");
    serving.post("/demo/run/ACME-001", &Event::new(""));
    serving.wait_for_remark("the day's calls run out");
    let told = fire(&house, "alarms");
    assert_eq!(told["alarms"], json!([{ "alarm": "gangway/day/salesforce", "page": "sent" }]), "{told}");
    assert_eq!(house.vendors().count("page", "of the 5000000 calls salesforce allows in 24 hours"), 1);
}

fn restored(house: &House, backup: &Path) -> PathBuf {
    let folder = house.data_dir().with_file_name("restored");
    let output = house
        .command(&["restore", backup.to_str().unwrap(), "--data-dir", folder.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    folder
}

#[test]
fn a_backup_made_while_the_service_runs_can_be_restored_and_repeats_nothing() {
    let house = House::new();
    house.json(&["run", "ACME-001", "--json"]);
    let mut crash = house.command(&["run", "STARTER-007"]);
    crash.env("GANGWAY_CRASH_AT", "step.effect:assess").output().unwrap();
    let backup = house.data_dir().with_file_name("backup");
    let backup = backup.to_str().unwrap();
    let made = house.json(&["backup", backup, "--json"]);
    assert_eq!((&made["backup"]["runs"], &made["backup"]["live_runs"]), (&2.into(), &1.into()));
    // After the backup the run goes on, and everybody is told.
    house.json(&["runs", "resume", "--json"]);
    let effects = house.vendors().effects().len();

    let folder = restored(&house, Path::new(backup));
    let elsewhere =
        |arguments: &[&str]| house.command(arguments).env("GANGWAY_DATA_DIR", &folder).output().unwrap();
    let verified = elsewhere(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", stderr(&verified));
    let resumed = elsewhere(&["runs", "resume", "--json"]);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    assert_eq!(house.vendors().effects().len(), effects, "nothing goes on by itself");
    let runs = elsewhere(&["runs", "list", "--account", "STARTER-007", "--json"]);
    assert!(String::from_utf8_lossy(&runs.stdout).contains("\"parked\""), "{runs:?}");
    let held = elsewhere(&["schedule", "run", "monitor"]);
    assert!(stderr(&held).contains("gangway schedule release"), "{}", stderr(&held));
    assert!(elsewhere(&["schedule", "release"]).status.success());
    let recorded = elsewhere(&["audit", "search", "--tool", "schedule.release"]);
    assert!(String::from_utf8_lossy(&recorded.stdout).contains("schedule.release"), "{recorded:?}");
    assert!(elsewhere(&["schedule", "run", "monitor"]).status.success());
    let again = house.run(&["restore", backup]);
    assert!(stderr(&again).contains("is not empty"), "{}", stderr(&again));
}

#[test]
fn a_backup_under_load_is_whole_and_takes_nothing_from_the_load() {
    let house = House::with_synthetic(40);
    let serving = Serving::start(&house, &[("GANGWAY_SERVE__WORKERS", "2")]);
    let backup = house.data_dir().with_file_name("backup");
    let base = serving.url("");
    let load = |accounts: std::ops::RangeInclusive<u32>| {
        for number in accounts {
            let run = post(&format!("{base}/demo/run/SYN-{number:06}"), &Event::new("")).unwrap().json();
            assert_eq!(run["run"]["state"], "completed", "{run}");
        }
    };
    std::thread::scope(|threads| {
        threads.spawn(|| load(1..=20));
        threads.spawn(|| load(21..=40));
        house.until("the load has begun", || !runs(&house).is_empty());
        house.json(&["backup", backup.to_str().unwrap(), "--json"]);
    });
    assert_eq!(serving.stop(), Some(0));
    let complete = |runs: &[Value]| runs.iter().filter(|run| run["state"] == "completed").count();
    assert_eq!(complete(&runs(&house)), 40);
    let told = house.vendors().effects().len();

    let folder = restored(&house, &backup);
    let house = house.with("GANGWAY_DATA_DIR", folder.to_str().unwrap());
    assert_eq!(house.json(&["audit", "verify", "--json"])["whole"], true);
    let kept = runs(&house);
    assert!((1..=40).contains(&kept.len()), "{}", kept.len());
    let tenants = house.json(&["tenants", "list", "--json"])["tenants"].as_array().unwrap().len();
    assert!(complete(&kept) <= tenants && tenants <= kept.len(), "every completed run has its tenant");
    house.json(&["runs", "resume", "--json"]);
    assert_eq!(house.vendors().effects().len(), told, "what was under way then is not done again");
}

#[test]
fn a_service_backs_up_under_way() {
    let house = House::new();
    house.json(&["run", "ACME-001", "--json"]);
    let _serving = Serving::start(&house, &[]);
    let backup = house.data_dir().with_file_name("backup");
    let made = house.json(&["backup", backup.to_str().unwrap(), "--json"]);
    assert_eq!(made["backup"]["tenants"], 1, "{made}");
    let taken = house.run(&["backup", backup.to_str().unwrap()]);
    assert!(stderr(&taken).contains("is there already"), "{}", stderr(&taken));
}

#[test]
fn a_job_whose_process_dies_is_begun_again_and_tells_nobody_twice() {
    for place in ["schedule.claimed:contracts", "schedule.worked:contracts"] {
        let house = House::new();
        house.json(&["run", "BETA-002", "--json"]);
        let mut crash = house.command(&["schedule", "run", "contracts"]);
        let crashed = crash.env("GANGWAY_CRASH_AT", place).output().unwrap();
        assert!(!crashed.status.success(), "{place} was not reached");
        fire(&house, "contracts");
        let told = house.vendors().effects().len();
        fire(&house, "contracts");
        assert_eq!(house.vendors().effects().len(), told, "{place}");
    }
}
