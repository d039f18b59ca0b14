//! What a listener allows its peers, and what becomes of it when they do not keep to it: a request that never was whole
//! leaves its trace like any refused one.

use super::pace::Cut;
use crate::refused::{RefusalLog, Refused};
use crate::serve::settings::Serve;
use gangway_protocol::Actor;
use gangway_store::Store;
use jiff::Timestamp;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// What a listener allows its peers, and whom it tells of those it cut.
pub struct Terms {
    /// Connections open at once.
    pub(super) connections: NonZeroU32,
    /// Time for a request's head, and for an idle connection until its next one.
    pub(super) head_time: Duration,
    /// Told from where a request came that never was whole, and why it was cut.
    pub(super) on_cut: Arc<dyn Fn(IpAddr, Cut) + Send + Sync>,
}

impl Terms {
    /// As configured.
    pub fn of(settings: &Serve, store: &Store, refusals: &Arc<RefusalLog>) -> Self {
        let (store, refusals) = (store.clone(), Arc::clone(refusals));
        let on_cut = move |peer, cut| {
            let (store, refusals) = (store.clone(), Arc::clone(&refusals));
            tokio::spawn(async move {
                let (what, who, code) = ("connection", Actor::nobody("nobody yet"), code(cut));
                let refused = Refused { what, page: None, peer: Some(peer), who, code, why: None };
                refusals.record(&store, &refused, Timestamp::now()).await;
            });
        };
        let head_time = Duration::from_millis(settings.head_ms.get());
        Self { connections: settings.connections, head_time, on_cut: Arc::new(on_cut) }
    }
}

fn code(cut: Cut) -> &'static str {
    match cut {
        Cut::HeadIncomplete => "HEAD_INCOMPLETE",
        Cut::GaveWay => "GAVE_WAY",
    }
}
