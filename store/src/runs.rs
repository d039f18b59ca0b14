//! Runs: accepted once per correlation id, one live run per account, saved whole.

mod row;

use crate::codec::{record, records};
use crate::filter::Filter;
use crate::writer::Shape;
use crate::{Store, StoreError, journal};
use gangway_protocol::run::RunRequest;
use gangway_protocol::{AccountId, CorrelationId, Outcome, RunId, RunRecord, RunState};
use jiff::Timestamp;
use jiff::civil::Date;
use row::{Row, by_correlation, live_of};
use rusqlite::{params, params_from_iter};
use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) use row::NewRun;

const TABLE: &str = "runs";

/// How a request for a run was met.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// The run is stored.
    New,
    /// The account has a live run already; this is it. The request's correlation id now leads to it too.
    Live(Box<RunRecord>),
    /// The correlation id was seen before; this is the run it was answered with.
    SameCorrelation(Box<RunRecord>),
}

/// Which runs to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFilter {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only in this state.
    pub state: Option<RunState>,
    /// At most so many.
    pub limit: u32,
}

impl Default for RunFilter {
    fn default() -> Self {
        Self { account: None, state: None, limit: 100 }
    }
}

/// A decided run, as much of it as deciding again needs. What another version of Gangway may have written in another
/// way is given as the bytes stored, so that one run that cannot be read does not hide the others.
#[derive(Debug, Clone, Deserialize)]
pub struct DecidedRun {
    /// Its id.
    pub run_id: RunId,
    /// What was asked.
    pub request: RunRequest,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// The day it was judged by.
    pub as_of: Date,
    /// What was gathered, as the bytes stored.
    pub facts: Box<RawValue>,
    /// What was decided, as the bytes stored.
    pub decision: Box<RawValue>,
    /// Where the next page begins.
    #[serde(skip)]
    pub seq: i64,
}

/// The runs of a store.
#[derive(Debug, Clone, Copy)]
pub struct Runs<'a>(pub(crate) &'a Store);

