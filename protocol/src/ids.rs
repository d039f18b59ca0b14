//! Identifiers as types, parsed once at the edge.
//!
//! What a person or another system may type in (account, opportunity, contract, correlation id)
//! is bounded in length and alphabet, so that no id can carry a path, a query or a line break into
//! a vendor call. Vendors' own record ids inside facts stay plain strings: they are evidence, not keys.

use crate::canonical::digest_bytes;
use crate::record_id::{ACCOUNT, RecordId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Longest identifier accepted from outside, in bytes. Salesforce external-id text fields hold up to 255,
/// real ones stay far below; the bound keeps logs, keys and URLs readable.
pub const MAX_ID_BYTES: usize = 80;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing but white space was given.
    #[error("{what} is empty")]
    Empty {
        /// Which identifier was being read.
        what: &'static str,
    },
    /// Longer than [`MAX_ID_BYTES`].
    #[error("{what} is {length} bytes long, at most {MAX_ID_BYTES} are allowed")]
    TooLong {
        /// Which identifier was being read.
        what: &'static str,
        /// Length of the text given, in bytes.
        length: usize,
    },
    /// Nothing but punctuation: `.` and `..` would walk up a vendor's path.
    #[error("{what} has no letter and no digit")]
    NoLetterOrDigit {
        /// Which identifier was being read.
        what: &'static str,
    },
    /// A character outside letters, digits, `-`, `_`, `.` and `:`.
    #[error(
        "{what} contains {found:?} at position {position}; only letters, digits, '-', '_', '.' and ':' are allowed"
    )]
    BadCharacter {
        /// Which identifier was being read.
        what: &'static str,
        /// The offending character.
        found: char,
        /// Its position, in characters, counted from 0.
        position: usize,
    },
}

fn check(what: &'static str, text: &str) -> Result<(), IdError> {
    if text.trim().is_empty() {
        return Err(IdError::Empty { what });
    }
    if text.len() > MAX_ID_BYTES {
        return Err(IdError::TooLong { what, length: text.len() });
    }
    let bad = text
        .chars()
        .enumerate()
        .find(|(_, c)| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':')));
    match bad {
        Some((position, found)) => Err(IdError::BadCharacter { what, found, position }),
        None if !text.bytes().any(|b| b.is_ascii_alphanumeric()) => Err(IdError::NoLetterOrDigit { what }),
        None => Ok(()),
    }
}

/// One macro instead of seven copies: every identifier has the same rules and the same traits.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String", extend("minLength" = 1, "maxLength" = MAX_ID_BYTES))]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Reads the ", $what, " a caller gave.")]
            ///
            /// # Errors
            /// [`IdError`] when it is empty, too long, holds a character that is not allowed or no letter and no digit.
            pub fn parse(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check($what, &text)?;
                Ok(Self(text))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// The customer's business id (the Salesforce external-id field) or a 15/18-character Salesforce id.
    AccountId,
    "account id"
);
impl AccountId {
    /// The Salesforce id, if that is what the account is named by.
    #[must_use]
    pub fn record_id(&self) -> Option<RecordId> {
        RecordId::parse(&self.0, ACCOUNT)
    }
}

identifier!(
    /// A Salesforce opportunity id.
    OpportunityId,
    "opportunity id"
);
identifier!(
    /// A contract id: the CLM's, or Salesforce's, as the tool that takes it says.
    ContractId,
    "contract id"
);
identifier!(
    /// Ties together everything one request caused, in every system; given by the caller or made.
    CorrelationId,
    "correlation id"
);
identifier!(
    /// One onboarding run of one account.
    RunId,
    "run id"
);
identifier!(
    /// A customer's tenant in the product.
    TenantId,
    "tenant id"
);
identifier!(
    /// One task of one tenant's checklist, e.g. `tnt-acme-001:T005`.
    TaskId,
    "task id"
);

impl RunId {
    /// A new run id. Version-7 UUIDs sort by creation time, which keeps the store's index append-only.
    #[must_use]
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(format!("run-{}", uuid.simple()))
    }
}

impl CorrelationId {
    /// A correlation id for a request that brought none.
    #[must_use]
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(format!("cor-{}", uuid.simple()))
    }
}

/// Names one intended effect, so that its receiver can recognise a repeat.
///
/// Shape: 1 to 200 printable ASCII characters without spaces; ours are `run_id/label`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("minLength" = 1, "maxLength" = 200, "pattern" = "^[!-~]+$"))]
pub struct IdempotencyKey(String);

