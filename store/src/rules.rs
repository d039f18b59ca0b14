//! Rule sets by digest, which of them are in force, and what shadows said.
//!
//! What is in force is the newest row of a history that is only appended to; every change commits together with its
//! audit entry. What a rule set means, and which account a canary takes, is not known here.

use crate::audit::{self, Line};
use crate::codec::{from_json, record, to_json};
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::RunId;
use gangway_protocol::audit::AuditRecord;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const TABLE: &str = "rule_changes";

/// A rule set as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRuleSet {
    /// Its digest.
    pub digest: String,
    /// Its name.
    pub id: String,
    /// Version of that name.
    pub version: String,
    /// The text it is read from; empty for the built-in one.
    pub source: String,
}

/// A candidate that some accounts are decided by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Digest of the candidate.
    pub digest: String,
    /// Share of the accounts, 1 to 99.
    pub percent: u8,
}

/// What is in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RulesInForce {
    /// Digest of the rules that decide; none = what is configured, else the built-in ones.
    pub live: Option<String>,
    /// The candidate some accounts are decided by.
    pub canary: Option<Canary>,
    /// Digest of the candidate that judges every run without effect.
    pub shadow: Option<String>,
}

/// What to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleOrder {
    /// Decide everything by this set; ends a canary.
    Activate {
        /// Its digest.
        digest: String,
    },
    /// Decide some accounts by this set.
    Canary(Canary),
    /// Back to what was in force before the last activation or canary.
    RollBack,
    /// Judge by this set too, without effect.
    Shadow {
        /// Its digest.
        digest: String,
    },
    /// No shadow any more.
    EndShadow,
}

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleChange {
    /// Position, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was asked.
    pub order: RuleOrder,
    /// What is in force from then on.
    pub in_force: RulesInForce,
    /// The change a rollback goes back to; 0 = before the first, none = nothing to go back to.
    pub falls_back_to: Option<i64>,
}

/// A run on which a shadow differs; `D` is the difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShadowedRun<D> {
    /// The run.
    pub run_id: RunId,
    /// How the shadow's decision differs.
    pub difference: D,
}

/// What a shadow said so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShadowReport<D> {
    /// Runs it judged.
    pub judged: u64,
    /// Runs on which it differs.
    pub differs: u64,
    /// The newest of these, newest first.
    pub runs: Vec<ShadowedRun<D>>,
}

/// The rules of a store.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a>(pub(crate) &'a Store);

