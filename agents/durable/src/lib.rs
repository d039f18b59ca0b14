//! Journaled steps: a workflow that is interrupted anywhere goes on where it stopped, without repeating what is recorded.
//!
//! Workflows are written against [`Durable`] and know no engine; [`Engine`] runs them on the store's journal. It is
//! at-least-once for step bodies: an effect happens once because its receiver honours the step's key. It knows nothing
//! of onboarding but the run record.

mod engine;
mod error;
mod journaled;
mod lock;
mod options;
mod workflow;

pub use engine::{Engine, Submitted, WeakEngine};
pub use error::EngineError;
pub use options::{Clock, EngineOptions, RetryPolicy};
pub use workflow::{Activity, Durable, Interrupted, StepError, Workflow};