const LONGEST_KEY: usize = 200;

/// Why a text is not an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an idempotency key is 1 to 200 printable ASCII characters without spaces, this one has {length} bytes"
)]
pub struct IdempotencyKeyError {
    length: usize,
}

impl IdempotencyKey {
    /// Reads a key a caller gave.
    ///
    /// # Errors
    /// [`IdempotencyKeyError`] when it is empty, too long or not printable ASCII.
    pub fn parse(text: impl Into<String>) -> Result<Self, IdempotencyKeyError> {
        let text = text.into();
        let printable = text.bytes().all(|b| (b'!'..=b'~').contains(&b));
        if text.is_empty() || text.len() > LONGEST_KEY || !printable {
            return Err(IdempotencyKeyError { length: text.len() });
        }
        Ok(Self(text))
    }

    /// The key of one labelled effect of one run. `label` is made of our own words, never of anybody's text.
    #[must_use]
    pub fn of_step(run_id: &RunId, label: &str) -> Self {
        Self(format!("{run_id}/{label}"))
    }

    /// The same key in a name space of `caller`, where it meets no key of anybody else, nor one without a name space:
    /// no run's or tenant's id begins with `~`. A key that would become too long is in it by its digest.
    #[must_use]
    pub fn within(&self, caller: &str) -> Self {
        let space = digest_bytes(caller.as_bytes());
        let space = space.trim_start_matches("sha256:").get(..24).unwrap_or_default();
        let whole = format!("~{space}/{}", self.0);
        if whole.len() <= LONGEST_KEY {
            return Self(whole);
        }
        Self(format!("~{space}~{}", digest_bytes(self.0.as_bytes())))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = IdempotencyKeyError;
    fn try_from(text: String) -> Result<Self, IdempotencyKeyError> {
        Self::parse(text)
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> String {
        key.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{AccountId, IdError, IdempotencyKey};

    #[test]
    fn a_key_in_a_callers_name_space_is_a_key_and_nobody_elses() {
        for text in ["k".to_owned(), "run-1/email_welcome".to_owned(), "x".repeat(200)] {
            let key = IdempotencyKey::parse(text);
            let of = |caller| key.clone().map(|key: IdempotencyKey| key.within(caller));
            let (adas, bobs) = (of("person ada"), of("person bob"));
            assert!(adas != bobs && adas != key, "{adas:?}");
            assert_eq!(adas, of("person ada"));
            assert!(adas.is_ok_and(|key| IdempotencyKey::parse(key.as_str()) == Ok(key)));
        }
    }

    #[test]
    fn accepts_business_ids_and_salesforce_ids() {
        for id in ["ACME-001", "0018Z00003ACMEQAA2", "a.b:c_d"] {
            assert_eq!(AccountId::parse(id).map(String::from), Ok(id.to_owned()));
        }
    }

    #[test]
    fn names_the_character_that_is_not_allowed() {
        for (id, found) in [("A/B", '/'), ("A'B", '\''), ("A\nB", '\n'), ("A B", ' '), ("Aé", 'é')] {
            assert_eq!(
                AccountId::parse(id),
                Err(IdError::BadCharacter { what: "account id", found, position: 1 })
            );
        }
    }

    #[test]
    fn an_id_has_a_letter_or_a_digit() {
        for id in [".", "..", "-", "_:."] {
            assert_eq!(AccountId::parse(id), Err(IdError::NoLetterOrDigit { what: "account id" }), "{id}");
        }
        assert!(AccountId::parse("..7").is_ok());
    }

    #[test]
    fn refuses_empty_and_oversized_ids() {
        assert_eq!(AccountId::parse(" "), Err(IdError::Empty { what: "account id" }));
        assert_eq!(
            AccountId::parse("x".repeat(10_240)),
            Err(IdError::TooLong { what: "account id", length: 10_240 })
        );
        assert!(AccountId::parse("x".repeat(80)).is_ok());
        assert!(AccountId::parse("x".repeat(81)).is_err());
    }

    #[test]
    fn a_key_is_bounded_printable_ascii() {
        assert!(IdempotencyKey::parse("run-1/slack").is_ok());
        for bad in ["", "a b", "a\u{e9}", &"x".repeat(201)] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad:?}");
        }
    }
}
