//! Lists over HTTP, read to their end a page at a time.

use crate::api::{Service, key};
use crate::harness::House;
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// Every row of a list, three at a time.
async fn all(service: &Service, (path, rows): (&str, &str), key: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = service.read(&format!("{path}?limit=3{cursor}"), key).await;
        found.extend(page[rows].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn every_approval_and_every_task_is_reached_by_pages() {
    let house = House::new();
    for account in ["GAMMA-003", "ACME-001", "STARTER-007"] {
        house.json(&["run", account, "--json"]);
    }
    let cs = key(&house, "Ann", "cs");
    let service = Service::of(&house);
    let tasks = all(&service, ("/api/tasks", "tasks"), &cs).await;
    let place = |task: &Value| (task["due_date"].to_string(), task["task_id"].to_string());
    assert_eq!(tasks.len(), 28);
    assert!(tasks.is_sorted_by(|a, b| place(a) < place(b)), "in order, and none twice");
    let newest = all(&service, ("/api/approvals", "approvals"), &cs).await;
    let oldest = service.read("/api/approvals?order=oldest&state=pending&limit=200", &cs).await;
    let reversed: Vec<&Value> = newest.iter().rev().collect();
    assert_eq!(oldest["approvals"].as_array().unwrap().iter().collect::<Vec<_>>(), reversed);
    assert_eq!((newest.len(), &oldest["next"]), (1, &Value::Null));
    let messages = all(&service, ("/api/outbox", "messages"), &cs).await;
    let listed = house.json(&["outbox", "list", "--json"]);
    let ids = |rows: &[Value]| rows.iter().map(|row| row["message_id"].to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&messages), ids(listed["messages"].as_array().unwrap()), "newest first, each once");
    assert!(messages.len() > 3, "more than a page");
    for wrong in [
        "/api/outbox?cursor=x",
        "/api/outbox?limit=0",
        "/api/approvals?cursor=x",
        "/api/approvals?limit=0",
        "/api/tasks?limit=201",
        "/api/tasks?cursor=../x",
    ] {
        let answer = service.ask(Method::GET, wrong, &cs).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
}
