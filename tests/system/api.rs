//! The HTTP API of a running service: who may do what, pages, live changes, refusals.

use crate::harness::House;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

/// `gangway serve` in a house, and an HTTP client for it.
pub struct Service {
    child: Child,
    pub base: String,
    client: Client,
}

impl Service {
    /// Starts one and waits until it listens.
    pub fn of(house: &House) -> Self {
        let mut command = house.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { child, base: line.trim().to_owned(), client }
    }

    pub fn ask(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(key)
    }

    pub async fn read(&self, path: &str, key: &str) -> Value {
        let answer = self.ask(Method::GET, path, key).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub async fn start(&self, account: &str, correlation: &str, key: &str) -> Response {
        let body = json!({ "account_id": account, "correlation_id": correlation });
        self.ask(Method::POST, "/api/runs", key).json(&body).send().await.unwrap()
    }

    pub async fn events(&self, key: &str, after: Option<&str>) -> Events {
        let mut request = self.ask(Method::GET, "/api/events", key);
        if let Some(id) = after {
            request = request.header("Last-Event-ID", id);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        Events { answer, text: String::new() }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that is gone already is as good as stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream of server-sent events.
pub struct Events {
    answer: Response,
    text: String,
}

impl Events {
    /// The next event: id, name and what it tells.
    pub async fn next(&mut self) -> (String, String, Value) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().to_owned())
                };
                let found = (field("id:"), field("event:"), field("data:"));
                self.text = rest.to_owned();
                if let (Some(id), Some(name), Some(told)) = found {
                    return (id, name, serde_json::from_str(&told).unwrap());
                }
                continue;
            }
            let chunk = self.answer.chunk().await.unwrap().expect("the stream goes on");
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    /// Reads on until a run of the account is in this state; gives the event's id.
    pub async fn until(&mut self, account: &str, state: &str) -> (String, String) {
        loop {
            let (id, name, told) = self.next().await;
            if name == "run" && told["account_id"] == account && told["state"] == state {
                return (id, told["run_id"].as_str().unwrap().to_owned());
            }
        }
    }
}

/// Makes a key of this role and gives its secret.
pub fn key(house: &House, name: &str, role: &str) -> String {
    let made = house.json(&["keys", "create", "--name", name, "--role", role, "--json"]);
    made["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_role_may_do_what_its_table_says_and_nothing_else() {
    let house = House::new();
    let roles = ["viewer", "cs", "approver", "auditor", "admin"];
    let keys = roles.map(|role| key(&house, role, role));
    let service = Service::of(&house);
    let all = roles.as_slice();
    let table: [(Method, &str, &[&str]); 15] = [
        (Method::GET, "/api/runs", all),
        (Method::GET, "/api/runs/run-none", all),
        (Method::GET, "/api/approvals", all),
        (Method::GET, "/api/approvals/none", all),
        (Method::GET, "/api/tasks", all),
        (Method::GET, "/api/tenants", all),
        (Method::GET, "/api/outbox", all),
        (Method::GET, "/api/audit", &["auditor", "admin"]),
        (Method::GET, "/api/runs/run-none/reports/x.md", &["cs", "approver", "admin"]),
        (Method::POST, "/api/runs", &["cs", "admin"]),
        (Method::POST, "/api/runs/run-none/retry", &["cs", "admin"]),
        (Method::POST, "/api/outbox/none/retry", &["cs", "admin"]),
        (Method::POST, "/api/outbox/none/settle", &["cs", "admin"]),
        (Method::POST, "/api/tasks/tnt:T001/status", &["cs", "admin"]),
        (Method::POST, "/api/approvals/none/decision", &["approver", "admin"]),
    ];
    for (method, path, permitted) in table {
        for (role, key) in roles.iter().zip(&keys) {
            let answer = service.ask(method.clone(), path, key).send().await.unwrap();
            let is_refused = answer.status() == StatusCode::FORBIDDEN;
            assert_eq!(is_refused, !permitted.contains(role), "{role} {method} {path}: {}", answer.status());
            assert!(answer.status().as_u16() < 500 && answer.status() != StatusCode::UNAUTHORIZED, "{path}");
        }
    }
}

#[tokio::test]
async fn only_a_good_key_opens_and_a_revoked_one_closes_at_once() {
    let house = House::new();
    let good = key(&house, "Ada", "viewer");
    let service = Service::of(&house);
    service.read("/api/runs", &good).await;
    let id = good.split('_').nth(1).unwrap();
    let wrong = format!("gwk_{id}_{}", "0".repeat(64));
    for key in ["", "nonsense", "gwk_ffffffffffff_00", wrong.as_str()] {
        let answer = service.ask(Method::GET, "/api/runs", key).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{key}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"gangway\"");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert!(answer.headers().contains_key("x-request-id"));
    }
    house.json(&["keys", "revoke", id, "--json"]);
    let answer = service.ask(Method::GET, "/api/runs", &good).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let says: Value = answer.json().await.unwrap();
    assert!(says["detail"].as_str().unwrap().contains("revoked"), "{says}");
}

#[tokio::test]
async fn a_run_is_started_once_watched_resumed_and_read_by_who_may_see_what() {
    let house = House::new();
    let (cs, viewer) = (key(&house, "Ann", "cs"), key(&house, "Vic", "viewer"));
    let service = Service::of(&house);
    let mut events = service.events(&viewer, None).await;
    let started = service.start("BETA-002", "deal-1", &cs).await;
    assert_eq!(started.status(), StatusCode::ACCEPTED);
    let (first, run_id) = events.until("BETA-002", "assessing").await;
    let (_, blocked) = events.until("BETA-002", "blocked").await;
    assert_eq!(run_id, blocked);
    drop(events);
    let (_, resumed) = service.events(&viewer, Some(&first)).await.until("BETA-002", "blocked").await;
    assert_eq!(resumed, run_id, "what was missed is told again");
    let (_, name, _) = service.events(&viewer, Some("999999")).await.next().await;
    assert_eq!(name, "reset");

    let again: Value = service.start("BETA-002", "deal-1", &cs).await.json().await.unwrap();
    assert_eq!((&again["started"], &again["run"]["run_id"]), (&json!(false), &json!(run_id)));
    assert_eq!(service.start("ACME-001", "deal-1", &cs).await.status(), StatusCode::CONFLICT);

    let whole = service.read(&format!("/api/runs/{run_id}"), &cs).await;
    let owner = whole["run"]["facts"]["owner"]["email"].as_str().unwrap();
    assert!(owner.contains('@'), "{owner}");
    assert_eq!(whole["run"]["request"]["requested_by"], "Ann");
    let tools: Vec<&str> =
        whole["calls"].as_array().unwrap().iter().map(|call| call["tool"].as_str().unwrap()).collect();
    assert!(
        tools.contains(&"salesforce.get_onboarding_bundle") && tools.contains(&"clm.get_contract"),
        "{tools:?}"
    );
    let masked = service.read(&format!("/api/runs/{run_id}"), &viewer).await;
    assert!(masked["masked"] == true && !masked["run"]["facts"].to_string().contains('@'), "{masked}");
    let file = whole["run"]["reports"][0]["file"].as_str().unwrap();
    let report =
        service.ask(Method::GET, &format!("/api/runs/{run_id}/reports/{file}"), &cs).send().await.unwrap();
    assert_eq!(report.status(), StatusCode::OK);
    let away = service
        .ask(Method::GET, &format!("/api/runs/{run_id}/reports/..%2fgrant.key"), &cs)
        .send()
        .await
        .unwrap();
    assert_eq!(away.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_a_run_that_was_there_from_the_start() {
    let house = House::new();
    for account in ["BETA-002", "DELETED-004", "MISSING-999"] {
        house.json(&["run", account, "--json"]);
    }
    let cs = key(&house, "Ann", "cs");
    let service = Service::of(&house);
    let mut events = service.events(&cs, None).await;
    let mut seen = Vec::new();
    let mut path = "/api/runs?limit=1".to_owned();
    loop {
        let page = service.read(&path, &cs).await;
        seen.extend(
            page["runs"].as_array().unwrap().iter().map(|run| run["account_id"].as_str().unwrap().to_owned()),
        );
        if seen.len() == 1 {
            service.start("SERVER-ERROR", "later", &cs).await;
            events.until("SERVER-ERROR", "blocked").await;
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/runs?limit=1&cursor={next}");
    }
    assert_eq!(seen, ["MISSING-999", "DELETED-004", "BETA-002"]);
    let oldest = service.read("/api/runs?order=oldest&limit=2&state=blocked&outcome=BLOCK", &cs).await;
    assert_eq!(oldest["runs"][0]["account_id"], "BETA-002");
    let none = service.read("/api/runs?since=2999-01-01T00:00:00Z", &cs).await;
    assert_eq!(none["runs"], json!([]));
    for wrong in ["limit=0", "limit=201", "cursor=x", "state=none", "nonsense=1"] {
        let answer = service.ask(Method::GET, &format!("/api/runs?{wrong}"), &cs).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn an_escalation_is_approved_and_its_tasks_are_worked_over_http() {
    let house = House::new();
    let (cs, approver) = (key(&house, "Ann", "cs"), key(&house, "Bob", "approver"));
    let service = Service::of(&house);
    let mut events = service.events(&cs, None).await;
    service.start("GAMMA-003", "deal-3", &cs).await;
    events.until("GAMMA-003", "awaiting_approval").await;
    let pending = service.read("/api/approvals?state=pending", &approver).await;
    let path =
        format!("/api/approvals/{}/decision", pending["approvals"][0]["approval_id"].as_str().unwrap());
    let approve = json!({ "verdict": "approve", "reason": "the invoice will be paid" });
    let decided = service.ask(Method::POST, &path, &approver).json(&approve).send().await.unwrap();
    assert_eq!(decided.status(), StatusCode::OK);
    let decided: Value = decided.json().await.unwrap();
    assert_eq!(decided["run_state"], "completed", "{decided}");
    let again = service.ask(Method::POST, &path, &approver).json(&approve).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::CONFLICT);

    let tasks = service.read("/api/tasks?account=GAMMA-003", &cs).await;
    assert_eq!(tasks["tasks"].as_array().unwrap().len(), 14);
    let find = |code: &str| {
        let all = tasks["tasks"].as_array().unwrap();
        all.iter().find(|task| task["code"] == code).unwrap()["task_id"].as_str().unwrap().to_owned()
    };
    let change = async |key: Option<&str>, status: &str| {
        let path = format!("/api/tasks/{}/status", find("T005"));
        let mut request = service.ask(Method::POST, &path, &cs).json(&json!({ "status": status }));
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        request.send().await.unwrap().status()
    };
    assert_eq!(change(None, "in_progress").await, StatusCode::BAD_REQUEST);
    assert_eq!(change(Some("change-1"), "in_progress").await, StatusCode::OK);
    assert_eq!(change(Some("change-1"), "in_progress").await, StatusCode::OK);
    assert_eq!(change(Some("change-1"), "completed").await, StatusCode::CONFLICT);
    let auditor = key(&house, "Eve", "auditor");
    let audit = service.read("/api/audit?tool=tasks.update_status&principal=person%20Ann", &auditor).await;
    assert!(!audit["entries"].as_array().unwrap().is_empty(), "{audit}");
}

#[tokio::test]
async fn refusals_are_problems_and_the_document_is_open() {
    let house = House::new();
    let admin = key(&house, "Ada", "admin");
    let service = Service::of(&house);
    let huge = json!({ "account_id": "x".repeat(100_000) }).to_string();
    let cases = [
        (service.ask(Method::DELETE, "/api/runs", &admin), StatusCode::METHOD_NOT_ALLOWED),
        (service.ask(Method::GET, "/api/nothing", &admin), StatusCode::NOT_FOUND),
        (service.ask(Method::POST, "/api/runs", &admin).body("{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (service.ask(Method::POST, "/api/runs", &admin).json(&json!({})), StatusCode::UNPROCESSABLE_ENTITY),
        (
            service.ask(Method::POST, "/api/runs", &admin).json(&json!(["ACME-001", null, "c", null])),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            service
                .ask(Method::POST, "/api/runs", &admin)
                .header("content-type", "application/json")
                .body(huge),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
    ];
    for (request, expected) in cases {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), expected);
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{expected}");
        let said: Value = answer.json().await.unwrap();
        assert_eq!(said["status"], expected.as_u16());
    }
    let document = service.client.get(format!("{}/api/openapi.json", service.base)).send().await.unwrap();
    assert_eq!(document.json::<Value>().await.unwrap()["openapi"], "3.1.0");
}

#[test]
fn the_command_line_acts_as_the_person_of_a_key() {
    let house = House::new();
    let (cs, viewer) = (key(&house, "Ann", "cs"), key(&house, "Vic", "viewer"));
    let run = |key: &str| {
        let mut command = house.command(&["run", "BETA-002", "--json"]);
        command.env("GANGWAY_API_KEY", key).output().unwrap()
    };
    let refused = run(&viewer);
    let says = crate::harness::stderr(&refused);
    assert!(refused.status.code() == Some(1) && says.contains("Vic may not start runs"), "{says}");
    let ran: Value = crate::harness::read_json(&["run"], &run(&cs));
    assert_eq!(ran["request"]["requested_by"], "Ann");
}
