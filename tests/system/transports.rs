//! The same accounts, the same decisions and effects, whichever way the agents reach the servers.

use crate::harness::{House, read_json};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

const SERVERS: [&str; 6] = ["salesforce", "clm", "netsuite", "provision", "tasks", "notify"];
const ACCOUNTS: &str =
    "account_id\nACME-001\nBETA-002\nGAMMA-003\nFOREX-005\nDELETED-004\nMISSING-999\nAUTH-ERROR\n";

/// Decisions, rules and effects of a few accounts, without what differs from run to run.
fn behaviour(house: &House) -> Vec<Value> {
    let file = house.data_dir().with_file_name("ids.csv");
    std::fs::write(&file, ACCOUNTS).unwrap();
    let printed = house.json(&["run-all", "--file", file.to_str().unwrap(), "--json"]);
    let mut rows: Vec<Value> = Vec::new();
    for row in printed["results"].as_array().unwrap() {
        let run = house.json(&["runs", "show", row["run_id"].as_str().unwrap(), "--json"]);
        let effects: Vec<Value> = run["effects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|effect| serde_json::json!([effect["label"], effect["tool"], effect["status"]]))
            .collect();
        let mut errors = run["decision"]["api_errors"].clone();
        for error in errors.as_array_mut().unwrap() {
            error["request_id"] = Value::Null;
        }
        rows.push(serde_json::json!({
            "account": row["account_id"], "decision": row["decision"], "rules": row["rules"],
            "api_errors": errors, "state": run["state"], "effects": effects,
        }));
    }
    rows.sort_by_key(|row| row["account"].to_string());
    rows
}

fn over(route: &str) -> House {
    SERVERS.iter().fold(House::new(), |house, server| {
        house.with(&format!("GANGWAY_SERVERS__{}", server.to_uppercase()), route)
    })
}

struct Served(Vec<Child>);

impl Drop for Served {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // A server that is gone already is as good as stopped.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Every server over HTTP, in processes of their own that share the data folder.
fn served() -> (House, Served) {
    let mut house = House::new();
    let mut children = Vec::new();
    for server in SERVERS {
        let mut child =
            house.command(&["mcp", server, "--http", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        house = house.with(&format!("GANGWAY_SERVERS__{}", server.to_uppercase()), url.trim());
        children.push(child);
    }
    (house, Served(children))
}

/// A configuration file that names the simulated vendors as if they were real ones.
fn written_configuration(house: &House) -> String {
    let connection = house.vendors().get("/_simulator/connection");
    let (known, smtp) = (&connection["credentials"], connection["addresses"]["smtp"].as_str().unwrap());
    let (host, port) = smtp.rsplit_once(':').unwrap();
    let url = &connection["addresses"]["base_url"];
    // A JSON text is a TOML text, escapes included.
    format!(
        r#"[salesforce]
base_url = {url}
client_id = {}
client_secret = {}
[clm]
oauth_base_url = {url}
base_url = {url}
integration_key = {}
user_id = {}
account_id = {}
private_key_pem = {}
[netsuite]
base_url = {url}
account = {}
client_id = {}
certificate_id = {}
private_key_pem = {}
[notify.slack]
base_url = {url}
bot_token = {}
[notify.mail]
host = "{host}"
port = {port}
security = "plain"
username = {}
password = {}
from = "onboarding@northwind.example"
[onboarding]
company = "Northwind Cloud"
product = "Northwind"
cs_address = "customer-success@northwind.example"
manager_address = "cs-manager@northwind.example"
director_address = "cs-director@northwind.example"
training_url = "https://learn.northwind.example"
[servers]
clm = "stdio"
"#,
        known["salesforce"]["client_id"],
        known["salesforce"]["client_secret"],
        known["docusign"]["integration_key"],
        known["docusign"]["user_id"],
        known["docusign"]["account_id"],
        known["docusign"]["private_key_pem"],
        known["netsuite"]["account"],
        known["netsuite"]["client_id"],
        known["netsuite"]["certificate_id"],
        known["netsuite"]["private_key_pem"],
        known["slack"]["bot_token"],
        known["smtp"]["username"],
        known["smtp"]["password"],
    )
}

#[test]
fn a_child_process_has_the_configuration_of_its_parent() {
    let house = House::new();
    let folder = house.data_dir().with_file_name("conf");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("real.toml"), written_configuration(&house)).unwrap();
    // A child with vendors of its own would know nothing of this fault.
    house.vendors().fault(&serde_json::json!({"vendor": "docusign", "kind": "truncated_json"}));
    let arguments = ["run", "ACME-001", "--json", "--config", "conf/real.toml"];
    let output = house.command(&arguments).env_remove("GANGWAY_SIMULATOR").output().unwrap();
    let run = read_json(&arguments, &output);
    let errors = run["decision"]["api_errors"].as_array().unwrap();
    let systems: Vec<&Value> = errors.iter().map(|error| &error["system"]).collect();
    assert_eq!(systems, ["clm"], "{errors:?}");
}

#[test]
fn behaves_the_same_embedded_over_stdio_and_over_http() {
    let embedded = behaviour(&House::new());
    assert_eq!(embedded.len(), 7);
    assert_eq!(behaviour(&over("stdio")), embedded);
    let (house, _servers) = served();
    assert_eq!(behaviour(&house), embedded);
}
