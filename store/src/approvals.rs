//! Approvals: one pending at a time per run, earlier ones kept; each decided in one commit with the run it is about.
//!
//! Who may decide what is a pure function of the caller's ([`Approvals::decide`]). Here two at once come one after the
//! other, the second sees what the first did, and a one-time value is used once.

mod recorded;

use crate::audit::{self, Line};
use crate::codec::{record, records, to_json};
use crate::filter::Filter;
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::{AccountId, Domain, Money, RunId, RunRecord, Tier};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const TABLE: &str = "approvals";

/// Where an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Waits for a person.
    Pending,
    /// Given.
    Approved,
    /// Refused.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// Given, but what was approved is no longer what would be done.
    Void,
}

impl ApprovalState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Approved, Self::Rejected, Self::Expired, Self::Void];

    /// The name as it stands in JSON and in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Void => "void",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }
}

/// One person's yes. A no settles at once and stands in the approval itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// The tier, when the voter names one.
    #[serde(default)]
    pub tier: Option<Tier>,
}

/// What a person is asked to approve, bound to the facts, the rules and the effects it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its id.
    pub approval_id: String,
    /// The run that waits for it.
    pub run_id: RunId,
    /// The account.
    pub account_id: AccountId,
    /// 1 for a run's first, one more for each that replaced a voided one.
    #[serde(default = "first_round")]
    pub round: u32,
    /// Digest of the facts the decision saw.
    pub facts_digest: String,
    /// Digest of the rules that decided.
    pub rule_set_digest: String,
    /// Digest of what will be done, tier and recipients included.
    #[serde(default)]
    pub effects_digest: String,
    /// Who asked for the run; may not decide.
    #[serde(default)]
    pub requested_by: String,
    /// The deal's size; null when Salesforce has none.
    #[serde(default)]
    pub amount: Option<Money>,
    /// Domains of the findings: an approver must be one for all of them.
    #[serde(default)]
    pub domains: BTreeSet<Domain>,
    /// Where it stands.
    pub state: ApprovalState,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// From then on nobody can settle it.
    pub expires_at: Timestamp,
    /// Who said yes, in order; one while a second person is still needed.
    #[serde(default)]
    pub votes: Vec<Vote>,
    /// Hours before its expiry at which people were reminded of it.
    #[serde(default)]
    pub reminded: Vec<u16>,
    /// Who settled it.
    pub decided_by: Option<String>,
    /// When it was settled.
    pub decided_at: Option<Timestamp>,
    /// Why; for a voided one, what differed.
    pub reason: Option<String>,
    /// The tier to provision; named by the approver when the contract's is unknown.
    pub tier: Option<Tier>,
}

fn first_round() -> u32 {
    1
}

/// What somebody who decides must know, read in the commit that will hold the decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Docket {
    /// The approval as it stands.
    pub approval: Approval,
    /// The run it is about.
    pub run: RunRecord,
    /// The one-time value it is decided with was used before.
    pub token_is_spent: bool,
}

/// Which approvals to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalFilter {
    /// Only in this state.
    pub state: Option<ApprovalState>,
    /// Only this run's.
    pub run_id: Option<RunId>,
    /// At most so many.
    pub limit: u32,
}

impl Default for ApprovalFilter {
    fn default() -> Self {
        Self { state: None, run_id: None, limit: 100 }
    }
}

/// The approvals of a store.
#[derive(Debug, Clone, Copy)]
pub struct Approvals<'a>(pub(crate) &'a Store);

