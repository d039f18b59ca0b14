//! `gangway serve`: what a running service is made of, put together in one place.
//!
//! Each part is a file or folder with a `routes` function; nothing here decides anything.

mod health;
mod problem;
mod slack;
mod state;

pub use problem::Problem;
pub use state::Service;

use anyhow::{Context as _, Result};
use axum::Router;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// A service that listens.
pub struct Listening {
    listener: TcpListener,
    /// Where: the port is known even if a free one was asked for.
    pub addr: SocketAddr,
}

impl Listening {
    /// Takes the address.
    pub async fn at(addr: SocketAddr) -> Result<Self> {
        let cannot =
            || format!("cannot listen on {addr}; name another address with --listen or serve.listen");
        let listener = TcpListener::bind(addr).await.with_context(cannot)?;
        let addr = listener.local_addr().with_context(cannot)?;
        Ok(Self { listener, addr })
    }

    /// Answers until the service is stopped, then lets open requests end.
    pub async fn answer(self, service: Arc<Service>) -> Result<()> {
        let stopped = service.stop.clone().cancelled_owned();
        let router = router(service).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(self.listener, router).with_graceful_shutdown(stopped).await.context("serving HTTP ended")
    }
}

fn router(service: Arc<Service>) -> Router {
    Router::new()
        .merge(health::routes())
        .merge(slack::routes())
        .fallback(async || Problem::not_found("there is no such page"))
        .with_state(service)
}
