//! Approvals with the real binary: decided while nothing runs, beside a running service, twice, by two people at once, by
//! the requester, and after the facts changed. Effects are counted in the simulator's ledger.

use crate::harness::{House, read_json, stderr};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

/// Somebody at the command line.
fn as_person(house: &House, name: &str, arguments: &[&str]) -> Command {
    let mut command = house.command(arguments);
    command.env("USER", name);
    command
}

/// What somebody at the command line got to hear.
pub fn said(house: &House, name: &str, arguments: &[&str]) -> Output {
    as_person(house, name, arguments).output().unwrap()
}

/// A run of GAMMA-003, asked for by rita, waiting.
pub fn waiting(house: &House) -> Value {
    let arguments = ["run", "GAMMA-003", "--json"];
    let run = read_json(&arguments, &said(house, "rita", &arguments));
    assert_eq!(run["state"], "awaiting_approval", "{run}");
    run
}

/// Says yes to an approval.
pub fn approve(id: &str) -> [&str; 6] {
    ["approvals", "approve", id, "--reason", "Finance agreed on a payment plan", "--json"]
}

/// The state of a run.
pub fn state_of(house: &House, run: &Value) -> Value {
    house.json(&["runs", "show", run["run_id"].as_str().unwrap(), "--json"])["state"].clone()
}

#[test]
fn an_approval_given_while_nothing_runs_makes_the_tenant_once() {
    let house = House::new();
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let listed = house.json(&["approvals", "list", "--json"]);
    assert_eq!(listed["approvals"][0]["approval_id"], id);
    assert_eq!(listed["approvals"][0]["requested_by"], "rita");
    assert_eq!(listed["approvals"][0]["votes_needed"], 1);
    let decided = read_json(&approve(id), &said(&house, "dana", &approve(id)));
    assert_eq!((&decided["run_state"], &decided["acted"]), (&Value::from("completed"), &Value::from(true)));
    assert_eq!(decided["approval"]["decided_by"], "dana");
    let twice = said(&house, "erin", &approve(id));
    assert!(!twice.status.success());
    assert!(stderr(&twice).contains("already approved by dana at"), "{}", stderr(&twice));
    assert_eq!(house.vendors().count("crm_update", "GAMMA-003"), 1);
    let tenants = house.json(&["tenants", "list", "--json"]);
    assert_eq!(tenants["tenants"].as_array().unwrap().len(), 1);
}

#[test]
fn who_asked_for_the_run_cannot_approve_it_and_a_reason_is_needed() {
    let house = House::new();
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let own = said(&house, "rita", &approve(id));
    assert!(stderr(&own).contains("rita asked for run"), "{}", stderr(&own));
    let blank = said(&house, "dana", &["approvals", "approve", id, "--reason", "  "]);
    assert!(stderr(&blank).contains("needs a reason"), "{}", stderr(&blank));
    let stranger = said(&house, "dana", &approve("apr-unknown"));
    assert!(stderr(&stranger).contains("there is no approval apr-unknown"), "{}", stderr(&stranger));
    assert_eq!(state_of(&house, &run), "awaiting_approval");
    let audit = house.json(&["audit", "tail", "--json"]).to_string();
    assert!(audit.contains("refused/OWN_RUN") && audit.contains("refused/NO_REASON"), "{audit}");
}

