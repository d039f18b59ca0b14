//! The client's side of a session: how we introduce ourselves, and hearing that a server's tools have changed: it is asked again before the next call, and not only after two minutes.
//!
//! A server of the present era says so on a stream that it is asked for, an earlier one to whoever is connected; both are
//! heard. That it says nothing proves nothing: what it offers is asked now and then in any case.

use rmcp::handler::client::ClientHandler;
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation, ServerNotification, SubscriptionFilter};
use rmcp::service::{NotificationContext, Peer, RoleClient};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was heard on one session. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Ears {
    has_news: Arc<AtomicBool>,
}

impl Ears {
    /// Whether the server has said that its tools changed.
    pub(crate) fn have_news(&self) -> bool {
        self.has_news.load(Ordering::Acquire)
    }

    /// Before the server is asked: what it says from now on is news again.
    pub(crate) fn forget(&self) {
        self.has_news.store(false, Ordering::Release);
    }

    fn note(&self) {
        self.has_news.store(true, Ordering::Release);
    }

    /// Asks a server that says when its tools change to say so here, for as long as the session lasts.
    pub(crate) fn listen_to(&self, server: &Peer<RoleClient>) {
        let capabilities = server.peer_info().map(|server| server.capabilities.clone());
        let tells = capabilities.and_then(|offers| offers.tools).and_then(|tools| tools.list_changed);
        if tells != Some(true) {
            return;
        }
        let (ears, server) = (self.clone(), server.clone());
        tokio::spawn(async move {
            let wanted = SubscriptionFilter::builder().tools_list_changed().build();
            let mut told = match server.listen(wanted).await {
                Ok(told) => told,
                // One of an earlier era says it without being asked.
                Err(error) => return tracing::debug!(%error, "a server does not say when its tools change"),
            };
            // Before it was listened to, something may have changed unheard; and so after it ends.
            ears.note();
            while let Ok(Some(ServerNotification::ToolListChangedNotification(_))) = told.next().await {
                ears.note();
            }
            ears.note();
        });
    }
}

impl ClientHandler for Ears {
    fn get_info(&self) -> ClientConfig {
        let name = Implementation::new("gangway-toolbelt", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), name)
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.note();
    }
}
