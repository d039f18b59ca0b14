//! Pages of runs, approvals and the audit, by their place in the list: a page begins after the place where the one
//! before ended, so what is added meanwhile neither repeats nor hides a row.

use crate::codec::from_json;
use crate::filter::Filter;
use crate::{Approval, ApprovalState, Approvals, Audit, Runs, StoreError, audit};
use gangway_protocol::actor::forms;
use gangway_protocol::audit::AuditEntry;
use gangway_protocol::{AccountId, CorrelationId, Outcome, RunId, RunRecord, RunState};
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde::de::DeserializeOwned;
use serde_json::json;

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// The newest.
    #[default]
    NewestFirst,
    /// The oldest.
    OldestFirst,
}

/// Which runs, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunPage {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only in this state.
    pub state: Option<RunState>,
    /// Only decided so.
    pub outcome: Option<Outcome>,
    /// Only accepted at or after it.
    pub since: Option<Timestamp>,
    /// Only accepted before it.
    pub until: Option<Timestamp>,
    /// In which order of acceptance.
    pub direction: Direction,
    /// After this place.
    pub after: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// Which approvals, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalPage {
    /// Only this run's.
    pub run_id: Option<RunId>,
    /// Only in this state.
    pub state: Option<ApprovalState>,
    /// In which order of being asked for.
    pub direction: Direction,
    /// After this place.
    pub after: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// How what an audit entry tells of stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditEnding {
    /// About to be done.
    Intent,
    /// Done.
    Ok,
    /// Tried, and failed.
    Failed,
    /// Not allowed.
    Refused,
}

impl AuditEnding {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Intent, Self::Ok, Self::Failed, Self::Refused];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.name() == text)
    }
}

/// Compares [`AuditEnding::name`] with a record.
const ENDS: &str = "CASE record ->> '$.moment' WHEN 'outcome' THEN iif(record ->> '$.end.ok', 'ok', 'failed') \
                    ELSE record ->> '$.moment' END = ?";
/// Whether a record, or its run, is an account's, by its business id and by its Salesforce id.
const OF_BUSINESS_ID: &str = "EXISTS (SELECT 1 FROM (SELECT ? AS wanted) WHERE record ->> '$.arguments.account_id' = wanted COLLATE NOCASE \
     OR audit.run_id IN (SELECT runs.run_id FROM runs WHERE runs.account_id = wanted COLLATE NOCASE))";
const OF_SALESFORCE_ID: &str = "EXISTS (SELECT 1 FROM (SELECT ? AS wanted) \
     WHERE substr(record ->> '$.arguments.account_id', 1, 15) = wanted \
     OR audit.run_id IN (SELECT runs.run_id FROM runs WHERE runs.salesforce_id = wanted))";

/// Which audit entries, newest first, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditPage {
    /// Only this run's.
    pub run_id: Option<RunId>,
    /// Only of this account: its runs' entries, and calls that name it.
    pub account: Option<AccountId>,
    /// Only with this correlation id.
    pub correlation_id: Option<CorrelationId>,
    /// Only this actor's, as the audit has it or by the bare name: what was kept in an older form is found, too.
    pub principal: Option<String>,
    /// Only of this tool or act.
    pub tool: Option<String>,
    /// Only those that ended so.
    pub ending: Option<AuditEnding>,
    /// Only with this text anywhere in the record, capitals or not.
    pub text: Option<String>,
    /// Only at or after it.
    pub since: Option<Timestamp>,
    /// Only before it.
    pub until: Option<Timestamp>,
    /// Older than this place.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// Seconds since 1970 of a time in a record, to be compared as a number: texts of differing precision do not sort.
fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

impl Runs<'_> {
    /// A page of runs, each with its place.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn page(self, page: RunPage) -> Result<Vec<(i64, RunRecord)>, StoreError> {
        let (after, order) = match page.direction {
            Direction::NewestFirst => ("seq < ?", "seq DESC"),
            Direction::OldestFirst => ("seq > ?", "seq"),
        };
        let (sql, values) = Filter::default()
            .and(after, page.after)
            .of_account(page.account.as_ref())
            .and("state = ?", page.state.map(|state| state.name().to_owned()))
            .and(
                "json_extract(record, '$.decision.outcome') = ?",
                page.outcome.map(|outcome| outcome.to_string()),
            )
            .and("unixepoch(json_extract(record, '$.created_at'), 'subsec') >= ?", page.since.map(seconds))
            .and("unixepoch(json_extract(record, '$.created_at'), 'subsec') < ?", page.until.map(seconds))
            .select("SELECT seq, record FROM runs", order, page.limit);
        self.0.read(move |connection| placed("runs", connection, &sql, values)).await
    }
}

impl Approvals<'_> {
    /// A page of approvals in the order they were asked for, each with its place.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn page(self, page: ApprovalPage) -> Result<Vec<(i64, Approval)>, StoreError> {
        // Rows are added at the end and removed only by age.
        let (after, order) = match page.direction {
            Direction::NewestFirst => ("rowid < ?", "rowid DESC"),
            Direction::OldestFirst => ("rowid > ?", "rowid"),
        };
        let (sql, values) = Filter::default()
            .and(after, page.after)
            .and("run_id = ?", page.run_id.map(String::from))
            .and("state = ?", page.state.map(|state| state.name().to_owned()))
            .select("SELECT rowid, record FROM approvals", order, page.limit);
        self.0.read(move |connection| placed("approvals", connection, &sql, values)).await
    }
}

fn placed<T: DeserializeOwned>(
    table: &'static str,
    connection: &Connection,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<(i64, T)>, StoreError> {
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        found.push((row.get(0)?, from_json(table, text)?));
    }
    Ok(found)
}

impl Audit<'_> {
    /// A page of entries, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn page(self, page: AuditPage) -> Result<Vec<AuditEntry>, StoreError> {
        let (of_account, account) = match page.account.as_ref().map(|account| (account, account.record_id()))
        {
            Some((_, Some(id))) => (OF_SALESFORCE_ID, Some(id.short().to_owned())),
            Some((account, None)) => (OF_BUSINESS_ID, Some(account.as_str().to_owned())),
            None => (OF_BUSINESS_ID, None),
        };
        let who = page.principal.map(|who| json!(forms(&who)).to_string());
        let (sql, values) = Filter::default()
            .and("seq < ?", page.before)
            .and("run_id = ?", page.run_id.map(String::from))
            .and(of_account, account)
            .and("record ->> '$.correlation_id' = ?", page.correlation_id.map(String::from))
            .and("record ->> '$.principal' IN (SELECT value FROM json_each(?))", who)
            .and("record ->> '$.tool' = ?", page.tool)
            .and(ENDS, page.ending.map(|ending| ending.name().to_owned()))
            .and("instr(lower(record), lower(?)) > 0", page.text)
            .and("unixepoch(record ->> '$.at', 'subsec') >= ?", page.since.map(seconds))
            .and("unixepoch(record ->> '$.at', 'subsec') < ?", page.until.map(seconds))
            .select("SELECT seq, previous, hash, record FROM audit", "seq DESC", page.limit);
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(&sql)?;
                audit::collect(select.query(params_from_iter(values))?)
            })
            .await
    }
}