impl Approvals<'_> {
    /// Asks for an approval, or gives the one that was already asked for under this id. That it was asked for is recorded
    /// in the same commit.
    ///
    /// # Errors
    /// The run was never accepted or has another pending approval, or the database cannot be written.
    pub async fn request(self, approval: &Approval) -> Result<Approval, StoreError> {
        let json = to_json(approval)?;
        let approval = approval.clone();
        self.0
            .write(Shape::Several, move |connection| {
                if let Some(existing) = by_id(connection, &approval.approval_id)? {
                    return Ok(existing);
                }
                connection
                    .prepare_cached(
                        "INSERT INTO approvals (approval_id, run_id, round, state, requested_us, record) \
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute(params![
                        approval.approval_id,
                        approval.run_id.as_str(),
                        approval.round,
                        approval.state.name(),
                        approval.requested_at.as_microsecond(),
                        json,
                    ])?;
                let asked = recorded::asked(&approval, run_of(connection, &approval)?.as_ref());
                audit::insert(connection, &Line::new(&asked)?)?;
                Ok(approval)
            })
            .await
    }

    /// One approval; none when there is no such approval.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(self, approval_id: &str) -> Result<Option<Approval>, StoreError> {
        let approval_id = approval_id.to_owned();
        self.0.read(move |connection| by_id(connection, &approval_id)).await
    }

    /// The run's newest approval; none when it asked for none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of_run(self, run_id: &RunId) -> Result<Option<Approval>, StoreError> {
        let filter = ApprovalFilter { run_id: Some(run_id.clone()), limit: 1, ..ApprovalFilter::default() };
        Ok(self.list(filter).await?.pop())
    }

    /// Approvals, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(self, filter: ApprovalFilter) -> Result<Vec<Approval>, StoreError> {
        let (sql, values) = Filter::default()
            .and("run_id = ?", filter.run_id.map(String::from))
            .and("state = ?", filter.state.map(|state| state.name().to_owned()))
            .select("SELECT record FROM approvals", "requested_us DESC, round DESC", filter.limit);
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(&sql)?;
                records(TABLE, &mut select, params_from_iter(values))
            })
            .await
    }

    /// All that wait, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn pending(self) -> Result<Vec<Approval>, StoreError> {
        self.0
            .read(|connection| {
                let mut select = connection.prepare_cached(
                    "SELECT record FROM approvals WHERE state = 'pending' ORDER BY requested_us, approval_id",
                )?;
                records(TABLE, &mut select, [])
            })
            .await
    }

    /// Those that are settled while their run still waits for them, oldest first: decided by a process without engine.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn settled_and_awaited(self) -> Result<Vec<Approval>, StoreError> {
        self.0
            .read(|connection| {
                let mut select = connection.prepare_cached(
                    "SELECT approvals.record FROM runs JOIN approvals USING (run_id) \
                     WHERE runs.state = 'awaiting_approval' AND approvals.state <> 'pending' AND NOT EXISTS \
                     (SELECT 1 FROM approvals AS newer WHERE newer.run_id = runs.run_id AND newer.round > approvals.round) \
                     ORDER BY requested_us, approval_id",
                )?;
                records(TABLE, &mut select, [])
            })
            .await
    }

    /// Replaces an approval by what `ruling` makes of it, or keeps it if `ruling` refuses. It sees the approval and its
    /// run as they stand in this very commit; a one-time value (hashed) counts as used once the ruling is kept. What became
    /// of the approval is recorded in the same commit; refusals are the caller's to record.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is no such approval.
    pub async fn decide<R: Send + 'static>(
        self,
        approval_id: &str,
        token_hash: Option<String>,
        ruling: impl FnOnce(&Docket) -> Result<Approval, R> + Send + 'static,
        now: Timestamp,
    ) -> Result<Result<Approval, R>, StoreError> {
        let approval_id = approval_id.to_owned();
        self.0
            .write(Shape::Several, move |connection| {
                let docket = docket(connection, &approval_id, token_hash.as_deref())?;
                let ruled = match ruling(&docket) {
                    Ok(ruled) => ruled,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                if let Some(hash) = token_hash {
                    connection
                        .prepare_cached(
                            "INSERT INTO approval_tokens (token_hash, approval_id) VALUES (?1, ?2)",
                        )?
                        .execute([&hash, &approval_id])?;
                }
                connection
                    .prepare_cached("UPDATE approvals SET state = ?2, record = ?3 WHERE approval_id = ?1")?
                    .execute([approval_id.as_str(), ruled.state.name(), &to_json(&ruled)?])?;
                if let Some(record) = recorded::moved(&docket, &ruled, now) {
                    audit::insert(connection, &Line::new(&record)?)?;
                }
                Ok(Ok(ruled))
            })
            .await
    }
}

fn by_id(connection: &Connection, approval_id: &str) -> Result<Option<Approval>, StoreError> {
    let mut select = connection.prepare_cached("SELECT record FROM approvals WHERE approval_id = ?1")?;
    record(TABLE, &mut select, [approval_id])
}

fn run_of(connection: &Connection, approval: &Approval) -> Result<Option<RunRecord>, StoreError> {
    let mut select = connection.prepare_cached("SELECT record FROM runs WHERE run_id = ?1")?;
    record("runs", &mut select, [approval.run_id.as_str()])
}

fn docket(
    connection: &Connection,
    approval_id: &str,
    token_hash: Option<&str>,
) -> Result<Docket, StoreError> {
    let absent = || StoreError::Absent { what: "approval", id: approval_id.to_owned() };
    let approval = by_id(connection, approval_id)?.ok_or_else(absent)?;
    let run = run_of(connection, &approval)?.ok_or_else(absent)?;
    let spent: Option<i64> = connection
        .prepare_cached("SELECT 1 FROM approval_tokens WHERE token_hash = ?1")?
        .query_row([token_hash], |row| row.get(0))
        .optional()?;
    Ok(Docket { approval, run, token_is_spent: spent.is_some() })
}
