//! How many events may come: from one address before it is known who sends, from one sender after.

use crate::serve::settings::Serve;
use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

type Keyed<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>;

/// The limits of the webhooks.
pub struct Rates {
    addresses: Keyed<IpAddr>,
    senders: Keyed<String>,
}

impl Rates {
    /// The configured limits; nobody has sent anything yet.
    pub fn of(settings: &Serve) -> Self {
        Self { addresses: keyed(settings.requests_per_minute), senders: keyed(settings.events_per_minute) }
    }

    /// Counts a request of an address.
    ///
    /// # Errors
    /// Too many: how long to wait.
    pub fn hear(&self, address: IpAddr) -> Result<(), Duration> {
        check(&self.addresses, &address)
    }

    /// Counts an event of a sender.
    ///
    /// # Errors
    /// Too many: how long to wait.
    pub fn accept(&self, sender: &str) -> Result<(), Duration> {
        check(&self.senders, &sender.to_owned())
    }

    /// Forgets addresses that have been quiet, so that memory does not grow with the number of strangers.
    pub fn forget_the_quiet(&self) {
        self.addresses.retain_recent();
        self.addresses.shrink_to_fit();
    }
}

fn keyed<K: Clone + Hash + Eq>(per_minute: NonZeroU32) -> Keyed<K> {
    RateLimiter::keyed(Quota::per_minute(per_minute))
}

fn check<K: Clone + Hash + Eq>(limiter: &Keyed<K>, key: &K) -> Result<(), Duration> {
    limiter.check_key(key).map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::Rates;
    use crate::serve::settings::Serve;
    use std::net::{IpAddr, Ipv4Addr};
    use std::num::NonZeroU32;

    #[test]
    fn each_sender_and_each_address_has_a_limit_of_its_own() {
        let two = NonZeroU32::new(2).unwrap();
        let rates =
            Rates::of(&Serve { events_per_minute: two, requests_per_minute: two, ..Serve::default() });
        let address = |last| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
        for _ in 0..2 {
            rates.accept("crm").unwrap();
            rates.hear(address(1)).unwrap();
        }
        let wait = rates.accept("crm").unwrap_err();
        assert!((1..=30).contains(&wait.as_secs()), "{wait:?}");
        assert!(rates.hear(address(1)).is_err());
        rates.accept("billing").unwrap();
        rates.hear(address(2)).unwrap();
    }
}
