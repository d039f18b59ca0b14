//! The Task Monitor agent: sees which onboarding tasks are overdue, how each onboarding goes, and reminds people.
//!
//! It reaches the task list and the notification channels only through its toolbelt, and moves no task itself.
//! `health`, `ladder` and `words` decide in values; `sweep` acts.

pub mod health;
pub mod ladder;
mod sweep;
pub mod words;

#[cfg(test)]
mod samples;

pub use sweep::sweep;

use serde::Deserialize;

/// Settings of the Task Monitor.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Slack channel of the daily digest.
    pub channel: String,
    /// Our own company's name, as reminders are signed.
    pub company: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { channel: "#cs-onboarding".to_owned(), company: "Northwind Cloud".to_owned() }
    }
}
