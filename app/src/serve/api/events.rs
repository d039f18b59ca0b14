//! Live changes as server-sent events, resumed where a client left off by `Last-Event-ID`.
//!
//! Each client reads the feed for itself, one page ahead of what it has taken: a slow one costs one page of memory and
//! loses nothing until the feed's end is behind it, when it is told to look anew. A stream ends with the service, and
//! after a quarter of an hour, so that a revoked key does not listen on; clients connect again by themselves.

use super::document::Content;
use super::endpoint::{Api, Asked, Nothing, Route, header};
use crate::people::Action;
use crate::serve::{Problem, Service};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use gangway_store::{Change, StoreError};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

/// Streams open at once.
const CLIENTS: usize = 64;
/// Changes read at a time.
const PAGE: u32 = 100;
/// How soon a change that another process made is seen; those of this process are seen at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Commits come in hundreds a second under load; a look for each would help nobody.
const BREATH: Duration = Duration::from_millis(50);
const LIFE: Duration = Duration::from_mins(15);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Adds the endpoint.
pub fn endpoints(api: Api) -> Api {
    const EVENTS: Route = Route::get("/api/events", "watch", "Live changes as server-sent events: ids and states of runs, approvals, checklists, tasks and messages. Last-Event-ID resumes; without it only what comes. An event named reset says that changes were missed: look anew.")
        .by(Some(Action::Read));
    let seats = Arc::new(Semaphore::new(CLIENTS));
    api.stream(EVENTS, Content::text("text/event-stream"), move |asked: Asked<Nothing, Nothing, Nothing>| {
        watch(asked, Arc::clone(&seats))
    })
}

async fn watch(asked: Asked<Nothing, Nothing, Nothing>, seats: Arc<Semaphore>) -> Result<Response, Problem> {
    let Ok(seat) = seats.try_acquire_owned() else {
        let says = format!("{CLIENTS} clients watch already; try again later, or close another one");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, says).retry_after(KEEP_ALIVE));
    };
    let feed = asked.service.installation.store().feed();
    let commits = feed.committed();
    let (oldest, newest) = feed.bounds().await?;
    let (place, first) = match header(&asked.headers, "last-event-id") {
        None => (newest, None),
        Some(text) => match text.trim().parse::<u64>() {
            Ok(seen) if seen <= newest && seen.saturating_add(1) >= oldest => (seen, None),
            _ => (newest, Some(Event::default().event("reset").id(newest.to_string()).data("{}"))),
        },
    };
    let ready = VecDeque::from_iter(first);
    let ends = Instant::now() + LIFE;
    let watcher = Watcher { service: asked.service, commits, place, ready, ends, _seat: seat };
    let events = stream::unfold(watcher, |mut watcher| async move {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

/// One client and how far it has read.
struct Watcher {
    service: Arc<Service>,
    commits: watch::Receiver<()>,
    place: u64,
    ready: VecDeque<Event>,
    ends: Instant,
    _seat: OwnedSemaphorePermit,
}

impl Watcher {
    /// The next event; none at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if Instant::now() >= self.ends || self.service.stop.is_cancelled() {
                return None;
            }
            self.commits.mark_unchanged();
            match self.read().await {
                Ok(0) => self.wait().await?,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(
                        error = error.with_cause(),
                        "a stream of changes ends: the feed cannot be read"
                    );
                    return None;
                }
            }
        }
    }

    async fn read(&mut self) -> Result<usize, StoreError> {
        let changes = self.service.installation.store().feed().after(self.place, PAGE).await?;
        if let Some(last) = changes.last() {
            self.place = last.seq;
        }
        self.ready.extend(changes.iter().map(event));
        Ok(changes.len())
    }

    /// Until there may be something new; none when the service stops.
    async fn wait(&mut self) -> Option<()> {
        let stop = self.service.stop.clone();
        let commits = &mut self.commits;
        let something = async {
            tokio::time::sleep(BREATH).await;
            let _ = tokio::time::timeout(LOOK_EVERY, commits.changed()).await;
        };
        stop.run_until_cancelled(something).await
    }
}

fn event(change: &Change) -> Event {
    let told = json!({
        "at": change.at, "run_id": change.run_id, "account_id": change.account_id,
        "approval_id": change.approval_id, "task_id": change.task_id, "message_id": change.message_id,
        "state": change.state,
    });
    let told = match told {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect())
        }
        other => other,
    };
    Event::default().event(change.kind.name()).id(change.seq.to_string()).data(told.to_string())
}
