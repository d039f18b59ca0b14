//! Events from outside: each remembered with its answer, in the same commit as the run it led to.
//!
//! It knows no signature and no format. Who sends an event again gets the first answer again; another body under the
//! same id is told apart here and refused by the caller.

use crate::codec::{from_json, to_json};
use crate::runs::{Accepted, NewRun};
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::{AccountId, CorrelationId, RunId, RunRecord};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

const TABLE: &str = "intake";

/// What makes an event one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundEvent {
    /// Who sends: a sender's ids are its own.
    pub source: String,
    /// The sender's id of the event, the same in every delivery.
    pub event_id: String,
    /// Digest of the body.
    pub body_digest: String,
    /// When it came first.
    pub received_at: Timestamp,
}

/// What the sender was told: enough to say the same again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The run the event led to.
    pub run_id: RunId,
    /// Its account.
    pub account_id: AccountId,
    /// The correlation id that leads to the run.
    pub correlation_id: CorrelationId,
    /// Whether the event started the run, or met one that was there already.
    pub started: bool,
}

/// How an event was met.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// Its first delivery. The run is there unless the event is one that asks for none.
    First(Receipt),
    /// It came before; this is what was said then.
    Repeated(Receipt),
    /// Its id came before with another body.
    Conflict,
}

/// The remembered events of a store.
#[derive(Debug, Clone, Copy)]
pub struct Intake<'a>(pub(crate) &'a Store);

impl Intake<'_> {
    /// Stores a new run, or finds the one in its way, and remembers the event with its receipt, all in one commit.
    ///
    /// # Errors
    /// As [`crate::Runs::accept`]; then nothing is stored.
    pub async fn accept(self, run: &RunRecord, event: InboundEvent) -> Result<Received, StoreError> {
        let new = NewRun::of(run)?;
        self.0
            .write(Shape::Several, move |connection| {
                if let Some(met) = met_before(connection, &event)? {
                    return Ok(met);
                }
                let (run_id, started) = match new.accept(connection)? {
                    Accepted::New => (new.run_id.clone(), true),
                    Accepted::Live(found) | Accepted::SameCorrelation(found) => (found.run_id, false),
                };
                let receipt = Receipt {
                    run_id,
                    account_id: new.account.clone(),
                    correlation_id: new.correlation.clone(),
                    started,
                };
                remember(connection, &event, Some(&receipt.run_id), &to_json(&receipt)?)?;
                Ok(Received::First(receipt))
            })
            .await
    }

    /// The receipt of an event that came before, without taking anything in.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn find(self, event: &InboundEvent) -> Result<Option<Received>, StoreError> {
        let event = event.clone();
        self.0.read(move |connection| met_before(connection, &event)).await
    }

    /// Remembers an event that asks for no run of its own, once it was acted upon.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn note(self, event: InboundEvent) -> Result<(), StoreError> {
        self.0.write(Shape::OneStatement, move |connection| remember(connection, &event, None, "null")).await
    }

    /// Whether such an event was noted before.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn is_noted(self, source: &str, event_id: &str) -> Result<bool, StoreError> {
        let key = [source.to_owned(), event_id.to_owned()];
        self.0.read(move |connection| Ok(row(connection, &key[0], &key[1])?.is_some())).await
    }
}

fn row(
    connection: &Connection,
    source: &str,
    event_id: &str,
) -> Result<Option<(String, String)>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT body_digest, answer FROM intake WHERE source = ?1 AND event_id = ?2")?
        .query_row([source, event_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

fn met_before(connection: &Connection, event: &InboundEvent) -> Result<Option<Received>, StoreError> {
    Ok(match row(connection, &event.source, &event.event_id)? {
        None => None,
        Some((digest, _)) if digest != event.body_digest => Some(Received::Conflict),
        Some((_, answer)) => Some(Received::Repeated(from_json(TABLE, &answer)?)),
    })
}

/// Two deliveries at once: the second finds the first's row, and that is as good.
fn remember(
    connection: &Connection,
    event: &InboundEvent,
    run_id: Option<&RunId>,
    answer: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO intake (source, event_id, body_digest, run_id, received_us, answer) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            event.source,
            event.event_id,
            event.body_digest,
            run_id.map(RunId::as_str),
            event.received_at.as_microsecond(),
            answer,
        ])?;
    Ok(())
}