impl Runs<'_> {
    /// Stores a new run, unless its correlation id or its account has one.
    ///
    /// # Errors
    /// [`StoreError::CorrelationTaken`] when the correlation id belongs to another account's request.
    pub async fn accept(self, run: &RunRecord) -> Result<Accepted, StoreError> {
        let new = NewRun::of(run)?;
        self.0.write(Shape::Several, move |connection| new.accept(connection)).await
    }

    /// Stores a run under the business id of its account, which was asked for by its Salesforce id. Gives the live run
    /// which that account has already; then nothing is stored.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when the run was never accepted.
    pub async fn identify(self, run: &RunRecord) -> Result<Option<RunRecord>, StoreError> {
        let row = Row::of(run)?;
        let account = run.request.account_id.clone();
        self.0
            .write(Shape::Several, move |connection| {
                let live = live_of(connection, &account)?;
                if let Some(other) = live.filter(|other| other.run_id != row.run_id) {
                    return Ok(Some(other));
                }
                row.update(connection)?;
                connection
                    .prepare_cached("UPDATE runs SET account_id = ?2 WHERE run_id = ?1")?
                    .execute([row.run_id.as_str(), account.as_str()])?;
                Ok(None)
            })
            .await
    }

    /// Stores the run as it stands now.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when it was never accepted.
    pub async fn save(self, run: &RunRecord) -> Result<(), StoreError> {
        let row = Row::of(run)?;
        self.0.write(Shape::OneStatement, move |connection| row.update(connection)).await
    }

    /// Stores the run as it stands now and, in the same commit, the journal entry that ends its phase.
    ///
    /// # Errors
    /// As [`Runs::save`] and [`crate::Journal::append`]; then neither is stored.
    pub async fn save_with_entry(self, run: &RunRecord, seq: u32, label: &str) -> Result<(), StoreError> {
        let (row, label) = (Row::of(run)?, label.to_owned());
        self.0
            .write(Shape::Several, move |connection| {
                journal::insert(connection, &row.run_id, seq, &label, "null")?;
                row.update(connection)
            })
            .await
    }

    /// One run; none when there is no such run.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(self, run_id: &RunId) -> Result<Option<RunRecord>, StoreError> {
        let run_id = run_id.clone();
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached("SELECT record FROM runs WHERE run_id = ?1")?;
                record(TABLE, &mut select, [run_id.as_str()])
            })
            .await
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(self, filter: RunFilter) -> Result<Vec<RunRecord>, StoreError> {
        let (sql, values) = Filter::default()
            .of_account(filter.account.as_ref())
            .and("state = ?", filter.state.map(|state| state.name().to_owned()))
            .select("SELECT record FROM runs", "seq DESC", filter.limit);
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(&sql)?;
                records(TABLE, &mut select, params_from_iter(values))
            })
            .await
    }

    /// Decided runs in the order they were accepted, from after `seq` on (0 = the first).
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn decided_after(self, seq: i64, limit: u32) -> Result<Vec<DecidedRun>, StoreError> {
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT seq, record FROM runs WHERE seq > ?1 AND record ->> '$.decision' IS NOT NULL \
                     AND record ->> '$.facts' IS NOT NULL ORDER BY seq LIMIT ?2",
                )?;
                let mut rows = select.query(params![seq, limit])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    let json = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                    let run: DecidedRun = crate::codec::from_json(TABLE, json)?;
                    found.push(DecidedRun { seq: row.get(0)?, ..run });
                }
                Ok(found)
            })
            .await
    }

    /// The decisions of the newest decided runs, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn newest_outcomes(self, limit: u32) -> Result<Vec<Outcome>, StoreError> {
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT record -> '$.decision.outcome' FROM runs \
                     WHERE record ->> '$.decision.outcome' IS NOT NULL ORDER BY seq DESC LIMIT ?1",
                )?;
                let mut rows = select.query([limit])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    let json = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
                    found.push(crate::codec::from_json(TABLE, json)?);
                }
                Ok(found)
            })
            .await
    }

    /// Of the `among` newest runs those saved since `since` with an effect that failed and stands in no outbox, newest
    /// first: nobody tries it again, and no dead message tells of it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn newest_undone(self, since: Timestamp, among: u32) -> Result<Vec<RunRecord>, StoreError> {
        let undone: Vec<RunRecord> = self
            .0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT record FROM (SELECT seq, record FROM runs ORDER BY seq DESC LIMIT ?1) AS newest \
                     WHERE EXISTS (SELECT 1 FROM json_each(newest.record, '$.effects') AS effect \
                     WHERE effect.value ->> '$.status' = 'failed' AND effect.value ->> '$.message_id' IS NULL) \
                     ORDER BY seq DESC",
                )?;
                records(TABLE, &mut select, [among])
            })
            .await?;
        Ok(undone.into_iter().filter(|run| run.updated_at >= since).collect())
    }

    /// Ids of all live runs, oldest first, those that wait for a person included.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn unfinished(self) -> Result<Vec<RunId>, StoreError> {
        self.0
            .read(|connection| {
                let mut select = connection.prepare_cached(
                    "SELECT run_id FROM runs WHERE state IN ('assessing', 'awaiting_approval', 'fulfilling') ORDER BY seq",
                )?;
                let mut rows = select.query([])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(parse_run_id(row.get(0)?)?);
                }
                Ok(found)
            })
            .await
    }

    /// Ids of the runs that somebody must drive, oldest first: assessing, fulfilling, or awaiting an approval that is
    /// settled. One whose approval is still pending has nothing to do.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn to_drive(self) -> Result<Vec<RunId>, StoreError> {
        self.0
            .read(|connection| {
                let mut select = connection.prepare_cached(
                    "SELECT run_id FROM runs WHERE state IN ('assessing', 'fulfilling') \
                     OR (state = 'awaiting_approval' AND NOT EXISTS \
                     (SELECT 1 FROM approvals WHERE approvals.run_id = runs.run_id AND approvals.state = 'pending')) \
                     ORDER BY seq",
                )?;
                let ids = select.query_map([], |row| row.get::<_, String>(0))?;
                ids.map(|id| parse_run_id(id?)).collect()
            })
            .await
    }

    /// Whether this correlation id led to a run before.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn knows_correlation(self, correlation: &CorrelationId) -> Result<bool, StoreError> {
        let correlation = correlation.clone();
        self.0.read(move |connection| Ok(by_correlation(connection, &correlation)?.is_some())).await
    }

    /// The account's newest run, live or not.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn newest_of(self, account: &AccountId) -> Result<Option<RunRecord>, StoreError> {
        let filter = RunFilter { account: Some(account.clone()), state: None, limit: 1 };
        Ok(self.list(filter).await?.pop())
    }

    /// Newest runs of the accounts whose newest run is blocked, oldest first, from the one after the run `after`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn blocked(self, after: Option<RunId>, limit: u32) -> Result<Vec<RunRecord>, StoreError> {
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT record FROM runs AS run WHERE state = 'blocked' AND NOT EXISTS \
                     (SELECT 1 FROM runs AS newer WHERE newer.account_id = run.account_id COLLATE NOCASE AND newer.seq > run.seq) \
                     AND NOT EXISTS (SELECT 1 FROM runs AS newer \
                     WHERE newer.salesforce_id = run.salesforce_id AND newer.seq > run.seq) \
                     AND (?1 IS NULL OR run.seq > (SELECT seq FROM runs WHERE run_id = ?1)) ORDER BY seq LIMIT ?2",
                )?;
                records(TABLE, &mut select, params![after.as_ref().map(RunId::as_str), limit])
            })
            .await
    }
}

fn parse_run_id(text: String) -> Result<RunId, StoreError> {
    RunId::parse(text).map_err(|error| StoreError::Row { table: TABLE, reason: error.to_string() })
}
