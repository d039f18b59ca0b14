//! Connections of everything here that answers over HTTP: how they come in, what answers on them, and how they end. How many
//! there may be and who gives way is for [`places`] to say, how long a body may take for [`body`].
//!
//! HTTP/1.1 only; TLS is a reverse proxy's. `axum::serve` can bound neither connections nor the time for headers.

pub mod body;
mod pace;
mod places;
mod terms;
mod told;

pub use terms::Terms;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use axum::middleware::AddExtension;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use pace::{Paced, Turn};
use places::{Place, Places};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use told::Told;
use tower::{Service as _, ServiceExt as _};

/// After a failed accept: file descriptors are short, and asking again at once would only burn time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A service that listens.
pub struct Listening {
    listener: TcpListener,
    /// Where: the port is known even if a free one was asked for.
    pub addr: SocketAddr,
}

impl Listening {
    /// Takes the address, which `setting` names.
    pub async fn at(addr: SocketAddr, setting: &str) -> Result<Self> {
        let cannot = || format!("cannot listen on {addr}; name another address with {setting}");
        let listener = TcpListener::bind(addr).await.with_context(cannot)?;
        let addr = listener.local_addr().with_context(cannot)?;
        Ok(Self { listener, addr })
    }

    /// Answers on these terms until `stop`; then closes the idle ones and lets open requests end.
    pub async fn answer(self, router: Router, terms: Terms, stop: CancellationToken) {
        let places = Places::for_at_most(terms.connections);
        let open = GracefulShutdown::new();
        let terms = Arc::new(terms);
        let mut peers = router.into_make_service_with_connect_info::<SocketAddr>();
        while let Some((stream, peer, place)) = stop.run_until_cancelled(self.next(&places)).await {
            let Ok(service) = peers.call(peer).await;
            let (terms, watcher) = (Arc::clone(&terms), open.watcher());
            tokio::spawn(async move {
                converse(stream, service, watcher, terms.head_time, &place.turn).await;
                if let Some(cut) = place.turn.cut() {
                    (terms.on_cut)(peer.ip(), cut);
                }
            });
        }
        drop(self.listener);
        places.dismiss();
        open.shutdown().await;
    }

    /// The next connection, once there is a place for it; those after it wait in the operating system's backlog.
    async fn next(&self, places: &Arc<Places>) -> (TcpStream, SocketAddr, Place) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, places.take().await),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Who is connected and what answers them.
type Answering = AddExtension<Router, ConnectInfo<SocketAddr>>;

/// Answers on one connection until it ends or gives way.
async fn converse(
    stream: TcpStream,
    service: Answering,
    watcher: Watcher,
    head_time: Duration,
    turn: &Arc<Turn>,
) {
    // Acknowledgements are small; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head_time);
    let (asked, answered) = (Arc::clone(turn), Arc::clone(turn));
    let service = service
        .map_request(move |request: Request<_>| request.map(|body| Told::by_peer(body, Arc::clone(&asked))))
        .map_response(move |response: Response<Body>| {
            response.map(|body| Told::by_us(body, Arc::clone(&answered)))
        });
    let io = TokioIo::new(Paced::new(stream, Arc::clone(turn)));
    let connection = builder.serve_connection(io, TowerToHyperService::new(service));
    tokio::select! {
        biased;
        ended = watcher.watch(connection) => {
            if let Err(error) = ended {
                tracing::debug!(error, "a connection ended early");
            }
        }
        () = turn.way_is_wanted() => {}
    }
}
