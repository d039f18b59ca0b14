//! The door in front of a server over HTTP: who is it that asks?
//!
//! A pass of our own, an API key, or nothing where that is allowed. What is shown stays here: of a caller only the principal
//! goes on, so no credential of a caller can ever reach a handler or a vendor. What the caller may do is the policy's to say.

use crate::access::{PassCheck, Principal};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::future::BoxFuture;
use gangway_protocol::{Person, System};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::sync::Arc;

/// How API keys begin.
const KEY_PREFIX: &str = "gwk_";

/// Finds the person of an API key, or says why it opens nothing.
pub type KeyCheck = Arc<dyn Fn(SecretString) -> BoxFuture<'static, Result<Person, String>> + Send + Sync>;

/// Who is let in.
#[derive(Clone)]
pub struct Door {
    /// The systems whose tools are behind it; a pass must be for one of them.
    pub systems: Vec<System>,
    /// Recognises our own callers.
    pub passes: PassCheck,
    /// Recognises people.
    pub keys: KeyCheck,
    /// Who somebody is that shows nothing; none if nobody comes in so.
    pub unnamed: Option<Principal>,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Closed {
    /// Nothing was shown.
    NothingShown,
    /// What was shown is not good here.
    NotGood(String),
}

impl Door {
    async fn recognise(&self, headers: &HeaderMap) -> Result<Principal, Closed> {
        let Some(token) = bearer(headers)? else {
            return self.unnamed.clone().ok_or(Closed::NothingShown);
        };
        let shown = token.expose_secret();
        if PassCheck::is_meant(shown) {
            let opened = self.passes.open(shown, &self.systems, Timestamp::now());
            return opened.map_err(|error| Closed::NotGood(error.to_string()));
        }
        if shown.starts_with(KEY_PREFIX) {
            let person = (self.keys)(token).await.map_err(Closed::NotGood)?;
            return Ok(Principal::person(person));
        }
        Err(Closed::NotGood("the token is neither a pass nor an API key".to_owned()))
    }
}

/// The bearer token, if exactly one is shown.
fn bearer(headers: &HeaderMap) -> Result<Option<SecretString>, Closed> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = shown.next() else { return Ok(None) };
    let bad = |text: &str| Closed::NotGood(text.to_owned());
    if shown.next().is_some() {
        return Err(bad("Authorization is given twice"));
    }
    let text = first.to_str().map_err(|_| bad("Authorization is no text"))?;
    let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or_else(|| bad("Authorization must read: Bearer TOKEN"))?;
    Ok(Some(SecretString::from(token.trim().to_owned())))
}

/// Lets in who is recognised, as a principal; the credential goes no further.
pub(super) async fn admit(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    match door.recognise(request.headers()).await {
        Ok(principal) => {
            request.headers_mut().remove(header::AUTHORIZATION);
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(closed) => {
            tracing::info!(?closed, "a caller was not let in");
            turned_away(&closed)
        }
    }
}

fn turned_away(closed: &Closed) -> Response {
    let (detail, challenge) = match closed {
        Closed::NothingShown => (
            "send an API key as Authorization: Bearer KEY; gangway keys create makes one",
            "Bearer realm=\"gangway\"",
        ),
        Closed::NotGood(why) => (why.as_str(), "Bearer realm=\"gangway\", error=\"invalid_token\""),
    };
    let status = StatusCode::UNAUTHORIZED;
    let body = json!({"status": status.as_u16(), "title": "Unauthorized", "detail": detail}).to_string();
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}
