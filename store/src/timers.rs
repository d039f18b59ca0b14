//! Timers: when each of the service's jobs is due, who is at work on it, how it ended last.
//!
//! A claim and the move to the next due instant are one commit, so that processes sharing the folder fire a timer once.
//! What a schedule means, and what "now" is, is the caller's business.

use crate::codec::{from_json, to_json, to_time};
use crate::instance::Liveness;
use crate::writer::Shape;
use crate::{Store, StoreError};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const TABLE: &str = "timers";
/// A job whose process died is begun again at once so often; then it waits for its next due instant, for it may be what
/// kills the process.
const ATTEMPTS: i64 = 3;

/// How one firing ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimerEnd {
    /// When it began.
    pub began_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What the job reports; null when it failed.
    pub report: Value,
    /// Why it failed; null when it did not.
    pub error: Option<String>,
}

/// A timer as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    /// The job's name.
    pub name: String,
    /// The schedule it was set by.
    pub schedule: String,
    /// When it is due next.
    pub next_at: Timestamp,
    /// Somebody asked for it to be run now and it has not begun.
    pub is_asked_for: bool,
    /// Since when a living process is at work on it; none when nobody is.
    pub running_since: Option<Timestamp>,
    /// A process died at work on it, and it is to be begun again.
    pub is_left_behind: bool,
    /// How it ended last; none before its first end.
    pub last: Option<TimerEnd>,
}

impl Timer {
    /// Whether a claim at this time would get it.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.running_since.is_none() && (self.next_at <= now || self.is_asked_for || self.is_left_behind)
    }
}

/// The timers of a store.
#[derive(Debug, Clone, Copy)]
pub struct Timers<'a>(pub(crate) &'a Store);

impl Timers<'_> {
    /// Makes sure that the timer exists with this schedule. One that has it keeps its due instant, so that a restart
    /// neither forgets nor postpones a firing; another schedule sets it to `next`.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn set(self, name: &str, schedule: &str, next: Timestamp) -> Result<(), StoreError> {
        let (name, schedule) = (name.to_owned(), schedule.to_owned());
        self.0
            .write(Shape::OneStatement, move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO timers (name, schedule, next_us) VALUES (?1, ?2, ?3) ON CONFLICT (name) \
                         DO UPDATE SET schedule = excluded.schedule, next_us = excluded.next_us \
                         WHERE schedule <> excluded.schedule",
                    )?
                    .execute(params![name, schedule, next.as_microsecond()])?;
                Ok(())
            })
            .await
    }

    /// Forgets a timer that nobody is at work on: its job was switched off.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn remove(self, name: &str) -> Result<(), StoreError> {
        let (name, liveness) = (name.to_owned(), self.0.liveness().clone());
        self.0
            .write(Shape::OneStatement, move |connection| {
                let busy = row(connection, &name)?.is_some_and(|row| row.is_claimed_by_living(&liveness));
                if !busy {
                    connection.prepare_cached("DELETE FROM timers WHERE name = ?1")?.execute([name])?;
                }
                Ok(())
            })
            .await
    }

    /// Every timer, by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(self) -> Result<Vec<Timer>, StoreError> {
        let liveness = self.0.liveness().clone();
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT name, schedule, next_us, asked_us, claimed_by, claimed_us, attempts, last \
                     FROM timers ORDER BY name",
                )?;
                let mut rows = select.query([])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(Stored::read(row)?.timer(&liveness)?);
                }
                Ok(found)
            })
            .await
    }

    /// Claims a timer that is due at `now`, and sets when it is due after that. False when it is not due, or somebody
    /// alive is at work on it: then nothing has changed.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is no such timer. The caller must not fire.
    pub async fn claim(self, name: &str, now: Timestamp, next: Timestamp) -> Result<bool, StoreError> {
        let (name, liveness) = (name.to_owned(), self.0.liveness().clone());
        self.0
            .write(Shape::OneStatement, move |connection| {
                let Some(stored) = row(connection, &name)? else {
                    return Err(StoreError::Absent { what: "timer", id: name });
                };
                if !stored.timer(&liveness)?.is_due(now) {
                    return Ok(false);
                }
                connection
                    .prepare_cached(
                        "UPDATE timers SET claimed_by = ?2, claimed_us = ?3, attempts = attempts + 1, asked_us = NULL, \
                         next_us = CASE WHEN next_us <= ?3 THEN ?4 ELSE next_us END WHERE name = ?1",
                    )?
                    .execute(params![
                        name,
                        &**liveness.own(),
                        now.as_microsecond(),
                        next.as_microsecond()
                    ])?;
                Ok(true)
            })
            .await
    }

    /// Gives the claim back and keeps how the firing ended.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when this process holds no claim on it.
    pub async fn end(self, name: &str, end: &TimerEnd) -> Result<(), StoreError> {
        let (name, json) = (name.to_owned(), to_json(end)?);
        let own = self.0.liveness().own().clone();
        self.0
            .write(Shape::OneStatement, move |connection| {
                let changed = connection
                    .prepare_cached(
                        "UPDATE timers SET claimed_by = NULL, claimed_us = NULL, attempts = 0, last = ?3 \
                         WHERE name = ?1 AND claimed_by = ?2",
                    )?
                    .execute([&name, &*own, &json])?;
                if changed == 0 {
                    Err(StoreError::Absent { what: "claimed timer", id: name })
                } else {
                    Ok(())
                }
            })
            .await
    }

    /// Asks whoever runs the schedule to fire the timer now.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is no such timer.
    pub async fn ask(self, name: &str, now: Timestamp) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.0
            .write(Shape::OneStatement, move |connection| {
                let changed = connection
                    .prepare_cached("UPDATE timers SET asked_us = ?2 WHERE name = ?1")?
                    .execute(params![name, now.as_microsecond()])?;
                if changed == 0 { Err(StoreError::Absent { what: "timer", id: name }) } else { Ok(()) }
            })
            .await
    }

    /// Moves a timer's due instant from `seen` to `next`, unless somebody moved it meanwhile.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn move_to(self, name: &str, seen: Timestamp, next: Timestamp) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.0
            .write(Shape::OneStatement, move |connection| {
                connection
                    .prepare_cached("UPDATE timers SET next_us = ?3 WHERE name = ?1 AND next_us = ?2")?
                    .execute(params![name, seen.as_microsecond(), next.as_microsecond()])?;
                Ok(())
            })
            .await
    }
}

