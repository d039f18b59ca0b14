//! What every part of the service shares.

use super::demo::Demo;
use super::intake::Intake;
use super::queue::Queue;
use crate::installation::{Installation, OnboardingEngine};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A running service.
pub struct Service {
    /// Store, servers, belts, configuration.
    pub installation: Arc<Installation>,
    /// Runs onboardings; this process holds the data folder's engine lock.
    pub engine: OnboardingEngine,
    /// What webhooks go by.
    pub intake: Intake,
    /// Accepted runs on their way to being driven.
    pub queue: Queue,
    /// The demo's controls, when the vendors are simulated.
    pub demo: Option<Demo>,
    /// Cancelled when the process is asked to end: take in nothing new, finish or leave what is under way.
    pub stop: CancellationToken,
}
