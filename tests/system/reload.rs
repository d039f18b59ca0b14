//! SIGHUP: what a running service goes by is read again, all of it or nothing.

use crate::api::key;
use crate::harness::House;
use crate::mcp_doors::{call, listed};
use crate::serving::{Event, Serving};
use serde_json::{Value, json};
use std::fs;

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW_SECRET: &str = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[test]
fn new_secrets_hold_and_a_broken_file_changes_nothing() {
    let house = House::with_synthetic(0);
    let file = house.data_dir().with_file_name("gangway.toml");
    fs::write(&file, format!("[serve]\nwebhook_secrets = \"{SECRET}\"\n")).unwrap();
    let service = Serving::start(&house, &[]);
    let event = |secret: &str, id: &str| Event::signed(secret, id, now(), r#"{"account_id":"ACME-001"}"#);
    assert_eq!(service.send(&event(NEW_SECRET, "msg-1")).status, 401);

    fs::write(&file, "[serve]\nwebhook_secrets = \"short\"\n").unwrap();
    service.signal("-HUP");
    service.wait_for_remark("configuration kept as it was");
    assert_eq!(service.send(&event(SECRET, "msg-1")).status, 202);

    fs::write(&file, format!("[serve]\nwebhook_secrets = \"{NEW_SECRET}\"\n")).unwrap();
    service.signal("-HUP");
    service.wait_for_remark("configuration read again");
    assert_eq!(service.send(&event(NEW_SECRET, "msg-2")).status, 202);
    assert_eq!(service.send(&event(SECRET, "msg-3")).status, 401);
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn keys_of_docusign_wait_for_a_restart_when_nobody_in_this_process_would_look() {
    let house = House::new();
    let file = house.data_dir().with_file_name("gangway.toml");
    fs::write(&file, "[schedule]\ncontracts = \"off\"\n").unwrap();
    let service = Serving::start(&house, &[]);
    let keys = "[serve]\ndocusign_keys = \"0123456789abcdef0123456789abcdef\"\n";
    fs::write(&file, format!("{keys}[schedule]\ncontracts = \"0 4 * * *\"\n")).unwrap();
    service.signal("-HUP");
    service.wait_for_remark("restart the service to take both over");
    let answer = service.post("/webhook/docusign", &Event::new("{}"));
    assert!(answer.body.contains("serve.docusign_keys is not configured"), "{}", answer.body);
    assert_eq!(service.stop(), Some(0));
    let service = Serving::start(&house, &[]);
    assert_eq!(service.post("/webhook/docusign", &Event::new("{}")).status, 401, "now it is listened for");
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn new_rules_decide_the_next_run_and_faulty_ones_change_nothing() {
    let house = House::new();
    let (file, rules) =
        (house.data_dir().with_file_name("gangway.toml"), house.data_dir().with_file_name("rules.toml"));
    fs::write(&file, "[rules]\nfile = \"rules.toml\"\n").unwrap();
    fs::write(&rules, "id = \"ours\"\nversion = \"1\"\n").unwrap();
    let service = Serving::start(&house, &[]);
    let version = || {
        let run = service.post("/demo/run/ACME-001", &Event::new("")).json();
        run["decision"]["rule_set"]["version"].as_str().unwrap_or_else(|| panic!("{run}")).to_owned()
    };
    assert_eq!(version(), "1");

    fs::write(&rules, "id = \"ours\"\nversion = \"2\"\n[severity]\n\"ACC-001\" = \"warning\"\n").unwrap();
    service.signal("-HUP");
    service.wait_for_remark("must stay a violation");
    assert_eq!(version(), "1");

    fs::write(&rules, "id = \"ours\"\nversion = \"3\"\n").unwrap();
    service.signal("-HUP");
    service.wait_for_remark("configuration read again");
    assert_eq!(version(), "3");
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn a_new_policy_holds_at_the_next_call_a_broken_one_changes_nothing_and_both_are_on_record() {
    let house = House::new();
    let viewer = key(&house, "Vic", "viewer");
    let (file, policy) =
        (house.data_dir().with_file_name("gangway.toml"), house.data_dir().with_file_name("policy.toml"));
    fs::write(&file, "[access]\npolicy = \"policy.toml\"\n").unwrap();
    fs::write(&policy, "[[allow]]\nwho = [\"role:viewer\"]\ntools = [\"tasks.list\"]\n").unwrap();
    let service = Serving::start(&house, &[]);
    let url = service.url("/mcp/salesforce");
    let read = || call(&url, &viewer, "salesforce.get_account", &json!({"account_id": "ACME-001"})).body;
    assert!(read().contains("ACME Corp") && listed(&url, &viewer).len() == 5);

    fs::write(&policy, "[[deny]]\nwho = [\"role:viewer\"]\ntools = [\"salesforce.*\"]\n").unwrap();
    service.signal("-HUP");
    service.wait_for_remark("configuration read again");
    assert!(read().contains("NOT_PERMITTED") && listed(&url, &viewer).is_empty());

    fs::write(&policy, "[[allow]]\nwho = [\"agent:nobody\"]\ntools = [\"*\"]\n").unwrap();
    service.signal("-HUP");
    service.wait_for_remark("policy.toml:2: \"agent:nobody\" names nobody");
    assert!(read().contains("NOT_PERMITTED"), "the policy of before holds");
    assert_eq!(service.stop(), Some(0));

    let told = house.json(&["audit", "search", "--tool", "config.reload", "--json"]);
    let [refused, done] = told["entries"].as_array().unwrap().as_slice() else { panic!("{told}") };
    let (refused, done) = (&refused["record"], &done["record"]);
    assert_eq!(
        (&refused["principal"], &done["principal"]),
        (&json!("process:service"), &json!("process:service"))
    );
    assert!(refused["why"].as_str().unwrap().contains("names nobody"), "{refused}");
    let change = &done["arguments"];
    assert_eq!(change["changed"], json!(["policy"]), "{change}");
    assert_ne!(change["before"]["policy"], change["after"]["policy"]);
    assert_eq!(change["before"]["rules"], change["after"]["rules"]);
    let judged = house.json(&["audit", "search", "--tool", "salesforce.get_account", "--json"]);
    assert_eq!(judged["entries"][0]["record"]["policy"], change["after"]["policy"], "{judged}");
}

#[test]
fn new_limits_toward_a_vendor_hold_at_once() {
    let house = House::new();
    let file = house.data_dir().with_file_name("gangway.toml");
    fs::write(&file, "").unwrap();
    let service = Serving::start(&house, &[]);
    let as_expected = || {
        let all = service.post("/demo/run-all", &Event::new("")).json();
        let results = all["results"].as_array().unwrap().clone();
        results.iter().filter(|result: &&Value| result["decided"] == result["expected"]).count()
    };
    assert_eq!(as_expected(), 15);
    let narrow = "[limits.salesforce]\nper_second = 1\nburst = 1\nlongest_wait_ms = 1\n";
    fs::write(&file, narrow).unwrap();
    service.signal("-HUP");
    service.wait_for_remark("configuration read again");
    assert!(as_expected() < 15, "the limit turns calls away, so runs are blocked");
    assert_eq!(service.stop(), Some(0));
}
