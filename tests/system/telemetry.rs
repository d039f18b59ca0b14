//! Traces over OTLP: a real receiver gets every tool call and, in OpenTelemetry's GenAI form, every call to a model.

use crate::harness::{House, stderr};
use axum::Router;
use axum::routing::post;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A collector that keeps the bodies it is sent.
pub struct Collector {
    /// Its address, as `OTEL_EXPORTER_OTLP_ENDPOINT` wants it.
    pub url: String,
    bodies: Arc<Mutex<Vec<String>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Collector {
    pub fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bodies: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&bodies);
        let traces = post(async move |body: String| {
            kept.lock().unwrap().push(body);
            "{}"
        });
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", traces);
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, bodies, _runtime: runtime }
    }

    /// What it was sent so far.
    pub fn received(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }

    /// The spans in it.
    pub fn spans(&self) -> Vec<Value> {
        let mut spans = Vec::new();
        for body in self.received() {
            let body: Value = serde_json::from_str(&body).unwrap();
            for resource in body["resourceSpans"].as_array().unwrap() {
                assert!(resource["resource"].to_string().contains("\"gangway\""), "{resource}");
                for scope in resource["scopeSpans"].as_array().unwrap() {
                    spans.extend(scope["spans"].as_array().unwrap().iter().cloned());
                }
            }
        }
        spans
    }
}

fn attributes(span: &Value) -> BTreeMap<String, Value> {
    let entry = |entry: &Value| {
        let value = entry["value"].as_object().unwrap().values().next().unwrap().clone();
        (entry["key"].as_str().unwrap().to_owned(), value)
    };
    span["attributes"].as_array().unwrap().iter().map(entry).collect()
}

fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap()
}

#[test]
fn every_call_to_a_model_is_a_genai_span_that_says_nothing_of_what_was_said() {
    let collector = Collector::start();
    let house = House::new()
        .with("GANGWAY_ADVISER__PROVIDER", "openai")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    let run = house.json(&["run", "BETA-002", "--json"]);
    let spans = collector.spans();
    assert!(spans.iter().any(|span| span["name"] == "tool_call"), "{spans:?}");
    let chats: Vec<&Value> = spans.iter().filter(|span| span["name"] == "chat gpt-4o-mini").collect();
    let [chat] = chats.as_slice() else { panic!("one call, one span: {spans:?}") };
    assert_eq!(chat["kind"], 3, "a client's span");
    let said = attributes(chat);
    assert_eq!(said["gen_ai.operation.name"], "chat");
    assert_eq!(said["gen_ai.provider.name"], "openai");
    assert_eq!(said["gen_ai.request.model"], "gpt-4o-mini");
    assert_eq!(said["gangway.run.id"], run["run_id"]);
    assert_eq!(said["gangway.call.verdict"], "valid");
    let call = &house.json(&["llm", "list", "--json"])["calls"][0]["call"];
    for tokens in ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"] {
        assert_eq!(Some(number(&said[tokens])), call[tokens].as_i64(), "{tokens}");
    }
    for name in ["startTimeUnixNano", "endTimeUnixNano", "traceId", "spanId"] {
        assert!(chat[name].as_str().is_some_and(|value| value.bytes().any(|b| b != b'0')), "{name}: {chat}");
    }
    let all = collector.received().concat();
    for text in ["The decision is", "Negotiation", "Beta Industries", "findings"] {
        assert!(!all.contains(text), "{text}");
    }
}

#[test]
fn a_call_without_an_answer_is_a_span_with_an_error() {
    let collector = Collector::start();
    let house = House::new()
        .with("GANGWAY_ADVISER__PROVIDER", "openai")
        .with("GANGWAY_ADVISER__RETRIES", "0")
        .with("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{}/v1/traces", collector.url));
    house.vendors().fault(&serde_json::json!({"vendor": "llm", "kind": "status", "status": 500}));
    house.json(&["run", "ACME-001", "--json"]);
    let spans = collector.spans();
    let chat = spans.iter().find(|span| span["name"] == "chat gpt-4o-mini").unwrap();
    assert_eq!(
        (&chat["status"]["code"], &attributes(chat)["error.type"]),
        (&Value::from(2), &Value::from("_OTHER"))
    );
}

#[test]
fn a_collector_that_is_gone_costs_no_run() {
    let house = House::new().with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    let output = house.run(&["run", "ACME-001", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
}
