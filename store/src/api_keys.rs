//! Keys of the people and programs that use the HTTP API: made, found, revoked, each on record in the same commit.
//!
//! A secret never comes here, only its hash. Whether a key is good now is [`ApiKey::refusal`]'s to say, what its person
//! may do is the caller's.

use crate::audit::Line;
use crate::codec::{from_json, to_json, to_time};
use crate::writer::Shape;
use crate::{Store, StoreError, audit};
use gangway_protocol::actor::may_name_a_person;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::{Person, same_person};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

const TABLE: &str = "api_keys";

/// A key without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Stands in the key itself, and names it to people.
    pub key_id: String,
    /// Who acts with it.
    pub person: Person,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// From then on it opens nothing; null = it does not end by itself.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    #[serde(default)]
    pub revoked_at: Option<Timestamp>,
    /// Who took it back.
    #[serde(default)]
    pub revoked_by: Option<String>,
}

/// Why a key opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRefusal {
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl ApiKey {
    /// Why the key is no good at `now`; none when it is good.
    #[must_use]
    pub fn refusal(&self, now: Timestamp) -> Option<KeyRefusal> {
        if self.revoked_at.is_some() {
            return Some(KeyRefusal::Revoked);
        }
        self.expires_at.is_some_and(|end| end <= now).then_some(KeyRefusal::Expired)
    }
}

/// A key as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The key.
    pub key: ApiKey,
    /// Hash of its secret.
    pub secret_hash: String,
    /// About when it was used last.
    pub last_used_at: Option<Timestamp>,
}

/// The API keys of a store.
#[derive(Debug, Clone, Copy)]
pub struct ApiKeys<'a>(pub(crate) &'a Store);

impl ApiKeys<'_> {
    /// Stores a new key and, in the same commit, who made it.
    ///
    /// # Errors
    /// [`StoreError::KeyNameReserved`]; [`StoreError::KeyNameTaken`] while another key of that person was not revoked, however their name was written.
    pub async fn create(
        self,
        key: &ApiKey,
        secret_hash: &str,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        if !may_name_a_person(&key.person.name) {
            return Err(StoreError::KeyNameReserved { name: key.person.name.clone() });
        }
        let (json, line) = (to_json(key)?, Line::new(&record)?);
        let (key, secret_hash) = (key.clone(), secret_hash.to_owned());
        self.0
            .write(Shape::Several, move |connection| {
                if let Some((key_id, name)) = key_of(connection, &key.person.name)? {
                    return Err(StoreError::KeyNameTaken { name, key_id });
                }
                connection
                    .prepare_cached(
                        "INSERT INTO api_keys (key_id, name, secret_hash, record) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute([&key.key_id, &key.person.name, &secret_hash, &json])?;
                audit::insert(connection, &line).map(|_| ())
            })
            .await
    }

    /// One key; none when there is no such key.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(self, key_id: &str) -> Result<Option<StoredKey>, StoreError> {
        let key_id = key_id.to_owned();
        self.0.read(move |connection| by_id(connection, &key_id)).await
    }

    /// Every key, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(self) -> Result<Vec<StoredKey>, StoreError> {
        self.0
            .read(|connection| {
                let mut select = connection.prepare_cached(
                    "SELECT record, secret_hash, last_used_us FROM api_keys ORDER BY rowid DESC",
                )?;
                let rows = select
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                    .collect::<Result<Vec<Columns>, _>>()?;
                rows.into_iter().map(stored).collect()
            })
            .await
    }

    /// Takes a key back and, in the same commit, records who did; gives it as it is then. One that was revoked before
    /// stays as it was; none when there is no such key.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn revoke(
        self,
        key_id: &str,
        by: &str,
        record: AuditRecord,
    ) -> Result<Option<ApiKey>, StoreError> {
        let (key_id, by, line) = (key_id.to_owned(), by.to_owned(), Line::new(&record)?);
        self.0
            .write(Shape::Several, move |connection| {
                let Some(StoredKey { mut key, .. }) = by_id(connection, &key_id)? else { return Ok(None) };
                if key.revoked_at.is_some() {
                    return Ok(Some(key));
                }
                key.revoked_at = Some(record.at);
                key.revoked_by = Some(by);
                connection
                    .prepare_cached("UPDATE api_keys SET revoked_us = ?2, record = ?3 WHERE key_id = ?1")?
                    .execute(params![key_id, record.at.as_microsecond(), to_json(&key)?])?;
                audit::insert(connection, &line)?;
                Ok(Some(key))
            })
            .await
    }

    /// Notes that a key was used, and records it in the same commit. Queued, not awaited; the caller decides how often that is worth a write.
    ///
    /// # Errors
    /// [`StoreError::Closed`], or the record cannot be written as JSON.
    pub async fn used_later(self, key_id: &str, record: AuditRecord) -> Result<(), StoreError> {
        let (key_id, line, at) = (key_id.to_owned(), Line::new(&record)?, record.at);
        self.0
            .writer()
            .enqueue_unwatched(Shape::Several, "note that an API key was used", move |connection| {
                connection
                    .prepare_cached("UPDATE api_keys SET last_used_us = ?2 WHERE key_id = ?1")?
                    .execute(params![key_id, at.as_microsecond()])?;
                audit::insert(connection, &line).map(|_| ())
            })
            .await
    }
}

type Columns = (String, String, Option<i64>);

/// The key and the name under which this person has one that was not revoked. SQLite knows the cases of ASCII only.
fn key_of(connection: &Connection, name: &str) -> Result<Option<(String, String)>, StoreError> {
    let mut select =
        connection.prepare_cached("SELECT key_id, name FROM api_keys WHERE revoked_us IS NULL")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let keys = rows.collect::<Result<Vec<(String, String)>, _>>()?;
    Ok(keys.into_iter().find(|(_, known)| same_person(known, name)))
}

fn by_id(connection: &Connection, key_id: &str) -> Result<Option<StoredKey>, StoreError> {
    let columns: Option<Columns> = connection
        .prepare_cached("SELECT record, secret_hash, last_used_us FROM api_keys WHERE key_id = ?1")?
        .query_row([key_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    columns.map(stored).transpose()
}

fn stored((json, secret_hash, last_used_us): Columns) -> Result<StoredKey, StoreError> {
    let last_used_at = last_used_us.map(|micros| to_time(TABLE, micros)).transpose()?;
    Ok(StoredKey { key: from_json(TABLE, &json)?, secret_hash, last_used_at })
}
