//! The book of the doors in front of our MCP servers: who was turned away, bounded like every refusal, and which hosts came
//! in by an access token. People's keys and our own callers' passes have their lines elsewhere, or with each call.

use crate::refused::{RefusalLog, Refused};
use gangway_governance::access::principal::Kind;
use gangway_governance::{AtDoor, DoorBook, Principal};
use gangway_protocol::Actor;
use gangway_protocol::audit::AuditRecord;
use gangway_store::Store;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The name a host's coming in stands under in the audit.
const CAME_IN: &str = "tokens.use";
/// One line for a host and some minutes, as for a key: each of its calls has its own.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// A book in this store; what is refused is counted together with what else this process refuses.
pub fn book(store: &Store, refusals: &Arc<RefusalLog>) -> DoorBook {
    let (store, refusals) = (store.clone(), Arc::clone(refusals));
    let seen = Arc::new(Seen::default());
    Arc::new(move |server, event| {
        let (store, refusals, seen) = (store.clone(), Arc::clone(&refusals), Arc::clone(&seen));
        Box::pin(async move { write(&store, (&refusals, &seen), &server, event).await })
    })
}

async fn write(store: &Store, (refusals, seen): (&RefusalLog, &Seen), server: &str, event: AtDoor) {
    let now = Timestamp::now();
    match event {
        AtDoor::LetIn(host) if seen.is_news(host.actor(), now) => {
            if let Err(error) = store.audit().append_later(came_in(&host, server, now)).await {
                tracing::error!(error = error.with_cause(), "an audit record was lost");
            }
        }
        AtDoor::LetIn(_) => {}
        AtDoor::TurnedAway(turned) => {
            let who =
                turned.who.as_ref().map_or_else(|| Actor::nobody("nobody proved"), |who| who.actor().clone());
            let (page, why) = (Some(server), turned.why.as_deref());
            let refused = Refused { what: "mcp", page, peer: turned.peer, who, code: turned.code, why };
            refusals.record(store, &refused, now).await;
        }
    }
}

fn came_in(host: &Principal, server: &str, now: Timestamp) -> AuditRecord {
    let scopes = match host.kind() {
        Kind::Host { scopes, .. } => json!(scopes),
        Kind::Agent(_) | Kind::Person(_) | Kind::Local(_) => json!([]),
    };
    AuditRecord::done(CAME_IN, host.actor(), json!({ "server": server, "scopes": scopes }), now)
}

/// When hosts were last noted.
#[derive(Default)]
struct Seen(Mutex<HashMap<Actor, Timestamp>>);

impl Seen {
    fn is_news(&self, host: &Actor, now: Timestamp) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(host).is_some_and(|at| now.duration_since(*at) < NOTED_EVERY) {
            return false;
        }
        noted.retain(|_, at| now.duration_since(*at) < NOTED_EVERY);
        noted.insert(host.clone(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{NOTED_EVERY, Seen};
    use gangway_protocol::Actor;
    use jiff::Timestamp;

    #[test]
    fn a_host_is_noted_once_in_five_minutes_and_forgotten_after_them() {
        let (seen, now) = (Seen::default(), Timestamp::UNIX_EPOCH);
        let (desk, pad) = (Actor::host("desk", "ada"), Actor::host("pad", "ada"));
        assert!(seen.is_news(&desk, now) && seen.is_news(&pad, now));
        assert!(!seen.is_news(&desk, now));
        assert!(seen.is_news(&desk, now + NOTED_EVERY));
        assert!(seen.0.lock().is_ok_and(|noted| noted.len() == 1), "who is gone takes no room");
    }
}
