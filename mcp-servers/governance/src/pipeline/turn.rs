//! Calls of one tool with one idempotency key take turns within this process, so that the second meets the first's
//! answer. Between processes the store's claim does that; it cannot wait.

use gangway_protocol::IdempotencyKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedMutexGuard;

type Subject = (&'static str, IdempotencyKey);
type Queues = HashMap<Subject, Arc<tokio::sync::Mutex<()>>>;

/// The keys being worked on, each with its queue.
#[derive(Default)]
pub(crate) struct Turns {
    queues: Mutex<Queues>,
}

/// A place in a key's queue; first in line once `take` has returned. Leaving the line, in whatever way, frees it.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    subject: Subject,
    queue: Arc<tokio::sync::Mutex<()>>,
    first: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until nobody else in this process works on this key.
    pub(crate) async fn take(&self, tool: &'static str, key: &IdempotencyKey) -> Turn<'_> {
        let subject = (tool, key.clone());
        let queue = Arc::clone(self.queues().entry(subject.clone()).or_default());
        // Made before the wait, so that a caller that stops waiting leaves the line as well.
        let mut turn = Turn { turns: self, subject, queue, first: None };
        turn.first = Some(Arc::clone(&turn.queue).lock_owned().await);
        turn
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        // Entries are whole values; a poisoned lock still guards a sound map.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.first = None;
        let mut queues = self.turns.queues();
        // The map's and ours: nobody else is in line. Others join only under the map's lock.
        if Arc::strong_count(&self.queue) == 2 {
            queues.remove(&self.subject);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

    use super::Turns;
    use futures::FutureExt as _;
    use gangway_protocol::IdempotencyKey;

    #[tokio::test]
    async fn one_at_a_time_per_key_and_nothing_is_kept() {
        let turns = Turns::default();
        let key = IdempotencyKey::parse("k").unwrap();
        let first = turns.take("a.b", &key).await;
        assert!(turns.take("a.c", &key).now_or_never().is_some(), "another tool does not wait");
        {
            let mut waits = Box::pin(turns.take("a.b", &key));
            assert!((&mut waits).now_or_never().is_none());
        }
        let mut second = Box::pin(turns.take("a.b", &key));
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        drop(second.await);
        assert!(turns.queues().is_empty());
    }
}
