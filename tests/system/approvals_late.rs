//! Approvals that come too late, or to something else than was looked at: after expiry, after the facts changed, and while
//! a vendor stumbles. Effects are counted in the simulator's ledger.

use crate::approvals::{approve, said, state_of, waiting};
use crate::harness::{House, read_json, stderr};
use serde_json::{Value, json};

fn tenants(house: &House) -> usize {
    house.json(&["tenants", "list", "--json"])["tenants"].as_array().unwrap().len()
}

#[test]
fn after_its_expiry_an_approval_cannot_be_given_and_the_run_is_blocked_once() {
    let house = House::new().with("GANGWAY_ONBOARDING__APPROVAL_LIFETIME_DAYS", "0");
    let run = waiting(&house);
    let late = said(&house, "dana", &approve(run["approval_id"].as_str().unwrap()));
    assert!(stderr(&late).contains("it expired at"), "{}", stderr(&late));
    let before = house.vendors().count("slack_message", "GAMMA-003");
    for expired in [1, 0] {
        let end = house.json(&["schedule", "run", "approvals", "--json"])["end"].clone();
        assert_eq!((&end["error"], &end["report"]["expired"]), (&Value::Null, &json!(expired)), "{end}");
        assert_eq!(
            house.vendors().count("slack_message", "GAMMA-003"),
            before + 1,
            "the alerts channel hears of it once"
        );
    }
    assert_eq!(state_of(&house, &run), "blocked");
    assert_eq!(tenants(&house), 0);
}

#[test]
fn facts_that_changed_meanwhile_void_the_approval_and_a_new_one_is_asked_for() {
    let house = House::new();
    let run = waiting(&house);
    let first = run["approval_id"].as_str().unwrap();
    let mut changed = house.vendors().get("/_simulator/accounts/GAMMA-003");
    // One more thing to look at: nobody who approved has seen it.
    changed["salesforce"]["Account"][0]["Industry"] = Value::Null;
    house.vendors().put("/_simulator/accounts/GAMMA-003", &changed);
    let decided = read_json(&approve(first), &said(&house, "dana", &approve(first)));
    assert_eq!(
        (&decided["approval"]["state"], &decided["run_state"]),
        (&json!("void"), &json!("awaiting_approval"))
    );
    assert_eq!(tenants(&house), 0);
    let shown = house.json(&["runs", "show", run["run_id"].as_str().unwrap(), "--json"]);
    let second = shown["approval_id"].as_str().unwrap();
    assert_ne!(second, first);
    let old = said(&house, "erin", &approve(first));
    assert!(!old.status.success(), "a void approval stays void");
    let decided = read_json(&approve(second), &said(&house, "dana", &approve(second)));
    assert_eq!(decided["run_state"], "completed", "{decided}");
    assert_eq!((tenants(&house), house.vendors().count("crm_update", "GAMMA-003")), (1, 1));
}

#[test]
fn a_vendor_that_stumbles_while_the_facts_are_looked_at_again_undoes_no_approval() {
    // One more than the connector tries by itself, so that the step is begun again.
    for times in [1, 6] {
        let house = House::new();
        let run = waiting(&house);
        let stumble = json!({"vendor": "netsuite", "kind": "status", "status": 503, "times": times});
        house.vendors().fault(&stumble);
        let id = run["approval_id"].as_str().unwrap();
        let decided = read_json(&approve(id), &said(&house, "dana", &approve(id)));
        assert_eq!(
            (&decided["approval"]["state"], &decided["run_state"]),
            (&json!("approved"), &json!("completed")),
            "{times}"
        );
        assert_eq!((tenants(&house), house.vendors().count("crm_update", "GAMMA-003")), (1, 1), "{times}");
    }
}

#[test]
fn what_only_reads_asks_no_vendor_starts_none_and_says_nothing_beside_its_result() {
    let house = House::new();
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let reading: [&[&str]; 9] = [
        &["approvals", "list"],
        &["approvals", "show", id],
        &["runs", "list"],
        &["outbox", "list"],
        &["tenants", "list"],
        &["tasks", "list"],
        &["schedule", "list"],
        &["audit", "tail"],
        &["keys", "list"],
    ];
    for arguments in reading {
        for simulator in [None, Some("http://127.0.0.1:1")] {
            let mut command = house.command(arguments);
            command.env_remove("GANGWAY_SIMULATOR").envs(simulator.map(|at| ("GANGWAY_SIMULATOR", at)));
            // A patience toward vendors makes no vendor.
            command.env("GANGWAY_SALESFORCE__RETRY_BASE_MS", "1").env("RUST_LOG", "info");
            let output = command.output().unwrap();
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{arguments:?}: {}",
                stderr(&output)
            );
        }
    }
}
