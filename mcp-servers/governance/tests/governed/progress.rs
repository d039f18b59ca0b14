//! Progress and cancellation as a host has them, over a pipe and over HTTP: what the handler says, that it is still at work, nothing
//! after the answer; and that a read whose caller went away stops, while a write goes on.

use crate::http::{HttpServer, http, serve_toys};
use crate::toys::{Era, Toys, governed, keyed, success, toy_server, toys};
use gangway_governance::{Governance, ToolNames};
use gangway_protocol::audit::AuditEntry;
use gangway_store::Store;
use rmcp::handler::client::ClientHandler;
use rmcp::model::{CallToolRequestParams, ProgressNotificationParam};
use rmcp::service::{NotificationContext, RoleClient, ServiceExt as _};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Notes what it hears, and opens the gate after the third time.
#[derive(Clone)]
struct Listener {
    heard: Arc<Mutex<Vec<(f64, String)>>>,
    toys: Arc<Toys>,
}

impl ClientHandler for Listener {
    async fn on_progress(&self, told: ProgressNotificationParam, _context: NotificationContext<RoleClient>) {
        let mut heard = self.heard.lock().unwrap();
        heard.push((told.progress, told.message.unwrap_or_default()));
        if heard.len() == 3 {
            self.toys.gate.add_permits(1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_call_says_how_far_it_is_and_that_it_lives() {
    let toys = toys();
    let listener = Listener { heard: Arc::default(), toys: Arc::clone(&toys) };
    let governance = Governance::new(Store::in_memory().unwrap());
    let governed = governed(toy_server(&toys), governance, ToolNames::Dotted);
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move { governed.serve(far).await.unwrap().waiting().await });
    let client = listener.clone().serve(near).await.unwrap();

    let gate = json!({"mode": "gate"}).as_object().cloned().unwrap();
    let result =
        client.call_tool(CallToolRequestParams::new("tasks.peek").with_arguments(gate)).await.unwrap();
    assert_eq!(success(&result)["said"], "gate");
    let heard = listener.heard.lock().unwrap().clone();
    let words: Vec<(f64, &str)> = heard.iter().map(|(told, words)| (*told, words.as_str())).take(3).collect();
    assert_eq!(words, [(1.0, "waiting at the gate"), (2.0, "still at work"), (3.0, "still at work")]);
}

/// A call over HTTP, as a host of either era makes it.
fn post(
    server: &HttpServer,
    era: Era,
    (tool, arguments): (&str, &Value),
    token: Option<i64>,
) -> reqwest::RequestBuilder {
    let mut meta = json!({});
    let mut request = http().post(server.url()).header("accept", "application/json, text/event-stream");
    match era {
        Era::Legacy => request = request.header("mcp-protocol-version", "2025-11-25"),
        Era::Modern => {
            meta = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"}
            });
            let said =
                [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", tool)];
            for (name, value) in said {
                request = request.header(name, value);
            }
        }
    }
    if let Some(token) = token {
        meta["progressToken"] = json!(token);
    }
    request.json(&json!({
        "jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {"name": tool, "arguments": arguments, "_meta": meta}
    }))
}

const ERAS: [Era; 2] = [Era::Legacy, Era::Modern];

/// Arguments of a read that waits at the gate.
fn reading() -> Value {
    json!({"mode": "gate"})
}

/// Looks again and again until it is so.
async fn until<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    let looking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), looking).await.expect("it never was");
}

/// The next message of a stream of events.
async fn next(response: &mut reqwest::Response, read: &mut String) -> Value {
    loop {
        if let Some((event, rest)) = read.split_once("\n\n") {
            let message: String = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
            *read = rest.to_owned();
            if !message.trim().is_empty() {
                return serde_json::from_str(&message).unwrap();
            }
        } else {
            let chunk = response.chunk().await.unwrap().expect("the stream goes on");
            read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test]
async fn over_http_progress_comes_before_the_answer_on_the_same_stream() {
    for era in ERAS {
        let toys = toys();
        let (server, _) = serve_toys(&toys).await;
        let call = post(&server, era, ("tasks.peek", &reading()), Some(5));
        let (mut response, mut read) = (call.send().await.unwrap(), String::new());
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let told = next(&mut response, &mut read).await;
        assert_eq!(told["method"], "notifications/progress", "{told}");
        let (token, words) = (&told["params"]["progressToken"], &told["params"]["message"]);
        assert_eq!((token, words), (&json!(5), &json!("waiting at the gate")));
        toys.gate.add_permits(1);
        let mut answer = next(&mut response, &mut read).await;
        while answer["method"] == "notifications/progress" {
            answer = next(&mut response, &mut read).await;
        }
        assert_eq!(answer["id"], 7, "{answer}");
        assert_eq!(answer["result"]["structuredContent"]["said"], "gate", "{answer}");
    }
}

#[tokio::test]
async fn a_read_whose_caller_went_away_stops_whether_it_was_told_something_or_not() {
    for (era, token) in ERAS.into_iter().flat_map(|era| [(era, None), (era, Some(1))]) {
        let toys = toys();
        let (server, store) = serve_toys(&toys).await;
        let call = tokio::spawn(post(&server, era, ("tasks.peek", &reading()), token).send());
        until(async || toys.runs.load(Ordering::SeqCst) == 1).await;
        match token {
            // The stream is open: the caller closes it.
            Some(_) => drop(call.await.unwrap().unwrap()),
            None => call.abort(),
        }
        let store = &store;
        until(async || {
            let entries = store.audit().tail(10).await.unwrap();
            let ends = entries.iter().filter_map(|entry| entry.record.end.as_ref()?.error.clone());
            ends.collect::<Vec<_>>() == ["timeout/CANCELLED"]
        })
        .await;
    }
}

#[tokio::test]
async fn a_write_whose_caller_went_away_goes_on_and_a_repeat_gets_its_answer() {
    for era in ERAS {
        let toys = toys();
        let (server, store) = serve_toys(&toys).await;
        let write = || post(&server, era, ("tasks.poke", &keyed("gate", "k-1")), None);
        let call = tokio::spawn(write().send());
        until(async || toys.runs.load(Ordering::SeqCst) == 1).await;
        call.abort();
        toys.gate.add_permits(1);
        let store = &store;
        let has_ended = |entry: &AuditEntry| entry.record.end.is_some();
        until(async || store.audit().tail(10).await.unwrap().iter().any(has_ended)).await;
        let answer: Value = write().send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["result"]["structuredContent"]["said"], "gate", "{answer}");
        assert_eq!(toys.runs.load(Ordering::SeqCst), 1, "it ran once");
    }
}
