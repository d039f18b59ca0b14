//! The HTTP door: who is turned away at it.

use crate::toys::{Toys, toy_server, toys};
use gangway_governance::{
    AtDoor, Door, DoorBook, Governance, Governed, Holder, KeyCheck, Mount, PassCheck, PassMint, Principal,
    Reach, ToolNames,
};
use gangway_protocol::{Agent, Person, Role, System};
use gangway_store::Store;
use jiff::Timestamp;
use reqwest::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Toys over HTTP, until dropped.
pub struct HttpServer {
    addr: SocketAddr,
    _stop: DropGuard,
}

impl HttpServer {
    /// Where they are.
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.addr)
    }
}

async fn serve() -> HttpServer {
    serve_with(Some(Principal::local("http", Reach::Writes).unwrap())).await.0
}

/// These toys behind a door that is open to everybody, and the audit of what they do.
pub async fn serve_toys(toys: &Arc<Toys>) -> (HttpServer, Store) {
    let anybody = Some(Principal::local("http", Reach::Writes).unwrap());
    let (server, store, _) = serve_of(toys, anybody).await;
    (server, store)
}

/// A server of the toys whose key `gwk_ada` is Ada's, a viewer, and whose passes are signed with [`SEED`].
async fn serve_with(unnamed: Option<Principal>) -> (HttpServer, Store, Told) {
    serve_of(&toys(), unnamed).await
}

async fn serve_of(toys: &Arc<Toys>, unnamed: Option<Principal>) -> (HttpServer, Store, Told) {
    let store = Store::in_memory().unwrap();
    let governance = Arc::new(Governance::new(store.clone()));
    let ada = Person { name: "Ada".to_owned(), roles: [Role::Viewer].into(), domains: [].into() };
    let keys: KeyCheck = Arc::new(move |token| {
        let found = (token.expose_secret() == "gwk_ada").then(|| ada.clone()).ok_or("no such key".to_owned());
        Box::pin(async move { found })
    });
    let public = ed25519_dalek::SigningKey::from_bytes(&SEED).verifying_key().to_bytes();
    let passes = PassCheck::new(&public);
    let told = Told::default();
    let noted = Arc::clone(&told);
    let book: DoorBook = Arc::new(move |_, event| {
        noted.lock().unwrap().push(event);
        Box::pin(std::future::ready(()))
    });
    let systems = vec![System::Tasks];
    let door = Door { systems, passes, keys, resource: None, unnamed, book };
    let governed = Governed::behind_door(toy_server(toys), governance, ToolNames::Dotted);
    let stop = CancellationToken::new();
    let mount = Mount { path: "/mcp".to_owned(), door, hosts: Vec::new() };
    let peers = mount.router(governed, &stop).into_make_service_with_connect_info::<SocketAddr>();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let until = stop.clone().cancelled_owned();
    tokio::spawn(async move { axum::serve(listener, peers).with_graceful_shutdown(until).await });
    (HttpServer { addr, _stop: stop.drop_guard() }, store, told)
}

/// What the door's book was told.
type Told = Arc<Mutex<Vec<AtDoor>>>;

/// Code, and who it was if that was proved, of everybody who was turned away.
fn turned_away(told: &Told) -> Vec<(&'static str, Option<String>)> {
    let told = told.lock().unwrap();
    let turned = told.iter().filter_map(|event| match event {
        AtDoor::TurnedAway(turned) => {
            assert!(turned.peer.unwrap().is_loopback());
            Some((turned.code, turned.who.as_ref().map(ToString::to_string)))
        }
        AtDoor::LetIn(_) => None,
    });
    turned.collect()
}

const SEED: [u8; 32] = [9; 32];

pub fn http() -> reqwest::Client {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    gangway_governance::vendor::http_client().unwrap()
}

/// A legacy tool call, which needs nothing before it on a server without sessions.
fn post(server: &HttpServer, arguments: Value) -> reqwest::RequestBuilder {
    http()
        .post(server.url())
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25")
        .json(&json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "tasks.peek", "arguments": arguments}
        }))
}

#[tokio::test]
async fn a_call_is_answered_with_plain_json() {
    let server = serve().await;
    let response = post(&server, json!({"mode": "over http"})).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(response.headers().get("mcp-session-id").is_none());
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["result"]["structuredContent"]["said"], "over http");
}

#[tokio::test]
async fn a_foreign_origin_or_host_is_turned_away() {
    let unnamed = Principal::local("http", Reach::Writes).unwrap();
    let (server, _, told) = serve_with(Some(unnamed)).await;
    for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("host", "evil.example")] {
        let response = post(&server, json!({})).header(name, value).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let own = post(&server, json!({})).header("origin", "http://localhost:6274").send().await.unwrap();
    assert_eq!(own.status(), StatusCode::OK);
    let each = ("FOREIGN_HOST_OR_ORIGIN", Some("local:http".to_owned()));
    assert_eq!(turned_away(&told), [each.clone(), each.clone(), each]);
}

