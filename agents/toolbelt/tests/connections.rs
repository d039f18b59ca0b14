//! Connections to a server in this process and across HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

mod toy;

use axum::Router;
use gangway_protocol::ErrorType;
use gangway_toolbelt::{Agent, Connection, Toolbelt};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use toy::{Toy, ask, behaves_like_every_other, belt};

const LONG: Duration = Duration::from_secs(60);

async fn serve(
    addr: SocketAddr,
) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<std::io::Result<()>>) {
    let stop = CancellationToken::new();
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_cancellation_token(stop.clone());
    let service = StreamableHttpService::new(|| Ok(Toy), Arc::new(NeverSessionManager::default()), config);
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
    behaves_like_every_other(&belt(Connection::embedded(Toy).await.unwrap())).await;
}

#[tokio::test]
async fn a_server_across_http_behaves_like_every_other() {
    let (addr, _stop, _task) = serve(loopback()).await;
    behaves_like_every_other(&belt(over_http(addr).await)).await;
}

#[tokio::test]
async fn an_http_server_may_come_go_and_come_back() {
    let (addr, stop, task) = serve(loopback()).await;
    let belt = belt(over_http(addr).await);
    assert_eq!(ask(&belt, "none", LONG).await, Ok(false));
    stop.cancel();
    task.await.unwrap().unwrap();
    let gone = ask(&belt, "none", LONG).await.unwrap_err();
    assert_eq!(gone.0, ErrorType::Network, "{gone:?}");
    let (_, _stop, _task) = serve(addr).await;
    assert_eq!(ask(&belt, "none", LONG).await, Ok(false));
}

#[tokio::test]
async fn many_calls_share_one_connection() {
    let (addr, _stop, _task) = serve(loopback()).await;
    for connection in [Connection::embedded(Toy).await.unwrap(), over_http(addr).await] {
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
    let belt = belt(Connection::embedded(Toy).await.unwrap());
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
