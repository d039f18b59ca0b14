//! Pages of runs and of the audit, by their place in the table: a page begins after the place where the one before
//! ended, so what is added meanwhile neither repeats nor hides a row.

use crate::codec::from_json;
use crate::filter::Filter;
use crate::{Audit, Runs, StoreError, audit};
use gangway_protocol::audit::AuditEntry;
use gangway_protocol::{AccountId, Outcome, RunId, RunRecord, RunState};
use jiff::Timestamp;
use rusqlite::params_from_iter;

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

/// Which audit entries, newest first, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditPage {
    /// Only this run's.
    pub run_id: Option<RunId>,
    /// Only this caller's.
    pub principal: Option<String>,
    /// Only of this tool.
    pub tool: Option<String>,
    /// Only at or after it.
    pub since: Option<Timestamp>,
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
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(&sql)?;
                let mut rows = select.query(params_from_iter(values))?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                    found.push((row.get(0)?, from_json("runs", text)?));
                }
                Ok(found)
            })
            .await
    }
}

impl Audit<'_> {
    /// A page of entries, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn page(self, page: AuditPage) -> Result<Vec<AuditEntry>, StoreError> {
        let (sql, values) = Filter::default()
            .and("seq < ?", page.before)
            .and("run_id = ?", page.run_id.map(String::from))
            .and("json_extract(record, '$.principal') = ?", page.principal)
            .and("json_extract(record, '$.tool') = ?", page.tool)
            .and("unixepoch(json_extract(record, '$.at'), 'subsec') >= ?", page.since.map(seconds))
            .select("SELECT seq, previous, hash, record FROM audit", "seq DESC", page.limit);
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(&sql)?;
                audit::collect(select.query(params_from_iter(values))?)
            })
            .await
    }
}
