//! A run as it is written: accepted once per correlation id and account, updated whole.
//!
//! An account has two names, its business id and its Salesforce id; whichever a request uses, it meets the same runs.

use super::{Accepted, TABLE};
use crate::StoreError;
use crate::codec::{record, to_json};
use crate::filter::named;
use gangway_protocol::{AccountId, CorrelationId, RunId, RunRecord, RunState};
use rusqlite::{Connection, OptionalExtension as _, params};

/// A run that asks to be accepted, written down on the caller's thread: the writer's time is everybody's.
pub(crate) struct NewRun {
    pub(crate) run_id: RunId,
    pub(crate) account: AccountId,
    pub(crate) correlation: CorrelationId,
    row: Row,
}

/// A run's row, but for what it is filed under.
pub(super) struct Row {
    pub(super) run_id: RunId,
    state: RunState,
    salesforce_id: Option<String>,
    json: String,
}

impl Row {
    pub(super) fn of(run: &RunRecord) -> Result<Self, StoreError> {
        Ok(Self {
            run_id: run.run_id.clone(),
            state: run.state,
            salesforce_id: run.salesforce_id().map(|id| id.short().to_owned()),
            json: to_json(run)?,
        })
    }

    pub(super) fn update(&self, connection: &Connection) -> Result<(), StoreError> {
        let changed = connection
            .prepare_cached("UPDATE runs SET state = ?2, salesforce_id = ?3, record = ?4 WHERE run_id = ?1")?
            .execute(params![self.run_id.as_str(), self.state.name(), self.salesforce_id, self.json])?;
        if changed == 0 {
            return Err(StoreError::Absent { what: "run", id: self.run_id.to_string() });
        }
        Ok(())
    }
}

impl NewRun {
    pub(crate) fn of(run: &RunRecord) -> Result<Self, StoreError> {
        Ok(Self {
            run_id: run.run_id.clone(),
            account: run.request.account_id.clone(),
            correlation: run.request.correlation_id.clone(),
            row: Row::of(run)?,
        })
    }

    /// Several statements: inside a savepoint.
    pub(crate) fn accept(&self, connection: &Connection) -> Result<Accepted, StoreError> {
        if let Some((owner, earlier)) = by_correlation(connection, &self.correlation)? {
            if owner != self.account && !earlier.is_of(&self.account) {
                return Err(StoreError::CorrelationTaken {
                    correlation_id: self.correlation.clone(),
                    account: owner,
                });
            }
            return Ok(Accepted::SameCorrelation(Box::new(earlier)));
        }
        if let Some(live) = live_of(connection, &self.account)? {
            correlate(connection, &self.correlation, &self.account, &live.run_id)?;
            return Ok(Accepted::Live(Box::new(live)));
        }
        connection
            .prepare_cached(
                "INSERT INTO runs (run_id, account_id, salesforce_id, state, record) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                self.run_id.as_str(),
                self.account.as_str(),
                self.row.salesforce_id,
                self.row.state.name(),
                self.row.json
            ])?;
        correlate(connection, &self.correlation, &self.account, &self.run_id)?;
        Ok(Accepted::New)
    }
}

/// Whose run a correlation id leads to, and the run.
pub(super) fn by_correlation(
    connection: &Connection,
    correlation: &CorrelationId,
) -> Result<Option<(AccountId, RunRecord)>, StoreError> {
    let found: Option<(String, String)> = connection
        .prepare_cached(
            "SELECT correlations.account_id, runs.record FROM correlations JOIN runs USING (run_id) \
             WHERE correlation_id = ?1",
        )?
        .query_row([correlation.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((account, json)) = found else { return Ok(None) };
    let account = AccountId::parse(account)
        .map_err(|error| StoreError::Row { table: "correlations", reason: error.to_string() })?;
    Ok(Some((account, crate::codec::from_json(TABLE, &json)?)))
}

/// The account's live run, by the name that is given.
pub(super) fn live_of(connection: &Connection, account: &AccountId) -> Result<Option<RunRecord>, StoreError> {
    let (condition, name) = named(account);
    let mut select = connection.prepare_cached(&format!(
        "SELECT record FROM runs WHERE {condition} AND state IN ('assessing', 'awaiting_approval', 'fulfilling')",
    ))?;
    record(TABLE, &mut select, [name])
}

fn correlate(
    connection: &Connection,
    correlation: &CorrelationId,
    account: &AccountId,
    run_id: &RunId,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO correlations (correlation_id, account_id, run_id) VALUES (?1, ?2, ?3)")?
        .execute([correlation.as_str(), account.as_str(), run_id.as_str()])?;
    Ok(())
}