struct Stored {
    name: String,
    schedule: String,
    next_us: i64,
    asked_us: Option<i64>,
    claimed_by: Option<String>,
    claimed_us: Option<i64>,
    attempts: i64,
    last: Option<String>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            name: row.get(0)?,
            schedule: row.get(1)?,
            next_us: row.get(2)?,
            asked_us: row.get(3)?,
            claimed_by: row.get(4)?,
            claimed_us: row.get(5)?,
            attempts: row.get(6)?,
            last: row.get(7)?,
        })
    }

    fn is_claimed_by_living(&self, liveness: &Liveness) -> bool {
        self.claimed_by.as_ref().is_some_and(|instance| liveness.is_alive(instance))
    }

    fn timer(&self, liveness: &Liveness) -> Result<Timer, StoreError> {
        let runs = self.is_claimed_by_living(liveness);
        let claimed_at = self.claimed_us.map(|micros| to_time(TABLE, micros)).transpose()?;
        Ok(Timer {
            name: self.name.clone(),
            schedule: self.schedule.clone(),
            next_at: to_time(TABLE, self.next_us)?,
            is_asked_for: self.asked_us.is_some(),
            running_since: claimed_at.filter(|_| runs),
            is_left_behind: self.claimed_by.is_some() && !runs && self.attempts < ATTEMPTS,
            last: self.last.as_deref().map(|json| from_json(TABLE, json)).transpose()?,
        })
    }
}

fn row(connection: &Connection, name: &str) -> Result<Option<Stored>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT name, schedule, next_us, asked_us, claimed_by, claimed_us, attempts, last \
             FROM timers WHERE name = ?1",
        )?
        .query_row([name], Stored::read)
        .optional()?;
    Ok(found)
}
