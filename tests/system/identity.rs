//! One account, two names: asked for by business id and by Salesforce id it is one customer with one tenant. Effects are
//! counted in the simulator's ledger.

use crate::harness::House;
use serde_json::Value;

/// ACME-001 in Salesforce, in both forms.
const SHORT: &str = "0018Z00003ACMEQ";
const LONG: &str = "0018Z00003ACMEQQA5";

fn customer_mails(house: &House) -> usize {
    let to_customer =
        |effect: &&Value| effect["kind"] == "mail" && effect["target"].to_string().contains("@acme.example");
    house.vendors().effects().iter().filter(to_customer).count()
}

#[test]
fn an_account_goes_by_the_spelling_salesforce_has() {
    let house = House::new();
    let first = house.json(&["run", "acme-001", "--json"]);
    assert_eq!((&first["state"], &first["decision"]["outcome"]), (&"completed".into(), &"PROCEED".into()));
    assert_eq!(
        (&first["request"]["account_id"], &first["asked_as"]),
        (&"ACME-001".into(), &"acme-001".into())
    );
    let again = house.json(&["run", "ACME-001", "--json"]);
    assert_eq!(again["tenant"]["tenant_id"], first["tenant"]["tenant_id"]);
    assert_eq!(house.json(&["tenants", "list", "--json"])["tenants"].as_array().unwrap().len(), 1);
    assert_eq!(customer_mails(&house), 2, "nobody is welcomed twice");
}

#[test]
fn both_names_of_an_account_lead_to_one_tenant_one_checklist_and_one_set_of_mails() {
    let house = House::new();
    let first = house.json(&["run", LONG, "--json"]);
    assert_eq!((&first["state"], &first["decision"]["outcome"]), (&"completed".into(), &"PROCEED".into()));
    assert_eq!((&first["request"]["account_id"], &first["asked_as"]), (&"ACME-001".into(), &LONG.into()));
    let mails = customer_mails(&house);
    assert_eq!(mails, 2, "welcome and training: {:?}", house.vendors().effects());
    for name in ["ACME-001", SHORT] {
        let again = house.json(&["run", name, "--json"]);
        assert_eq!(again["state"], "completed", "{name}");
        assert_eq!(again["tenant"]["tenant_id"], first["tenant"]["tenant_id"], "{name}");
        assert_eq!(again["request"]["account_id"], "ACME-001", "{name}");
    }
    assert_eq!(customer_mails(&house), mails, "nobody is welcomed twice");
    let tenants = house.json(&["tenants", "list", "--json"]);
    assert_eq!(tenants["tenants"].as_array().unwrap().len(), 1);
    let tasks = house.json(&["tasks", "list", "--json"]);
    assert_eq!(tasks["tasks"].as_array().unwrap().len(), 14);
    let runs = house.json(&["runs", "list", "--account", LONG, "--json"]);
    assert_eq!(runs["runs"].as_array().unwrap().len(), 3, "found by either name");
}
