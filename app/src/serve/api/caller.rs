//! Who calls: the person of the API key in `Authorization: Bearer`. There is no way in without one.

use super::endpoint::header;
use crate::api_keys;
use crate::serve::{Problem, Service};
use axum::http::HeaderMap;
use gangway_protocol::Person;
use jiff::Timestamp;
use secrecy::SecretString;

/// The caller, or a 401 that says why not.
pub async fn caller(service: &Service, headers: &HeaderMap) -> Result<Person, Problem> {
    let presented = header(headers, "authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| SecretString::from(token.to_owned()));
    let Some(token) = presented else {
        return Err(Problem::unauthorized(
            "send an API key as Authorization: Bearer KEY; gangway keys create makes one",
        ));
    };
    match api_keys::person_of(service.installation.store(), &token, Timestamp::now()).await {
        Ok(Ok(key)) => Ok(key.person),
        Ok(Err(refused)) => Err(Problem::unauthorized(refused.to_string())),
        Err(error) => Err(error.into()),
    }
}
