//! Rates: a token bucket for a whole vendor, and one per caller and tool. The buckets are governor's (GCRA); ours is the
//! clock they read, so that tests can hold the time still, and which bucket a call draws from.
//!
//! It refuses and says how long; whether anybody waits is the caller's decision.

use super::settings::{CallerSettings, RateSettings};
use crate::access::Principal;
use crate::access::policy::Subject;
use gangway_protocol::Actor;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The runtime's clock, which a test can pause.
#[derive(Debug, Clone, Copy, Default)]
struct RuntimeClock;

impl Clock for RuntimeClock {
    type Instant = Instant;

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

type Bucket<K, S> = RateLimiter<K, S, RuntimeClock, NoOpMiddleware<Instant>>;

/// The bucket of one vendor; none when nothing is limited.
pub(super) struct VendorRate(Option<Bucket<NotKeyed, InMemoryState>>);

impl VendorRate {
    pub(super) fn new(settings: Option<RateSettings>) -> Self {
        Self(settings.map(|settings| RateLimiter::direct_with_clock(quota(settings), RuntimeClock)))
    }

    /// Takes a token, or says when there will be one.
    pub(super) fn take(&self) -> Result<(), Duration> {
        self.0.as_ref().map_or(Ok(()), |bucket| wait_of(bucket.check()))
    }
}

/// Who draws, and for which tool.
type Caller = (Actor, &'static str);

/// Callers and tools remembered before those with a full bucket are forgotten.
const MOST_CALLERS: usize = 4_096;

/// Buckets of one size, by caller and tool.
struct Buckets {
    limiter: Bucket<Caller, HashMapStateStore<Caller>>,
    /// With more than these it is time to forget: twice what was left the last time, so that a crowd of callers who all
    /// are busy is not gone through at every call.
    forget_above: AtomicUsize,
}

impl Buckets {
    fn of(rate: RateSettings) -> Self {
        let limiter = RateLimiter::hashmap_with_clock(quota(rate), RuntimeClock);
        Self { limiter, forget_above: AtomicUsize::new(MOST_CALLERS) }
    }

    fn take(&self, caller: &Caller) -> Result<(), Duration> {
        if self.limiter.len() > self.forget_above.load(Ordering::Relaxed) {
            self.limiter.retain_recent();
            let left = self.limiter.len();
            self.forget_above.store(left.saturating_mul(2).max(MOST_CALLERS), Ordering::Relaxed);
        }
        wait_of(self.limiter.check_key(caller))
    }
}

/// The buckets per caller and tool. A caller that is named draws from buckets of its own size.
pub(super) struct CallerRates {
    /// In the order in which a caller is looked for.
    named: Vec<(Subject, Option<Buckets>)>,
    others: Option<Buckets>,
}

impl CallerRates {
    pub(super) fn new(settings: &CallerSettings) -> Self {
        let named = settings.named().into_iter().map(|(name, rate)| (name, rate.map(Buckets::of))).collect();
        Self { named, others: settings.others().map(Buckets::of) }
    }

    /// Takes a token, or says when there will be one.
    pub(super) fn take(&self, principal: &Principal, tool: &'static str) -> Result<(), Duration> {
        let named = self.named.iter().find(|(subject, _)| subject.is(principal));
        let buckets = named.map_or(&self.others, |(_, buckets)| buckets);
        buckets.as_ref().map_or(Ok(()), |buckets| buckets.take(&(principal.actor().clone(), tool)))
    }
}

fn quota(settings: RateSettings) -> Quota {
    let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(settings.per_second)).allow_burst(at_least_one(settings.burst))
}

fn wait_of(checked: Result<(), governor::NotUntil<Instant>>) -> Result<(), Duration> {
    checked.map_err(|not_until| not_until.wait_time_from(RuntimeClock.now()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

    use super::{CallerRates, MOST_CALLERS, VendorRate};
    use crate::access::policy::Subject;
    use crate::access::{Principal, Reach};
    use crate::limits::settings::{CallerSettings, RateSettings};
    use gangway_protocol::{Agent, Person, Role};
    use std::time::Duration;

    const TEN: RateSettings = RateSettings { per_second: 10, burst: 2 };

    #[tokio::test(start_paused = true)]
    async fn a_bucket_gives_its_burst_then_its_rate() {
        let rate = VendorRate::new(Some(TEN));
        assert_eq!([rate.take(), rate.take()], [Ok(()), Ok(())]);
        assert_eq!(rate.take(), Err(Duration::from_millis(100)));
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!(rate.take(), Ok(()));
        assert!(rate.take().is_err());
        assert_eq!(VendorRate::new(None).take(), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn every_caller_and_tool_has_a_bucket_of_its_own() {
        let settings = CallerSettings { per_second: Some(1), burst: Some(1), ..CallerSettings::default() };
        let (rates, jane, joe) = (CallerRates::new(&settings), launched("jane"), launched("joe"));
        assert_eq!(rates.take(&jane, "a.b"), Ok(()));
        assert!(rates.take(&jane, "a.b").is_err());
        assert_eq!((rates.take(&jane, "a.c"), rates.take(&joe, "a.b")), (Ok(()), Ok(())));
    }

    #[tokio::test(start_paused = true)]
    async fn callers_who_stopped_calling_are_forgotten() {
        let settings = CallerSettings { per_second: Some(1), burst: Some(1), ..CallerSettings::default() };
        let rates = CallerRates::new(&settings);
        let crowd = |from: usize, to: usize| {
            for number in from..to {
                let _ = rates.take(&launched(&format!("caller-{number}")), "a.b");
            }
            rates.others.as_ref().map(|buckets| buckets.limiter.len())
        };
        assert_eq!(crowd(0, 3 * MOST_CALLERS), Some(3 * MOST_CALLERS), "who is busy is remembered");
        tokio::time::advance(Duration::from_secs(2)).await;
        let left = crowd(3 * MOST_CALLERS, 6 * MOST_CALLERS);
        assert!(left.is_some_and(|left| left <= 4 * MOST_CALLERS), "{left:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn our_own_agents_are_not_slowed_down_unless_somebody_says_so() {
        let (rates, agent) =
            (CallerRates::new(&CallerSettings::default()), Principal::agent(Agent::Coordinator));
        assert!((0..10_000).all(|_| rates.take(&agent, "a.b").is_ok()));
        assert_eq!(passing(&[("agent:coordinator", 2)], &agent), 2);
    }

    /// How many of thirty calls at once pass with these bursts.
    fn passing(bursts: &[(&str, u32)], caller: &Principal) -> usize {
        let named = bursts.iter().map(|(word, burst)| {
            (Subject::read(word).unwrap(), RateSettings { per_second: *burst, burst: *burst })
        });
        let rates = CallerRates::new(&CallerSettings { named: named.collect(), ..CallerSettings::default() });
        (0..30).filter(|_| rates.take(caller, "a.b").is_ok()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_is_found_by_its_name_before_a_group_it_is_of() {
        let host = Principal::host("desk", "ada", ["tasks:read".to_owned()].into()).unwrap();
        let roles = [Role::Cs, Role::Approver].into();
        let jo = Principal::person(Person { name: "Jo Doe".to_owned(), roles, domains: [].into() });
        for (caller, bursts, passed) in [
            (&host, &[("host:desk", 3)][..], 3),
            (&host, &[("host:other", 3), ("person:desk", 3), ("local:desk", 3)], 30),
            (&host, &[("host", 1), ("scope:tasks:read", 2), ("host:desk", 7)], 7),
            (&host, &[("host", 5), ("scope:tasks:read", 2)], 2),
            (&jo, &[("person:Jo Doe", 4), ("role:cs", 1)], 4),
            (&jo, &[("role:cs", 6), ("role:approver", 5), ("role:viewer", 1)], 5),
            (&launched("desk"), &[("local:desk", 2), ("local", 1), ("host:desk", 1)], 2),
            (&launched("other"), &[("local:desk", 2), ("local", 1)], 1),
        ] {
            assert_eq!(passing(bursts, caller), passed, "{caller} {bursts:?}");
        }
    }

    fn launched(name: &str) -> Principal {
        Principal::local(name, Reach::Reads).unwrap()
    }
}
