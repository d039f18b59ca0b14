//! A server in the same process: rmcp's own messages through channels, never written out as bytes.
//!
//! Protocol, governance and errors are those of every other connection; only the writing and reading of JSON is saved.

use crate::ears::Ears;
use crate::session::{Client, ConnectError, handshake, lifecycle};
use rmcp::handler::server::ServerHandler;
use rmcp::service::{
    ClientServiceExt as _, RoleClient, RoleServer, RxJsonRpcMessage, ServiceExt as _, ServiceRole,
    TxJsonRpcMessage,
};
use rmcp::transport::Transport;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Messages under way in one direction; who sends more waits.
const QUEUE: usize = 256;

/// Starts the server on one end of a pair of channels.
pub(crate) struct Embedded {
    start: Box<dyn Fn(Ends<RoleServer>) + Send + Sync>,
}

impl Embedded {
    pub(crate) fn new<S: ServerHandler>(server: S) -> Self {
        let server = Arc::new(server);
        let start = Box::new(move |ends| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                match server.serve(ends).await {
                    // It ends when the client's end is dropped.
                    Ok(running) => drop(running.waiting().await),
                    // The client's own handshake fails then and says so; a client that was dropped meanwhile wants nothing.
                    Err(error) => tracing::debug!(%error, "an embedded server did not start"),
                }
            });
        });
        Self { start }
    }

    pub(crate) async fn connect(&self) -> Result<Client, ConnectError> {
        let (to_server, from_client) = mpsc::channel(QUEUE);
        let (to_client, from_server) = mpsc::channel(QUEUE);
        (self.start)(Ends { send: to_client, receive: from_client });
        let ends = Ends::<RoleClient> { send: to_server, receive: from_server };
        Ears::default().serve_with_lifecycle(ends, lifecycle()).await.map_err(|error| handshake(&error))
    }
}

/// One side's ends of the two channels.
struct Ends<R: ServiceRole> {
    send: mpsc::Sender<TxJsonRpcMessage<R>>,
    receive: mpsc::Receiver<RxJsonRpcMessage<R>>,
}

/// The other side is gone.
#[derive(Debug, thiserror::Error)]
#[error("the other end of the embedded connection is closed")]
struct Closed;

impl<R: ServiceRole> Transport<R> for Ends<R> {
    type Error = Closed;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<R>,
    ) -> impl Future<Output = Result<(), Closed>> + Send + 'static {
        let send = self.send.clone();
        async move { send.send(item).await.map_err(|_| Closed) }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<R>> {
        self.receive.recv().await
    }

    async fn close(&mut self) -> Result<(), Closed> {
        self.receive.close();
        Ok(())
    }
}