#[test]
fn two_people_at_once_get_one_winner_and_one_tenant() {
    let house = House::new();
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let at_once: Vec<_> = ["dana", "erin"]
        .into_iter()
        .map(|who| {
            let mut command = as_person(&house, who, &approve(id));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let ended: Vec<Output> = at_once.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let winners = ended.iter().filter(|output| output.status.success()).count();
    assert_eq!(winners, 1, "{ended:?}");
    let loser = ended.iter().find(|output| !output.status.success()).unwrap();
    assert!(stderr(loser).contains("already approved by"), "{}", stderr(loser));
    house.run(&["runs", "resume"]);
    assert_eq!(state_of(&house, &run), "completed");
    let tenants = house.json(&["tenants", "list", "--json"]);
    assert_eq!(tenants["tenants"].as_array().unwrap().len(), 1);
}

#[test]
fn a_rejection_is_final_and_blocks() {
    let house = House::new();
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let no = ["approvals", "reject", id, "--reason", "not before payment", "--json"];
    let decided = read_json(&no, &said(&house, "dana", &no));
    assert_eq!(decided["run_state"], "blocked");
    let late = said(&house, "erin", &approve(id));
    assert!(stderr(&late).contains("already rejected by dana"), "{}", stderr(&late));
    assert!(house.json(&["tenants", "list", "--json"])["tenants"].as_array().unwrap().is_empty());
}

#[test]
fn a_large_deal_needs_a_second_person() {
    let house = House::new().with("GANGWAY_ONBOARDING__FOUR_EYES_ABOVE", "1000 USD");
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let first = read_json(&approve(id), &said(&house, "dana", &approve(id)));
    assert_eq!((&first["approval"]["votes_needed"], &first["acted"]), (&Value::from(1), &Value::from(false)));
    let again = said(&house, "dana", &approve(id));
    assert!(stderr(&again).contains("needs a second person"), "{}", stderr(&again));
    let second = read_json(&approve(id), &said(&house, "erin", &approve(id)));
    assert_eq!(second["run_state"], "completed");
    assert_eq!(second["approval"]["decided_by"], "dana and erin");
}

#[test]
fn what_cannot_be_looked_at_again_parks_the_run_and_the_approval_stays_given() {
    let house = House::new();
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let run_id = run["run_id"].as_str().unwrap();
    house.vendors().fault(&serde_json::json!({"vendor": "docusign", "kind": "truncated_json"}));
    let decided = said(&house, "dana", &approve(id));
    let decided: Value = serde_json::from_slice(&decided.stdout).unwrap();
    assert_eq!(
        (&decided["run_state"], &decided["approval"]["state"]),
        (&"parked".into(), &"approved".into())
    );
    let parked = house.json(&["runs", "show", run_id, "--json"]);
    let why = parked["parked_because"].as_str().unwrap();
    assert!(why.contains("could not be looked at again") && why.contains("stays given"), "{why}");
    assert!(house.json(&["tenants", "list", "--json"])["tenants"].as_array().unwrap().is_empty());
    house.vendors().heal();
    house.json(&["runs", "resume", run_id, "--json"]);
    assert_eq!(state_of(&house, &run), "completed");
    assert_eq!(house.vendors().count("crm_update", "GAMMA-003"), 1);
}

#[test]
fn a_decision_made_beside_a_running_service_is_acted_on_by_it() {
    let house = House::new();
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let mut command = house.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut service = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(service.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let decided = read_json(&approve(id), &said(&house, "dana", &approve(id)));
    let waited = (0..200).map(|_| state_of(&house, &run)).find(|state| state == "completed");
    service.kill().unwrap();
    service.wait().unwrap();
    assert_eq!((&decided["acted"], waited), (&Value::from(false), Some(Value::from("completed"))));
}

/// One call to the agents' own MCP server over standard input and output, as a modern host makes it.
struct Host {
    child: std::process::Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Host {
    fn of(house: &House, who: &str) -> Self {
        let mut command = as_person(house, who, &["mcp", "onboarding", "--allow-writes"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn decide(&mut self, arguments: &Value, capabilities: &Value, more: Value) -> Value {
        let mut params = serde_json::json!({
            "name": "onboarding.decide_approval", "arguments": arguments,
            "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                      "io.modelcontextprotocol/clientCapabilities": capabilities,
                      "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"}}});
        for (name, value) in more.as_object().unwrap() {
            params[name] = value.clone();
        }
        let call = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        writeln!(self.child.stdin.as_mut().unwrap(), "{call}").unwrap();
        let answer: Value = serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap();
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn arguments(id: &str, key: &str) -> Value {
    serde_json::json!({"approval_id": id, "verdict": "approve", "reason": "Finance agreed", "idempotency_key": key})
}

#[test]
fn a_model_decides_nothing_and_the_person_at_the_host_decides_in_a_form_used_once() {
    let house = House::new();
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let mut host = Host::of(&house, "dana");
    let (none, forms) = (serde_json::json!({}), serde_json::json!({"elicitation": {"form": {}}}));
    let alone = host.decide(&arguments(id, "k-1"), &none, serde_json::json!({}));
    assert_eq!(alone["structuredContent"]["status"], "pending_approval", "{alone}");
    assert!(alone["structuredContent"]["how"].as_str().unwrap().contains("gangway approvals approve"));

    let asked = host.decide(&arguments(id, "k-2"), &forms, serde_json::json!({}));
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let message = asked["inputRequests"]["confirm"]["params"]["message"].as_str().unwrap();
    assert!(
        message.contains("Approve the onboarding of Gamma Startup") && message.contains("dana"),
        "{message}"
    );
    let yes = |state: &Value| {
        serde_json::json!({"requestState": state,
            "inputResponses": {"confirm": {"action": "accept", "content": {"confirm": true}}}})
    };
    let forged = host.decide(&arguments(id, "k-2"), &forms, yes(&Value::from("made-up")));
    assert!(forged.to_string().contains("STALE_REQUEST_STATE"), "{forged}");
    let other = host.decide(&arguments(id, "k-3"), &forms, yes(&asked["requestState"]));
    assert!(other.to_string().contains("STALE_REQUEST_STATE"), "for other arguments: {other}");
    assert_eq!(state_of(&house, &run), "awaiting_approval");

    let no = serde_json::json!({"requestState": asked["requestState"],
        "inputResponses": {"confirm": {"action": "decline"}}});
    let declined = host.decide(&arguments(id, "k-2"), &forms, no);
    assert!(declined.to_string().contains("DECLINED"), "{declined}");
    let again = host.decide(&arguments(id, "k-2"), &forms, yes(&asked["requestState"]));
    assert!(again.to_string().contains("STALE_REQUEST_STATE"), "used: {again}");

    let asked = host.decide(&arguments(id, "k-4"), &forms, serde_json::json!({}));
    let decided = host.decide(&arguments(id, "k-4"), &forms, yes(&asked["requestState"]));
    assert_eq!(decided["structuredContent"]["status"], "decided", "{decided}");
    assert_eq!(decided["structuredContent"]["approval"]["decided_by"], "dana");
    assert_eq!(state_of(&house, &run), "completed");
}

#[test]
fn who_asked_for_the_run_cannot_approve_it_at_the_host_either() {
    let house = House::new();
    let run = waiting(&house);
    let id = run["approval_id"].as_str().unwrap();
    let mut host = Host::of(&house, "rita");
    let forms = serde_json::json!({"elicitation": {"form": {}}});
    let asked = host.decide(&arguments(id, "k-1"), &forms, serde_json::json!({}));
    let yes = serde_json::json!({"requestState": asked["requestState"],
        "inputResponses": {"confirm": {"action": "accept", "content": {"confirm": true}}}});
    let refused = host.decide(&arguments(id, "k-1"), &forms, yes);
    assert!(refused.to_string().contains("OWN_RUN"), "{refused}");
    assert_eq!(state_of(&house, &run), "awaiting_approval");
}
