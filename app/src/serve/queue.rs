//! Accepted runs on their way to being driven: a bounded line, oldest first, and the workers at its end.
//!
//! The line is durable because what stands in it is: every run in it is committed, and at the next start those that were
//! not driven to a rest stand in it again. Only the order of waiting is kept in memory.

use super::Service;
use anyhow::Result;
use gangway_protocol::{RunId, RunRecord};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// Wait before a run whose drive failed on our own side (the store, say) is driven again; doubles each time.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LONGEST: Duration = Duration::from_secs(60);
/// So many events being taken in at once are a flood, and runs let them go first: a sender's patience is short.
const FLOOD: usize = 16;
/// Longest time a run lets them: a flood that does not end only slows the runs down.
const LETS_GO_FIRST: Duration = Duration::from_millis(250);

/// A place in the line, held before anything is committed: what was accepted is never turned away.
pub struct Place {
    room: OwnedSemaphorePermit,
    _arriving: Arriving,
}

/// An event being taken in, counted until its run stands in the line or it was turned away.
struct Arriving(watch::Sender<usize>);

impl Arriving {
    fn at(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|arriving| *arriving += 1);
        Self(count.clone())
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.0.send_if_modified(|arriving| {
            *arriving = arriving.saturating_sub(1);
            // Nobody waits for any other number.
            *arriving + 1 == FLOOD
        });
    }
}

struct Ticket {
    run_id: RunId,
    /// None for a run that was accepted by an earlier process when the line was full.
    room: Option<OwnedSemaphorePermit>,
    failed: u32,
}

/// The line.
pub struct Queue {
    room: Arc<Semaphore>,
    capacity: usize,
    arriving: watch::Sender<usize>,
    tail: mpsc::UnboundedSender<Ticket>,
    head: tokio::sync::Mutex<mpsc::UnboundedReceiver<Ticket>>,
    /// Who waits for a run to rest.
    waiting: Mutex<HashMap<RunId, Vec<oneshot::Sender<RunRecord>>>>,
    /// Runs that stand in the line or are being driven from it: none stands in it twice.
    lined_up: Mutex<HashMap<RunId, Standing>>,
}

/// How a run stands in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Waiting,
    Driven,
    /// Somebody asked for it while it was driven, perhaps after the drive had looked for what they decided.
    DrivenAndAskedFor,
}

impl Queue {
    /// A line of so many places.
    pub fn with_room_for(capacity: NonZeroU32) -> Self {
        let capacity = usize::try_from(capacity.get()).unwrap_or(Semaphore::MAX_PERMITS);
        let (tail, head) = mpsc::unbounded_channel();
        Self {
            room: Arc::new(Semaphore::new(capacity)),
            capacity,
            arriving: watch::Sender::new(0),
            tail,
            head: tokio::sync::Mutex::new(head),
            waiting: Mutex::default(),
            lined_up: Mutex::default(),
        }
    }

    /// A place at the end of the line; none when it is full.
    pub fn reserve(&self) -> Option<Place> {
        let room = Arc::clone(&self.room).try_acquire_owned().ok()?;
        Some(Place { room, _arriving: Arriving::at(&self.arriving) })
    }

    /// Puts a committed run at the end of the line, unless it stands in it.
    pub fn push(&self, run_id: RunId, place: Option<Place>) {
        match self.lined_up().entry(run_id.clone()) {
            Entry::Vacant(free) => {
                free.insert(Standing::Waiting);
            }
            Entry::Occupied(mut taken) => {
                if *taken.get() == Standing::Driven {
                    taken.insert(Standing::DrivenAndAskedFor);
                }
                return;
            }
        }
        self.put(Ticket { run_id, room: place.map(|place| place.room), failed: 0 });
    }

    /// Lets a run go on that rested until now, and gives it when it rests again, if that is in time.
    pub async fn go_on(&self, run_id: RunId, longest: Duration) -> Option<RunRecord> {
        let rest = self.rest_of(&run_id);
        self.push(run_id, None);
        tokio::time::timeout(longest, rest).await.ok()?.ok()
    }

    /// How many runs wait to be begun, as far as the line has places for them.
    pub fn length(&self) -> usize {
        self.capacity.saturating_sub(self.room.available_permits())
    }

    /// Resolves when a worker has driven the run to a rest. Ask before looking where the run stands.
    pub fn rest_of(&self, run_id: &RunId) -> oneshot::Receiver<RunRecord> {
        let (tell, rest) = oneshot::channel();
        let mut waiting = self.waiting();
        let of_run = waiting.entry(run_id.clone()).or_default();
        of_run.retain(|waiter| !waiter.is_closed());
        of_run.push(tell);
        rest
    }

    /// Lets go of those who gave up waiting.
    pub fn forget_the_gone(&self) {
        self.waiting().retain(|_, of_run| {
            of_run.retain(|waiter| !waiter.is_closed());
            !of_run.is_empty()
        });
    }

    /// Resolves when no flood of events is being taken in, or it has lasted too long to wait for.
    async fn lull(&self) {
        let mut arriving = self.arriving.subscribe();
        let lull = arriving.wait_for(|arriving| *arriving < FLOOD);
        // However it ends, the run begins now.
        let _ = tokio::time::timeout(LETS_GO_FIRST, lull).await;
    }

    fn put(&self, ticket: Ticket) {
        // The line ends with the process; then the next one's start takes the run up.
        let _ = self.tail.send(ticket);
    }

