//! What an engine is told when it is opened.

use gangway_protocol::crash_point::CrashPoints;
use jiff::Timestamp;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where the engine gets the time from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How often and how patiently a step is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// Wait before the second attempt; doubles with each further one.
    pub base: Duration,
    /// Longest wait.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    /// Five attempts within about eight seconds: vendor calls have been retried below already, so what is left is
    /// mostly a server that is starting.
    fn default() -> Self {
        Self { attempts: 5, base: Duration::from_millis(500), longest: Duration::from_secs(30) }
    }
}

impl RetryPolicy {
    /// The wait after attempt number `attempt`, counted from 1.
    pub(crate) fn wait_after(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.base.saturating_mul(1_u32 << doublings).min(self.longest)
    }
}

/// What an engine is told when it is opened.
#[derive(Clone)]
pub struct EngineOptions {
    /// Folder of `engine.lock`: the store's.
    pub data_dir: PathBuf,
    /// Told of every place where a crash is interesting.
    pub crash: CrashPoints,
    /// Gives journaled times and the records' `updated_at`.
    pub clock: Clock,
    /// For steps that ask to be tried again.
    pub retry: RetryPolicy,
}

impl EngineOptions {
    /// The usual: the machine's clock, the default retries, no crash points.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            crash: CrashPoints::default(),
            clock: Arc::new(Timestamp::now),
            retry: RetryPolicy::default(),
        }
    }
}

impl fmt::Debug for EngineOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineOptions")
            .field("data_dir", &self.data_dir)
            .field("crash", &self.crash)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::RetryPolicy;
    use std::time::Duration;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy =
            RetryPolicy { attempts: 9, base: Duration::from_secs(1), longest: Duration::from_secs(5) };
        let waits: Vec<u64> = (1..=4).map(|attempt| policy.wait_after(attempt).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5]);
        assert_eq!(policy.wait_after(u32::MAX), Duration::from_secs(5));
    }
}
