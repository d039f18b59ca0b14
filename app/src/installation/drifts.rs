//! The tools of other processes that this one refused to call, because they are not what they are pinned to. Remembers them
//! for as long as somebody on call should know; the audit remembers them for ever.

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// While a tool is still called it is refused anew with every session, which over HTTP is every two minutes.
const LATELY: SignedDuration = SignedDuration::from_mins(10);

/// Tools that drifted, and when that was seen last.
#[derive(Default)]
pub struct Drifts(Mutex<BTreeMap<&'static str, Timestamp>>);

impl Drifts {
    /// Notes that a tool was refused.
    pub fn note(&self, tool: &'static str, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tool, now);
    }

    /// Those that were refused lately.
    pub fn lately(&self, now: Timestamp) -> Vec<&'static str> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, at| now.duration_since(*at) < LATELY);
        seen.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Drifts, LATELY};
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn a_tool_is_told_of_until_it_was_not_refused_for_a_while() {
        let (drifts, now) = (Drifts::default(), Timestamp::UNIX_EPOCH);
        drifts.note("netsuite.get_invoice", now);
        let almost = now + LATELY - SignedDuration::from_secs(1);
        assert_eq!(drifts.lately(almost), ["netsuite.get_invoice"]);
        drifts.note("netsuite.get_invoice", almost);
        assert_eq!(drifts.lately(now + LATELY), ["netsuite.get_invoice"]);
        assert!(drifts.lately(almost + LATELY).is_empty());
    }
}
