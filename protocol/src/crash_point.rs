//! Named places where a crash is interesting: before and after every commit and effect.
//!
//! Engine, governance and connectors call [`CrashPoints::reach`] at these places. In production nothing listens.
//! The crash tests let the process abort at one of them, which shows recovery without guessing at timing.

use std::fmt;
use std::sync::Arc;

type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// Told the name of each place as it is reached.
#[derive(Clone, Default)]
pub struct CrashPoints(Option<Listener>);

impl CrashPoints {
    /// Lets `listener` see every place reached. The listener may abort the process; it must not block.
    #[must_use]
    pub fn listening(listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Says that `place` (e.g. `step.effect`) of `subject` (e.g. `create_tenant`) is reached.
    pub fn reach(&self, place: &str, subject: &str) {
        if let Some(listener) = &self.0 {
            listener(&format!("{place}:{subject}"));
        }
    }
}

impl fmt::Debug for CrashPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "CrashPoints(listening)" } else { "CrashPoints(off)" })
    }
}
