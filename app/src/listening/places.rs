//! The places for connections, and who gives one up when all are taken: whoever has kept us waiting longest for a whole
//! request, be it that they dribble or that they say nothing. A request that is being answered is never cut for another.
//!
//! So a peer that holds every place with requests it does not finish keeps nobody out: each newcomer costs it one.

use super::pace::Turn;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The places of a listener.
pub struct Places {
    most: usize,
    taken: Mutex<Taken>,
    /// A place is free, or a connection waits that was being answered: look again.
    changed: Arc<Notify>,
}

#[derive(Default)]
struct Taken {
    turns: HashMap<u64, Arc<Turn>>,
    next: u64,
}

/// A connection's place, until it is dropped.
pub struct Place {
    /// Where the connection stands.
    pub turn: Arc<Turn>,
    id: u64,
    places: Arc<Places>,
}

impl Places {
    /// So many.
    pub fn for_at_most(most: NonZeroU32) -> Arc<Self> {
        let most = usize::try_from(most.get()).unwrap_or(usize::MAX);
        Arc::new(Self { most, taken: Mutex::default(), changed: Arc::default() })
    }

    /// A place for a newcomer, as soon as there is one.
    pub async fn take(self: &Arc<Self>) -> Place {
        loop {
            if let Some(place) = self.free() {
                return place;
            }
            self.want_one();
            self.changed.notified().await;
        }
    }

    /// Ends every connection on which no request has begun to be taken in.
    pub fn dismiss(&self) {
        self.taken().turns.values().for_each(|turn| turn.want_way_before_a_request());
    }

    fn free(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken();
        if taken.turns.len() >= self.most {
            return None;
        }
        let (id, turn) = (taken.next, Arc::new(Turn::new(Arc::clone(&self.changed))));
        taken.next = id.wrapping_add(1);
        taken.turns.insert(id, Arc::clone(&turn));
        Some(Place { turn, id, places: Arc::clone(self) })
    }

    /// Asks for one place; while somebody is about to give theirs up, for none.
    fn want_one(&self) {
        let taken = self.taken();
        if taken.turns.values().any(|turn| turn.gives_way()) {
            return;
        }
        let waiting = taken.turns.iter().filter_map(|(id, turn)| Some((turn.waits_since()?, id, turn)));
        if let Some((_, _, longest)) = waiting.min_by_key(|(since, id, _)| (*since, *id)) {
            longest.want_way();
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().turns.remove(&self.id);
        self.places.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::Places;
    use futures::FutureExt as _;
    use std::num::NonZeroU32;

    #[tokio::test]
    async fn the_one_who_has_kept_us_waiting_longest_gives_way_and_nobody_who_is_answered() {
        let places = Places::for_at_most(NonZeroU32::new(3).unwrap());
        let answered = places.take().await;
        let dribbling = places.take().await;
        let silent = places.take().await;
        answered.turn.head_is_whole();
        answered.turn.body_is_whole();
        dribbling.turn.head_is_whole();
        for _ in 0..2 {
            assert!(places.take().now_or_never().is_none());
            let asked = [&answered, &dribbling, &silent].map(|place| place.turn.gives_way());
            assert_eq!(asked, [false, true, false], "one place is wanted, so one is asked for");
        }
        dribbling.turn.way_is_wanted().now_or_never().unwrap();
        drop(dribbling);
        let newcomer = places.take().now_or_never().unwrap();
        assert!(places.take().now_or_never().is_none());
        assert!(silent.turn.gives_way() && !newcomer.turn.gives_way());
    }

    #[tokio::test]
    async fn a_request_that_became_whole_meanwhile_is_answered_and_the_newcomer_waits_for_it() {
        let places = Places::for_at_most(NonZeroU32::MIN);
        let only = places.take().await;
        let mut newcomer = Box::pin(places.take());
        assert!((&mut newcomer).now_or_never().is_none());
        only.turn.head_is_whole();
        only.turn.body_is_whole();
        assert!(only.turn.way_is_wanted().now_or_never().is_none());
        assert!((&mut newcomer).now_or_never().is_none());
        assert!(!only.turn.gives_way(), "it is being answered");
        only.turn.is_answered();
        assert!((&mut newcomer).now_or_never().is_none());
        only.turn.way_is_wanted().now_or_never().unwrap();
        drop(only);
        assert!(newcomer.now_or_never().is_some());
    }
}
