//! API keys: made once and shown once, recognised by a hash.
//!
//! A key reads `gwk_<id>_<secret>`. The id finds the row; the secret is 256 random bits, so plain SHA-256 protects it: a
//! slow or salted hash defends words that can be guessed, and nobody guesses this, while every request pays for the hash.
//! Hashes are compared in constant time, and an id that does not exist takes the same way as a wrong secret.

use gangway_protocol::audit::AuditRecord;
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::{Actor, Person};
use gangway_store::{ApiKey, KeyRefusal, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::fmt;
use std::fmt::Write as _;
use subtle::ConstantTimeEq as _;

const PREFIX: &str = "gwk";
/// The name the use of keys stands under in the audit: one line for a key and some minutes.
const USED: &str = "keys.use";
/// How stale the record of a key's last use may be: a write for every request would cost a commit each.
const USE_NOTED_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// What a key that does not exist is compared with; no secret hashes to it.
const NO_HASH: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// A key just made, with the only copy of its secret.
pub struct Issued {
    /// The key as it is stored.
    pub key: ApiKey,
    /// What its person presents.
    pub token: SecretString,
}

/// Why a key that was presented opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Not of the form of a key, an id that does not exist, or a wrong secret: which, is not told.
    Unknown,
    /// Was good once.
    Stored(KeyRefusal),
}

impl Refused {
    /// The code that the audit keeps.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN_KEY",
            Self::Stored(KeyRefusal::Expired) => "EXPIRED_KEY",
            Self::Stored(KeyRefusal::Revoked) => "REVOKED_KEY",
        }
    }

    /// The audit's line of it. Whose key it was is not told: a wrong secret proves nobody.
    pub fn record(self, from: &str, now: Timestamp) -> AuditRecord {
        AuditRecord::refused(
            USED,
            &Actor::nobody("somebody, not believed"),
            json!({ "at": from }),
            now,
            self.code(),
        )
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => {
                "there is no such key; gangway keys list shows the keys, gangway keys create makes one"
            }
            Self::Stored(KeyRefusal::Expired) => "the key has expired; gangway keys create makes a new one",
            Self::Stored(KeyRefusal::Revoked) => "the key was revoked; gangway keys create makes a new one",
        })
    }
}

/// Makes a key for a person; `by` is on record for it.
pub async fn issue(
    store: &Store,
    person: Person,
    expires_at: Option<Timestamp>,
    by: &Actor,
) -> Result<Issued, StoreError> {
    let now = Timestamp::now();
    let key = ApiKey {
        key_id: hex(&rand::random::<[u8; 6]>()),
        person,
        created_at: now,
        created_by: by.to_string(),
        expires_at,
        revoked_at: None,
        revoked_by: None,
    };
    let secret = SecretString::from(hex(&rand::random::<[u8; 32]>()));
    let record = AuditRecord::done("keys.create", by, json!({ "key_id": key.key_id }), now);
    store.api_keys().create(&key, &digest_bytes(secret.expose_secret().as_bytes()), record).await?;
    let token = SecretString::from(format!("{PREFIX}_{}_{}", key.key_id, secret.expose_secret()));
    Ok(Issued { key, token })
}

/// Takes a key back; none when there is no such key.
pub async fn revoke(store: &Store, key_id: &str, by: &Actor) -> Result<Option<ApiKey>, StoreError> {
    let record = AuditRecord::done("keys.revoke", by, json!({ "key_id": key_id }), Timestamp::now());
    store.api_keys().revoke(key_id, by.as_str(), record).await
}

/// The good key that `token` is, or why it is none.
pub async fn person_of(
    store: &Store,
    token: &SecretString,
    now: Timestamp,
) -> Result<Result<ApiKey, Refused>, StoreError> {
    let mut parts = token.expose_secret().trim().splitn(3, '_');
    let (Some(PREFIX), Some(key_id), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(Err(Refused::Unknown));
    };
    let stored = store.api_keys().get(key_id).await?;
    let expected = stored.as_ref().map_or(NO_HASH, |stored| stored.secret_hash.as_str());
    let presented = digest_bytes(secret.as_bytes());
    let is_same = bool::from(presented.as_bytes().ct_eq(expected.as_bytes()));
    let Some(stored) = stored.filter(|_| is_same) else { return Ok(Err(Refused::Unknown)) };
    if let Some(refusal) = stored.key.refusal(now) {
        return Ok(Err(Refused::Stored(refusal)));
    }
    if stored.last_used_at.is_none_or(|last| now.duration_since(last) >= USE_NOTED_EVERY) {
        let key_id = &stored.key.key_id;
        let record = AuditRecord::done(USED, &stored.key.person.actor(), json!({ "key_id": key_id }), now);
        store.api_keys().used_later(key_id, record).await?;
    }
    Ok(Ok(stored.key))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
