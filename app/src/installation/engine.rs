//! The engine over the onboarding workflow, with the versions that a new run carries.

use gangway_coordinator::Onboarding;
use gangway_durable::{Engine, WeakEngine};
use gangway_protocol::run::Versions;
use std::sync::Arc;

/// The engine over the onboarding workflow. Clones share it.
#[derive(Clone)]
pub struct OnboardingEngine {
    durable: Engine<Onboarding>,
    versions: Arc<Versions>,
}

/// The same, without keeping the data folder locked.
pub struct WeakOnboardingEngine {
    durable: WeakEngine<Onboarding>,
    versions: Arc<Versions>,
}

impl OnboardingEngine {
    /// An engine whose new runs carry these versions.
    pub fn new(durable: Engine<Onboarding>, versions: Arc<Versions>) -> Self {
        Self { durable, versions }
    }

    /// The engine itself.
    pub fn durable(&self) -> &Engine<Onboarding> {
        &self.durable
    }

    /// What a new run carries.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The engine without holding it.
    pub fn downgrade(&self) -> WeakOnboardingEngine {
        WeakOnboardingEngine { durable: self.durable.downgrade(), versions: Arc::clone(&self.versions) }
    }
}

impl WeakOnboardingEngine {
    /// The engine, if somebody or a run under way still holds it.
    pub fn upgrade(&self) -> Option<OnboardingEngine> {
        let durable = self.durable.upgrade()?;
        Some(OnboardingEngine { durable, versions: Arc::clone(&self.versions) })
    }
}
