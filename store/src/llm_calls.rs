//! Calls to language models: appended, listed, added up for a day's budget. What a call says is masked already.
//!
//! Sums are `TOTAL`, not `SUM`: what a provider claims to have taken may be absurd, and a sum that does not fit is then the
//! greatest number instead of an error.

use crate::codec::{from_json, record, to_json};
use crate::filter::Filter;
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::{CallVerdict, LlmCall, RunId, Spent};
use jiff::Timestamp;
use rusqlite::{params, params_from_iter};

const TABLE: &str = "llm_calls";
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The recorded model calls of a store.
#[derive(Debug, Clone, Copy)]
pub struct LlmCalls<'a>(pub(crate) &'a Store);

/// Which calls to list; a field that is none means any.
#[derive(Debug, Clone, Default)]
pub struct LlmCallFilter {
    /// Only this run's.
    pub run_id: Option<RunId>,
    /// Only those that ended so.
    pub verdict: Option<CallVerdict>,
    /// At most this many.
    pub limit: u32,
}

/// Calls added up by model, prompt and verdict.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LlmTotals {
    /// The model asked for.
    pub model: String,
    /// Name of the prompt.
    pub prompt: String,
    /// What became of the calls.
    pub verdict: String,
    /// How many.
    pub calls: u64,
    /// Tokens, both ways.
    pub tokens: u64,
    /// Cost in millionths of a US dollar.
    pub cost_micro_usd: u64,
}

impl LlmCalls<'_> {
    /// Appends a call.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn append(self, call: &LlmCall) -> Result<(), StoreError> {
        let (json, call) = (to_json(call)?, call.clone());
        self.0
            .write(Shape::OneStatement, move |connection| {
                let tokens = call.input_tokens.saturating_add(call.output_tokens);
                connection
                    .prepare_cached(
                        "INSERT INTO llm_calls (at_us, day, run_id, model, prompt, verdict, tokens, micro_usd, record)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    )?
                    .execute(params![
                        call.at.as_microsecond(),
                        day(call.at),
                        call.run_id.as_ref().map(RunId::as_str),
                        call.model,
                        call.prompt.name,
                        call.verdict.name(),
                        whole(tokens),
                        whole(call.cost_micro_usd),
                        json,
                    ])?;
                Ok(())
            })
            .await
    }

    /// Calls with their numbers, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(self, filter: LlmCallFilter) -> Result<Vec<(u64, LlmCall)>, StoreError> {
        let (sql, values) = Filter::default()
            .and("run_id = ?", filter.run_id.map(|run| run.as_str().to_owned()))
            .and("verdict = ?", filter.verdict.map(|verdict| verdict.name().to_owned()))
            .select("SELECT seq, record FROM llm_calls", "seq DESC", filter.limit);
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(&sql)?;
                let mut rows = select.query(params_from_iter(values))?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                    found.push((count(row.get(0)?), from_json(TABLE, text)?));
                }
                Ok(found)
            })
            .await
    }

    /// One call by its number; none when there is no such call.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(self, seq: u64) -> Result<Option<LlmCall>, StoreError> {
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached("SELECT record FROM llm_calls WHERE seq = ?1")?;
                record(TABLE, &mut select, [whole(seq)])
            })
            .await
    }

    /// What the UTC day of this instant has cost so far.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn spent_on_day(self, at: Timestamp) -> Result<Spent, StoreError> {
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT CAST(TOTAL(tokens) AS INTEGER), CAST(TOTAL(micro_usd) AS INTEGER) FROM llm_calls WHERE day = ?1",
                )?;
                let (tokens, micro_usd) =
                    select.query_row([day(at)], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(Spent { tokens: count(tokens), micro_usd: count(micro_usd) })
            })
            .await
    }

    /// Every call since `since`, added up by model, prompt and verdict, in that order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn totals(self, since: Timestamp) -> Result<Vec<LlmTotals>, StoreError> {
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT model, prompt, verdict, COUNT(*), CAST(TOTAL(tokens) AS INTEGER), CAST(TOTAL(micro_usd) AS INTEGER)
                     FROM llm_calls WHERE at_us >= ?1 GROUP BY model, prompt, verdict ORDER BY model, prompt, verdict",
                )?;
                let rows = select.query_map([since.as_microsecond()], |row| {
                    Ok(LlmTotals {
                        model: row.get(0)?,
                        prompt: row.get(1)?,
                        verdict: row.get(2)?,
                        calls: count(row.get(3)?),
                        tokens: count(row.get(4)?),
                        cost_micro_usd: count(row.get(5)?),
                    })
                })?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            })
            .await
    }
}

fn day(at: Timestamp) -> i64 {
    at.as_microsecond().div_euclid(MICROS_PER_DAY)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
