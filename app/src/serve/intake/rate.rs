//! How many events may come: from one address before it is known who sends, from one sender after.

use crate::serve::settings::Serve;
use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

/// Addresses with a limit of their own at one time. Beyond that, strangers share limits, so that memory stays bounded.
const MOST_ADDRESSES: usize = 10_000;
/// How many shared limits there are then.
const SHARED: u64 = 256;

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Peer {
    /// One address's, or one network's: who has one IPv6 address has 2^64 of them.
    Own(IpAddr),
    /// Those of many, while there are too many to tell apart.
    Shared(u64),
}

type Keyed<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>;

/// The limits of the webhooks.
pub struct Rates {
    addresses: Keyed<Peer>,
    senders: Keyed<String>,
    most_addresses: usize,
    shares: RandomState,
}

impl Rates {
    /// The configured limits; nobody has sent anything yet.
    pub fn of(settings: &Serve) -> Self {
        Self {
            addresses: keyed(settings.requests_per_minute),
            senders: keyed(settings.events_per_minute),
            most_addresses: MOST_ADDRESSES,
            shares: RandomState::new(),
        }
    }

    /// Counts a request of an address.
    ///
    /// # Errors
    /// Too many: how long to wait.
    pub fn hear(&self, address: IpAddr) -> Result<(), Duration> {
        let network = network(address);
        let is_crowded = self.addresses.len() >= self.most_addresses;
        let peer = match is_crowded {
            false => Peer::Own(network),
            true => Peer::Shared(self.shares.hash_one(network) % SHARED),
        };
        check(&self.addresses, &peer)
    }

    /// Counts an event of a sender.
    ///
    /// # Errors
    /// Too many: how long to wait.
    pub fn accept(&self, sender: &str) -> Result<(), Duration> {
        check(&self.senders, &sender.to_owned())
    }

    /// Forgets addresses that have been quiet.
    pub fn forget_the_quiet(&self) {
        self.addresses.retain_recent();
        self.addresses.shrink_to_fit();
    }
}

/// The address, or of an IPv6 one the network that is given to one customer.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
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

    use super::{Rates, SHARED};
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

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory_and_one_network_counts_once() {
        let rates = Rates { most_addresses: 10, ..Rates::of(&Serve::default()) };
        for number in 0..100_000 {
            rates.hear(IpAddr::V4(Ipv4Addr::from_bits(number))).ok();
        }
        assert!(rates.addresses.len() <= 10 + usize::try_from(SHARED).unwrap());
        let two = NonZeroU32::new(2).unwrap();
        let rates = Rates::of(&Serve { requests_per_minute: two, ..Serve::default() });
        for last in 1..=2 {
            rates.hear(format!("2001:db8:1:2::{last}").parse().unwrap()).unwrap();
        }
        assert!(rates.hear("2001:db8:1:2:ffff::1".parse().unwrap()).is_err());
        rates.hear("2001:db8:1:3::1".parse().unwrap()).unwrap();
    }
}