#[tokio::test]
async fn a_body_beyond_the_limit_and_one_that_is_no_message_are_turned_away_and_told() {
    let unnamed = Principal::local("http", Reach::Writes).unwrap();
    let (server, _, told) = serve_with(Some(unnamed)).await;
    let response = post(&server, json!({"anything": "x".repeat(5 << 20)})).send().await;
    // The server may close before it has read everything.
    assert!(response.is_err() || response.is_ok_and(|it| it.status() == StatusCode::PAYLOAD_TOO_LARGE));
    let after = post(&server, json!({})).send().await.unwrap();
    assert_eq!(after.status(), StatusCode::OK);
    let garbled = post(&server, json!({})).body("{\"jsonrpc\":").send().await.unwrap();
    assert!(garbled.status().is_client_error(), "{}", garbled.status());
    let who = Some("local:http".to_owned());
    assert_eq!(turned_away(&told), [("TOO_LARGE", who.clone()), ("MALFORMED", who)]);
}

const NOBODY_UNNAMED: Option<Principal> = None;

/// What a call with this credential comes to: the status, and the answer.
async fn with(server: &HttpServer, token: &str, tool: &str) -> (StatusCode, Value) {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": tool, "arguments": {"idempotency_key": "k"}}});
    let request = post(server, json!({})).json(&body).header("authorization", format!("Bearer {token}"));
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

fn pass(holder: Holder, system: System) -> String {
    PassMint::new(&SEED).make(holder, system, Timestamp::now()).unwrap()
}

#[tokio::test]
async fn who_shows_nothing_or_something_bad_is_told_how_to_come_in() {
    let (server, store, told) = serve_with(NOBODY_UNNAMED).await;
    let refused = post(&server, json!({})).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()["www-authenticate"], "Bearer realm=\"gangway\"");
    let elsewhere = pass(Holder::Agent(Agent::TaskMonitor), System::Notify);
    for token in ["", "gwk_eve", "a.b.c", "x", &elsewhere] {
        let (status, answer) = with(&server, token, "tasks.poke").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{token}");
        assert!(answer["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer}");
    }
    let twice = post(&server, json!({})).header("authorization", "Bearer gwk_ada");
    let twice = twice.header("authorization", "Bearer gwk_eve").send().await.unwrap();
    assert_eq!(twice.status(), StatusCode::UNAUTHORIZED);
    let mut expected = vec![("NO_CREDENTIAL", None)];
    expected.extend((0..6).map(|_| ("BAD_CREDENTIAL", None)));
    assert_eq!(turned_away(&told), expected);
    assert!(
        !format!("{:?}", told.lock().unwrap()).contains("gwk_eve"),
        "the book holds nothing of what was shown"
    );
    assert!(store.audit().tail(1).await.unwrap().is_empty(), "what is kept of it is the book's business");
}

#[tokio::test]
async fn a_pass_and_a_key_come_in_under_their_own_names_and_rights() {
    let (server, store, _) = serve_with(NOBODY_UNNAMED).await;
    let monitor = pass(Holder::Agent(Agent::TaskMonitor), System::Tasks);
    let (status, answer) = with(&server, &monitor, "tasks.poke").await;
    assert_eq!((status, &answer["result"]["isError"]), (StatusCode::OK, &json!(false)), "{answer}");
    let (status, answer) = with(&server, "gwk_ada", "tasks.poke").await;
    assert_eq!((status, &answer["result"]["isError"]), (StatusCode::OK, &json!(true)), "{answer}");
    assert!(answer.to_string().contains("NOT_PERMITTED"), "{answer}");
    let audit = store.audit().tail(10).await.unwrap();
    let told: Vec<(&str, bool)> =
        audit.iter().map(|entry| (entry.record.principal.as_str(), entry.record.policy.is_some())).collect();
    assert_eq!(told, [("agent:task-monitor", true), ("agent:task-monitor", true), ("person:Ada", true)]);
}

#[tokio::test]
async fn a_list_holds_what_its_reader_may_call() {
    let (server, ..) = serve_with(NOBODY_UNNAMED).await;
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let tools = async |token: &str| {
        let request = post(&server, json!({})).json(&body).header("authorization", format!("Bearer {token}"));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["result"]["tools"].as_array().unwrap().len()
    };
    assert_eq!(tools(&pass(Holder::Agent(Agent::TaskMonitor), System::Tasks)).await, 3);
    assert_eq!(tools(&pass(Holder::Agent(Agent::Finance), System::Tasks)).await, 0);
    assert_eq!(tools("gwk_ada").await, 0);
}

#[tokio::test]
async fn a_handler_that_panics_over_http_is_answered_and_the_next_call_works() {
    let server = serve().await;
    let failed: Value = post(&server, json!({"mode": "panic"})).send().await.unwrap().json().await.unwrap();
    assert_eq!(failed["result"]["isError"], true, "{failed}");
    assert!(
        failed.to_string().contains("INTERNAL") && !failed.to_string().contains("secret words"),
        "{failed}"
    );
    let good: Value = post(&server, json!({"mode": "again"})).send().await.unwrap().json().await.unwrap();
    assert_eq!(good["result"]["structuredContent"]["said"], "again");
}
