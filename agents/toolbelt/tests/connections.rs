//! Connections to a server in this process and across HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

mod toy;

use axum::Router;
use gangway_protocol::tools::netsuite::{GetExchangeRate, GetInvoices, InvoicesArgs, RateArgs};
use gangway_protocol::{AccountId, ErrorType};
use gangway_toolbelt::{Agent, Connection, Drift, Toolbelt};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use toy::{
    Toy, ask, behaves_like_every_other, belt, is_asked_again_once_it_says_that_its_tools_changed, scope,
};

const LONG: Duration = Duration::from_secs(60);

async fn serve(
    toy: Toy,
    addr: SocketAddr,
) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<std::io::Result<()>>) {
    let stop = CancellationToken::new();
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_cancellation_token(stop.clone());
    let service =
        StreamableHttpService::new(move || Ok(toy.clone()), Arc::new(NeverSessionManager::default()), config);
    let listener = TcpListener::bind(addr).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let router = Router::new().route_service("/mcp", service);
    let until = stop.clone().cancelled_owned();
    let task = tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(until).await });
    (addr, stop, task)
}

async fn over_http(addr: SocketAddr) -> Connection {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Connection::http(&format!("http://{addr}/mcp")).await.unwrap()
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

#[tokio::test]
async fn an_embedded_server_behaves_like_every_other() {
    behaves_like_every_other(&belt(Connection::embedded(Toy::default()).await.unwrap())).await;
}

#[tokio::test]
async fn a_server_across_http_behaves_like_every_other() {
    let (addr, _stop, _task) = serve(Toy::default(), loopback()).await;
    behaves_like_every_other(&belt(over_http(addr).await)).await;
}

#[tokio::test]
async fn a_server_across_http_that_says_that_its_tools_changed_is_asked_again() {
    let (addr, _stop, _task) = serve(Toy::that_tells(), loopback()).await;
    let belt = belt(over_http(addr).await);
    is_asked_again_once_it_says_that_its_tools_changed(&belt, "change and say so").await;
}

#[tokio::test]
async fn an_http_server_may_come_go_and_come_back() {
    let (addr, stop, task) = serve(Toy::default(), loopback()).await;
    let belt = belt(over_http(addr).await);
    assert_eq!(ask(&belt, "none", LONG).await, Ok(false));
    stop.cancel();
    task.await.unwrap().unwrap();
    let gone = ask(&belt, "none", LONG).await.unwrap_err();
    assert_eq!(gone.0, ErrorType::Network, "{gone:?}");
    let (_, _stop, _task) = serve(Toy::default(), addr).await;
    assert_eq!(ask(&belt, "none", LONG).await, Ok(false));
}

#[tokio::test]
async fn many_calls_share_one_connection() {
    let (addr, _stop, _task) = serve(Toy::default(), loopback()).await;
    for connection in [Connection::embedded(Toy::default()).await.unwrap(), over_http(addr).await] {
        let belt = belt(connection);
        let calls: Vec<_> = (0..64)
            .map(|_| {
                let belt = belt.clone();
                tokio::spawn(async move { ask(&belt, "none", LONG).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(false));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_costs_the_deadline_and_no_more() {
    let belt = belt(Connection::embedded(Toy::default()).await.unwrap());
    let began = tokio::time::Instant::now();
    let cut = ask(&belt, "never", Duration::from_secs(30)).await;
    assert_eq!(cut, Err((ErrorType::Timeout, "CALL_DEADLINE".to_owned())));
    assert_eq!(began.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn a_system_without_a_server_is_said_so() {
    let refused = ask(&Toolbelt::new(Agent::Finance), "none", LONG).await;
    assert_eq!(refused, Err((ErrorType::Network, "NO_CONNECTION".to_owned())));
}

#[tokio::test]
async fn a_tool_whose_words_were_changed_is_refused_and_told_about_and_the_others_work() {
    let (addr, _stop, _task) = serve(Toy::default(), loopback()).await;
    let told: Arc<Mutex<Vec<Drift>>> = Arc::default();
    let kept = Arc::clone(&told);
    let connection =
        over_http(addr).await.telling(Arc::new(move |drift| kept.lock().unwrap().push(drift.clone())));
    let belt = belt(connection);
    for _ in 0..2 {
        let args = InvoicesArgs { account_ids: vec![AccountId::parse("ACME-001").unwrap()] };
        let refused = belt.call::<GetInvoices>(&scope(LONG), &args).await.unwrap_err();
        assert_eq!((refused.error_code.as_str(), refused.not_sent), ("TOOL_DRIFTED", true), "{refused}");
        let args: RateArgs =
            serde_json::from_value(json!({"from": "EUR", "to": "USD", "date": "2026-01-01"})).unwrap();
        let absent = belt.call::<GetExchangeRate>(&scope(LONG), &args).await.unwrap_err();
        assert_eq!(absent.error_code, "TOOL_NOT_OFFERED");
        assert_eq!(ask(&belt, "none", LONG).await, Ok(false), "the tool that is as it was works");
    }
    let told = told.lock().unwrap();
    let tools: Vec<&str> = told.iter().map(|drift| drift.tool).collect();
    assert_eq!(tools, ["netsuite.get_invoices", "netsuite.get_exchange_rate"], "each once");
    assert!(told[0].found.is_some() && told[0].found.as_deref() != Some(told[0].pinned.as_str()));
}
