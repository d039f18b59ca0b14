//! Answers to questions already asked: bounded, and forgotten after a while. In memory only.

use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};

/// The cache, keyed by request digest.
#[derive(Debug)]
pub(crate) struct Cache<T> {
    entries: HashMap<String, (Timestamp, T)>,
    /// Oldest first.
    order: VecDeque<String>,
    most: usize,
    lifetime: SignedDuration,
}

impl<T: Clone> Cache<T> {
    pub(crate) fn new(most: u32, lifetime_ms: u64) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
            lifetime: SignedDuration::from_millis(i64::try_from(lifetime_ms).unwrap_or(i64::MAX)),
        }
    }

    pub(crate) fn get(&self, key: &str, now: Timestamp) -> Option<T> {
        let (since, value) = self.entries.get(key)?;
        (now.duration_since(*since) < self.lifetime).then(|| value.clone())
    }

    pub(crate) fn put(&mut self, key: String, value: T, now: Timestamp) {
        if self.most == 0 {
            return;
        }
        if self.entries.insert(key.clone(), (now, value)).is_some() {
            self.order.retain(|known| *known != key);
        }
        self.order.push_back(key);
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.entries.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::Cache;
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn is_bounded_and_forgets() {
        let now: Timestamp = "2026-03-04T10:00:00Z".parse().unwrap();
        let mut cache = Cache::new(2, 1_000);
        for (n, key) in ["a", "b", "a", "c"].into_iter().enumerate() {
            cache.put(key.to_owned(), n, now);
        }
        assert_eq!([cache.get("a", now), cache.get("b", now), cache.get("c", now)], [Some(2), None, Some(3)]);
        assert_eq!(cache.get("a", now + SignedDuration::from_secs(1)), None);
        let mut none = Cache::new(0, 1_000);
        none.put("a".to_owned(), 1, now);
        assert_eq!(none.get("a", now), None);
    }
}
