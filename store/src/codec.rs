//! Between rows and records: JSON in, JSON out, times as microseconds. Knows no table.

use crate::StoreError;
use jiff::Timestamp;
use rusqlite::{Params, Statement};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

pub(crate) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Encode(Arc::new(source)))
}

pub(crate) fn from_json<T: DeserializeOwned>(table: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Row { table, reason: error.to_string() })
}

pub(crate) fn to_time(table: &'static str, micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|error| StoreError::Row { table, reason: error.to_string() })
}

/// Every record of a statement whose only column is `record`.
pub(crate) fn records<T: DeserializeOwned>(
    table: &'static str,
    statement: &mut Statement<'_>,
    params: impl Params,
) -> Result<Vec<T>, StoreError> {
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(from_json(table, row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
    }
    Ok(found)
}

/// The first record of such a statement.
pub(crate) fn record<T: DeserializeOwned>(
    table: &'static str,
    statement: &mut Statement<'_>,
    params: impl Params,
) -> Result<Option<T>, StoreError> {
    let mut rows = statement.query(params)?;
    match rows.next()? {
        None => Ok(None),
        Some(row) => from_json(table, row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?).map(Some),
    }
}
