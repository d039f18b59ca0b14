//! Stopping the process at a named place, for crash tests.
//!
//! `GANGWAY_CRASH_AT=step.effect:gather` aborts the process, without any clean-up, when that place is reached; `…#3` at the third
//! time. `GANGWAY_CRASH_LOG=FILE` writes every place reached to a file. Without these variables nothing listens.

use anyhow::{Context as _, Result};
use gangway_protocol::crash_point::CrashPoints;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// The crash points the environment asks for.
pub fn from_environment() -> Result<CrashPoints> {
    let log = match std::env::var_os("GANGWAY_CRASH_LOG") {
        None => None,
        Some(path) => Some(
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(&path)
                .with_context(|| format!("GANGWAY_CRASH_LOG: cannot write {}", path.display()))?,
        ),
    };
    let target = std::env::var("GANGWAY_CRASH_AT").ok().map(|text| Target::parse(&text));
    if log.is_none() && target.is_none() {
        return Ok(CrashPoints::default());
    }
    let log = log.map(Mutex::new);
    Ok(CrashPoints::listening(move |place| {
        if let Some(log) = &log {
            record(log, place);
        }
        if target.as_ref().is_some_and(|target| target.is_hit(place)) {
            std::process::abort();
        }
    }))
}

fn record(log: &Mutex<File>, place: &str) {
    // A log that cannot be written shows in the test that reads it.
    if let Ok(mut file) = log.lock() {
        let _ = file.write_all(format!("{place}\n").as_bytes());
    }
}

struct Target {
    place: String,
    occurrence: u32,
    seen: AtomicU32,
}

impl Target {
    fn parse(text: &str) -> Self {
        let (place, occurrence) = match text.rsplit_once('#') {
            Some((place, number)) => (place, number.parse().unwrap_or(1)),
            None => (text, 1),
        };
        Self { place: place.to_owned(), occurrence, seen: AtomicU32::new(0) }
    }

    fn is_hit(&self, place: &str) -> bool {
        place == self.place && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.occurrence
    }
}
