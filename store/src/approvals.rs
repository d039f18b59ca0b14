//! Approvals: one per run, asked for once, settled once.
//!
//! Who may approve is checked elsewhere; here two at once get one winner, and nobody settles after expiry.

use crate::codec::{record, records, to_json};
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::{AccountId, RunId, Tier};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

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
}

impl ApprovalState {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

/// What a person is asked to approve, bound to the facts and rules it was decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its id.
    pub approval_id: String,
    /// The run that waits for it.
    pub run_id: RunId,
    /// The account.
    pub account_id: AccountId,
    /// Digest of the facts the decision saw.
    pub facts_digest: String,
    /// Digest of the rules that decided.
    pub rule_set_digest: String,
    /// Where it stands.
    pub state: ApprovalState,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// From then on nobody can settle it.
    pub expires_at: Timestamp,
    /// Who settled it.
    pub decided_by: Option<String>,
    /// When it was settled.
    pub decided_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// The tier to provision; named by the approver when the contract's is unknown.
    pub tier: Option<Tier>,
}

/// What somebody decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Approved, rejected or expired.
    pub state: ApprovalState,
    /// Who.
    pub decided_by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// The tier, when the approver names one.
    pub tier: Option<Tier>,
}

/// How settling ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// As decided.
    Now(Approval),
    /// It was settled, or had expired, before; the verdict counts for nothing.
    Before(Approval),
}

/// The approvals of a store.
#[derive(Debug, Clone, Copy)]
pub struct Approvals<'a>(pub(crate) &'a Store);

impl Approvals<'_> {
    /// Asks for an approval, or gives the one the run already asked for.
    ///
    /// # Errors
    /// The run was never accepted, or the database cannot be written.
    pub async fn request(self, approval: &Approval) -> Result<Approval, StoreError> {
        let json = to_json(approval)?;
        let approval = approval.clone();
        self.0
            .write(Shape::OneStatement, move |connection| {
                if let Some(existing) = of_run(connection, &approval.run_id)? {
                    return Ok(existing);
                }
                connection
                    .prepare_cached(
                        "INSERT INTO approvals (approval_id, run_id, state, requested_us, record) \
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![
                        approval.approval_id,
                        approval.run_id.as_str(),
                        approval.state.name(),
                        approval.requested_at.as_microsecond(),
                        json,
                    ])?;
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

    /// The run's approval; none when it asked for none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of_run(self, run_id: &RunId) -> Result<Option<Approval>, StoreError> {
        let run_id = run_id.clone();
        self.0.read(move |connection| of_run(connection, &run_id)).await
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

    /// Settles an approval that is pending. One that has expired by the verdict's time becomes expired instead.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is no such approval.
    pub async fn settle(self, approval_id: &str, verdict: Verdict) -> Result<Settled, StoreError> {
        let approval_id = approval_id.to_owned();
        self.0
            .write(Shape::OneStatement, move |connection| {
                let Some(approval) = by_id(connection, &approval_id)? else {
                    return Err(StoreError::Absent { what: "approval", id: approval_id });
                };
                if approval.state != ApprovalState::Pending {
                    return Ok(Settled::Before(approval));
                }
                let settled = apply(approval, verdict);
                let approval = match &settled {
                    Settled::Now(approval) | Settled::Before(approval) => approval,
                };
                connection
                    .prepare_cached("UPDATE approvals SET state = ?2, record = ?3 WHERE approval_id = ?1")?
                    .execute([approval_id.as_str(), approval.state.name(), &to_json(approval)?])?;
                Ok(settled)
            })
            .await
    }
}

/// What a pending approval becomes.
fn apply(approval: Approval, verdict: Verdict) -> Settled {
    let is_late = verdict.at >= approval.expires_at && verdict.state != ApprovalState::Expired;
    if is_late {
        return Settled::Before(Approval {
            state: ApprovalState::Expired,
            decided_at: Some(approval.expires_at),
            ..approval
        });
    }
    Settled::Now(Approval {
        state: verdict.state,
        decided_by: Some(verdict.decided_by),
        decided_at: Some(verdict.at),
        reason: verdict.reason,
        tier: verdict.tier.or(approval.tier),
        ..approval
    })
}

fn by_id(connection: &Connection, approval_id: &str) -> Result<Option<Approval>, StoreError> {
    let mut select = connection.prepare_cached("SELECT record FROM approvals WHERE approval_id = ?1")?;
    record(TABLE, &mut select, [approval_id])
}

fn of_run(connection: &Connection, run_id: &RunId) -> Result<Option<Approval>, StoreError> {
    let mut select = connection.prepare_cached("SELECT record FROM approvals WHERE run_id = ?1")?;
    record(TABLE, &mut select, [run_id.as_str()])
}