impl Rules<'_> {
    /// Keeps a rule set; one that is kept already stays as it is.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn keep(self, set: KeptRuleSet, now: Timestamp) -> Result<(), StoreError> {
        self.0
            .write(Shape::OneStatement, move |connection| {
                connection
                    .prepare_cached(
                        "INSERT OR IGNORE INTO rule_sets (digest, id, version, source, stored_us) \
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![set.digest, set.id, set.version, set.source, now.as_microsecond()])?;
                Ok(())
            })
            .await
    }

    /// The rule set of a digest; none when it was never kept.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(self, digest: &str) -> Result<Option<KeptRuleSet>, StoreError> {
        let digest = digest.to_owned();
        self.0
            .read(move |connection| {
                let found = connection
                    .prepare_cached("SELECT digest, id, version, source FROM rule_sets WHERE digest = ?1")?
                    .query_row([digest], |row| {
                        Ok(KeptRuleSet {
                            digest: row.get(0)?,
                            id: row.get(1)?,
                            version: row.get(2)?,
                            source: row.get(3)?,
                        })
                    })
                    .optional()?;
                Ok(found)
            })
            .await
    }

    /// What is in force now.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn in_force(self) -> Result<RulesInForce, StoreError> {
        let newest = self.0.read(newest).await?;
        Ok(newest.map(|change| change.in_force).unwrap_or_default())
    }

    /// Changes what is in force and appends the audit entry in the same commit. None = a rollback with nothing to go
    /// back to; then nothing is changed or appended.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn change(
        self,
        order: RuleOrder,
        actor: &str,
        audit: AuditRecord,
    ) -> Result<Option<RuleChange>, StoreError> {
        let (actor, at, line) = (actor.to_owned(), audit.at, Line::new(&audit)?);
        self.0
            .write(Shape::Several, move |connection| {
                let Some((in_force, falls_back_to)) = after(connection, &order)? else { return Ok(None) };
                let seq = newest(connection)?.map_or(0, |change| change.seq).saturating_add(1);
                let change = RuleChange { seq, at, actor, order, in_force, falls_back_to };
                connection
                    .prepare_cached("INSERT INTO rule_changes (seq, record) VALUES (?1, ?2)")?
                    .execute(params![seq, to_json(&change)?])?;
                audit::insert(connection, &line)?;
                Ok(Some(change))
            })
            .await
    }

    /// The newest changes, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn changes(self, limit: u32) -> Result<Vec<RuleChange>, StoreError> {
        self.0
            .read(move |connection| {
                let mut select = connection
                    .prepare_cached("SELECT record FROM rule_changes ORDER BY seq DESC LIMIT ?1")?;
                crate::codec::records(TABLE, &mut select, [limit])
            })
            .await
    }

    /// Records what a shadow said of a run; none where it agrees. A repeat replaces it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn note_shadow(
        self,
        digest: &str,
        run_id: &RunId,
        difference: Option<&impl Serialize>,
    ) -> Result<(), StoreError> {
        let (digest, run_id) = (digest.to_owned(), run_id.clone());
        let difference = difference.map(to_json).transpose()?;
        self.0
            .write(Shape::OneStatement, move |connection| {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO rule_shadows (digest, run_id, difference) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![digest, run_id.as_str(), difference])?;
                Ok(())
            })
            .await
    }

    /// What a shadow said so far, with at most `limit` of the runs on which it differs.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn shadow_report<D: DeserializeOwned + Send + 'static>(
        self,
        digest: &str,
        limit: u32,
    ) -> Result<ShadowReport<D>, StoreError> {
        let digest = digest.to_owned();
        self.0
            .read(move |connection| {
                let (judged, differs): (i64, i64) = connection
                    .prepare_cached("SELECT count(*), count(difference) FROM rule_shadows WHERE digest = ?1")?
                    .query_row([&digest], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let mut select = connection.prepare_cached(
                    "SELECT rule_shadows.run_id, difference FROM rule_shadows JOIN runs USING (run_id) \
                     WHERE digest = ?1 AND difference IS NOT NULL ORDER BY runs.seq DESC LIMIT ?2",
                )?;
                let mut rows = select.query(params![digest, limit])?;
                let mut runs = Vec::new();
                while let Some(row) = rows.next()? {
                    let run_id = RunId::parse(row.get::<_, String>(0)?).map_err(|error| StoreError::Row {
                        table: "rule_shadows",
                        reason: error.to_string(),
                    })?;
                    let json: String = row.get(1)?;
                    runs.push(ShadowedRun { run_id, difference: from_json("rule_shadows", &json)? });
                }
                let count = |number: i64| u64::try_from(number).unwrap_or_default();
                Ok(ShadowReport { judged: count(judged), differs: count(differs), runs })
            })
            .await
    }
}

fn newest(connection: &Connection) -> Result<Option<RuleChange>, StoreError> {
    let mut select =
        connection.prepare_cached("SELECT record FROM rule_changes ORDER BY seq DESC LIMIT 1")?;
    record(TABLE, &mut select, [])
}

/// What is in force after an order, and what a rollback then goes back to.
fn after(
    connection: &Connection,
    order: &RuleOrder,
) -> Result<Option<(RulesInForce, Option<i64>)>, StoreError> {
    let now = newest(connection)?;
    let (seq, falls_back_to) = now.as_ref().map_or((0, None), |change| (change.seq, change.falls_back_to));
    let in_force = now.map(|change| change.in_force).unwrap_or_default();
    Ok(Some(match order {
        RuleOrder::Activate { digest } => {
            (RulesInForce { live: Some(digest.clone()), canary: None, ..in_force }, Some(seq))
        }
        RuleOrder::Canary(canary) => {
            // Widening a canary is no step of its own: going back ends it.
            let same = in_force.canary.as_ref().is_some_and(|running| running.digest == canary.digest);
            let back = if same { falls_back_to } else { Some(seq) };
            (RulesInForce { canary: Some(canary.clone()), ..in_force }, back)
        }
        RuleOrder::Shadow { digest } => {
            (RulesInForce { shadow: Some(digest.clone()), ..in_force }, falls_back_to)
        }
        RuleOrder::EndShadow => (RulesInForce { shadow: None, ..in_force }, falls_back_to),
        RuleOrder::RollBack => {
            let Some(target) = falls_back_to else { return Ok(None) };
            let earlier = by_seq(connection, target)?;
            let back = earlier.as_ref().and_then(|change| change.falls_back_to);
            let earlier = earlier.map(|change| change.in_force).unwrap_or_default();
            // A shadow has no effect to take back: it goes on.
            (RulesInForce { shadow: in_force.shadow, ..earlier }, back)
        }
    }))
}

fn by_seq(connection: &Connection, seq: i64) -> Result<Option<RuleChange>, StoreError> {
    let mut select = connection.prepare_cached("SELECT record FROM rule_changes WHERE seq = ?1")?;
    record(TABLE, &mut select, [seq])
}
