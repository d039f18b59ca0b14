//! Who calls: the person of the API key in `Authorization: Bearer`. There is no way in without one.

use super::endpoint::header;
use crate::api_keys;
use crate::serve::{Problem, Service};
use axum::http::HeaderMap;
use gangway_protocol::Person;
use gangway_store::StoreError;
use jiff::Timestamp;
use secrecy::SecretString;

/// Why a caller was not let in.
pub struct Stranger {
    /// The code that the audit keeps.
    pub code: &'static str,
    /// What the caller is told.
    pub problem: Problem,
}

/// The caller, or why there is none. The outer error is ours.
pub async fn caller(service: &Service, headers: &HeaderMap) -> Result<Result<Person, Stranger>, StoreError> {
    let presented = header(headers, "authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| SecretString::from(token.to_owned()));
    let Some(token) = presented else {
        let says = "send an API key as Authorization: Bearer KEY; gangway keys create makes one";
        return Ok(Err(Stranger { code: "NO_KEY", problem: Problem::unauthorized(says) }));
    };
    let found = api_keys::person_of(service.installation.store(), &token, Timestamp::now()).await?;
    Ok(found.map(|key| key.person).map_err(|refused| Stranger {
        code: refused.code(),
        problem: Problem::unauthorized(refused.to_string()),
    }))
}