    fn begin(&self, run_id: &RunId) {
        self.lined_up().insert(run_id.clone(), Standing::Driven);
    }

    /// Tells those who wait that the run rests; one asked for meanwhile goes to the end of the line first.
    fn end(&self, record: &RunRecord) {
        let standing = self.lined_up().remove(&record.run_id);
        if standing == Some(Standing::DrivenAndAskedFor) {
            return self.push(record.run_id.clone(), None);
        }
        let waiters = self.waiting().remove(&record.run_id).unwrap_or_default();
        for waiter in waiters {
            // Whoever stopped waiting does not want to know.
            let _ = waiter.send(record.clone());
        }
    }

    fn lined_up(&self) -> MutexGuard<'_, HashMap<RunId, Standing>> {
        self.lined_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<RunId, Vec<oneshot::Sender<RunRecord>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines up the runs that an earlier process left, and says how many those are.
pub async fn line_up_earlier(service: &Service) -> Result<usize> {
    let earlier = service.installation.store().runs().to_drive().await?;
    let count = earlier.len();
    for run_id in earlier {
        let place = service.queue.reserve();
        service.queue.push(run_id, place);
    }
    Ok(count)
}

/// Starts this many workers. They take no new run once the service stops, and end when theirs rests.
pub fn start_workers(service: &Arc<Service>, count: NonZeroU16) -> JoinSet<()> {
    (0..count.get()).map(|_| work(Arc::clone(service))).collect()
}

async fn work(service: Arc<Service>) {
    while let Some(Some(ticket)) = service.stop.run_until_cancelled(next(&service.queue)).await {
        service.queue.lull().await;
        drive(&service, ticket).await;
    }
}

async fn next(queue: &Queue) -> Option<Ticket> {
    queue.head.lock().await.recv().await
}

async fn drive(service: &Arc<Service>, ticket: Ticket) {
    let Ticket { run_id, room, failed } = ticket;
    drop(room);
    service.queue.begin(&run_id);
    match service.engine.durable().drive(&run_id).await {
        Ok(record) => service.queue.end(&record),
        Err(error) => {
            let wait = RETRY_FIRST.saturating_mul(2_u32.saturating_pow(failed)).min(RETRY_LONGEST);
            let error = anyhow::Error::from(error);
            tracing::warn!(%run_id, error = format!("{error:#}"), "run is driven again in {wait:?}");
            let service = Arc::clone(service);
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                service.queue.put(Ticket { run_id, room: None, failed: failed.saturating_add(1) });
            });
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{FLOOD, Queue, Standing, next};
    use futures::FutureExt as _;
    use gangway_protocol::RunId;
    use std::num::NonZeroU32;

    fn places(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    fn run(number: u32) -> RunId {
        RunId::parse(format!("run-{number}")).unwrap()
    }

    #[tokio::test]
    async fn the_oldest_is_next_and_a_full_line_has_no_place() {
        let queue = Queue::with_room_for(places(2));
        for number in 1..=2 {
            let place = queue.reserve().unwrap();
            queue.push(run(number), Some(place));
        }
        assert!(queue.reserve().is_none());
        assert_eq!(queue.length(), 2);
        let first = next(&queue).await.unwrap();
        assert_eq!(first.run_id, run(1));
        drop(first);
        assert!(queue.reserve().is_some(), "who begins gives the place up");
    }

    #[tokio::test]
    async fn a_run_stands_in_the_line_once() {
        let queue = Queue::with_room_for(places(2));
        queue.push(run(1), queue.reserve());
        queue.push(run(1), queue.reserve());
        assert_eq!(queue.length(), 1, "the second place is given back");
        queue.push(run(2), None);
        assert_eq!(next(&queue).await.unwrap().run_id, run(1));
        assert_eq!(next(&queue).await.unwrap().run_id, run(2));
        queue.begin(&run(2));
        queue.push(run(2), None);
        let standing = queue.lined_up().get(&run(2)).copied();
        assert_eq!(standing, Some(Standing::DrivenAndAskedFor), "it is driven once more");
    }

    #[tokio::test]
    async fn runs_let_a_flood_of_events_go_first() {
        let queue = Queue::with_room_for(places(100));
        queue.lull().now_or_never().unwrap();
        let mut flood: Vec<_> = (0..FLOOD).map(|_| queue.reserve().unwrap()).collect();
        let mut lull = Box::pin(queue.lull());
        assert!((&mut lull).now_or_never().is_none());
        queue.push(run(1), flood.pop());
        assert!((&mut lull).now_or_never().is_some(), "one of them stands in the line");
        let mut lull = Box::pin(queue.lull());
        flood.push(queue.reserve().unwrap());
        assert!((&mut lull).now_or_never().is_none(), "as many again");
    }

    #[tokio::test]
    async fn a_place_that_is_not_used_is_free_again() {
        let queue = Queue::with_room_for(places(1));
        drop(queue.reserve().unwrap());
        assert!(queue.reserve().is_some());
    }

    #[tokio::test]
    async fn who_gave_up_waiting_is_forgotten() {
        let queue = Queue::with_room_for(places(1));
        drop(queue.rest_of(&run(1)));
        let _still = queue.rest_of(&run(2));
        queue.forget_the_gone();
        assert_eq!(queue.waiting().len(), 1);
    }
}
