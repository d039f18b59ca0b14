//! The HTTP door: who is turned away at it, and that it closes.

use crate::toys::{governed, toy_server, toys};
use gangway_governance::{Governance, HttpServer, ServeError, ToolNames, serve_http};
use gangway_store::Store;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::net::SocketAddr;

async fn serve(addr: &str) -> Result<HttpServer, ServeError> {
    let governance = Governance::new(Store::in_memory().unwrap());
    let addr: SocketAddr = addr.parse().unwrap();
    serve_http(governed(toy_server(&toys()), governance, ToolNames::Dotted), addr).await
}

fn http() -> reqwest::Client {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    gangway_governance::vendor::http_client().unwrap()
}

/// A legacy tool call, which needs nothing before it on a server without sessions.
fn post(server: &HttpServer, arguments: Value) -> reqwest::RequestBuilder {
    http()
        .post(format!("http://{}/mcp", server.addr()))
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25")
        .json(&json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "tasks.peek", "arguments": arguments}
        }))
}

#[tokio::test]
async fn a_call_is_answered_with_plain_json() {
    let server = serve("127.0.0.1:0").await.unwrap();
    let response = post(&server, json!({"mode": "over http"})).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(response.headers().get("mcp-session-id").is_none());
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["result"]["structuredContent"]["said"], "over http");
    server.shutdown().await;
}

#[tokio::test]
async fn a_foreign_origin_or_host_is_turned_away() {
    let server = serve("127.0.0.1:0").await.unwrap();
    for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("host", "evil.example")] {
        let response = post(&server, json!({})).header(name, value).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let own = post(&server, json!({})).header("origin", "http://localhost:6274").send().await.unwrap();
    assert_eq!(own.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_turned_away() {
    let server = serve("127.0.0.1:0").await.unwrap();
    let response = post(&server, json!({"anything": "x".repeat(5 << 20)})).send().await;
    // The server may close before it has read everything.
    assert!(response.is_err() || response.is_ok_and(|it| it.status() == StatusCode::PAYLOAD_TOO_LARGE));
    let after = post(&server, json!({})).send().await.unwrap();
    assert_eq!(after.status(), StatusCode::OK);
}

#[tokio::test]
async fn only_loopback_is_served() {
    for addr in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let refused = serve(addr).await.err().unwrap();
        assert!(matches!(refused, ServeError::NotLoopback(_)), "{addr}");
        assert!(refused.to_string().contains("permissions"), "{refused}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = serve("127.0.0.1:0").await.unwrap();
    let refused = serve(&first.addr().to_string()).await.err().unwrap();
    assert!(matches!(refused, ServeError::PortInUse(_)));
    assert!(refused.to_string().contains(&first.addr().port().to_string()), "{refused}");
}

#[tokio::test]
async fn shutdown_closes_the_door() {
    let server = serve("127.0.0.1:0").await.unwrap();
    let again = post(&server, json!({}));
    post(&server, json!({})).send().await.unwrap();
    server.shutdown().await;
    assert!(again.send().await.unwrap_err().is_connect());
}
