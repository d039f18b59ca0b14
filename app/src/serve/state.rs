//! What every part of the service shares.

use super::demo::Demo;
use super::intake::Intake;
use super::known::KnownAccounts;
use super::queue::Queue;
use crate::installation::{Installation, OnboardingEngine};
use crate::refused::RefusalLog;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A running service.
pub struct Service {
    /// Store, servers, belts, configuration.
    pub installation: Arc<Installation>,
    /// Runs onboardings; this process holds the data folder's engine lock.
    pub engine: OnboardingEngine,
    /// What webhooks go by.
    pub intake: Intake,
    /// Which accounts there are.
    pub known: KnownAccounts,
    /// Accepted runs on their way to being driven.
    pub queue: Arc<Queue>,
    /// What was refused at the door, on its way to the audit.
    pub refusals: Arc<RefusalLog>,
    /// Work begun for a request that may outlive it; the service's end waits for it.
    pub tasks: TaskTracker,
    /// The demo's controls, when the vendors are simulated.
    pub demo: Option<Demo>,
    /// Cancelled when the process is asked to end: take in nothing new, finish or leave what is under way.
    pub stop: CancellationToken,
}
