//! What somebody is told who is not let in, and where to get what opens: 401 and 403 with a `WWW-Authenticate` challenge
//! (RFC 6750, RFC 9728), and the metadata of the protected resource it points to.

use super::door::{Door, Resource};
use crate::governed::Governed;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// Where the metadata of a server at a path stands, beneath its base URL.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// Why somebody is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closed {
    /// Nothing was shown.
    NothingShown,
    /// What was shown is not good here.
    NotGood(String),
    /// The token is good and lacks this scope.
    NoScope(String),
    /// The message is larger than any may be.
    TooLarge,
    /// The message did not arrive whole.
    BrokeOff,
}

/// Path of a server's metadata.
pub(super) fn metadata_path(path: &str) -> String {
    format!("{WELL_KNOWN}{path}")
}

/// Who issues tokens for a server, and for what (RFC 9728).
pub(super) fn metadata(resource: &Resource, path: &str, governed: &Governed) -> Value {
    json!({
        "resource": format!("{}{path}", resource.base_url),
        "authorization_servers": [resource.issuer.name()],
        "bearer_methods_supported": ["header"],
        "scopes_supported": governed.scopes(),
        "resource_name": governed.title(),
    })
}

/// The answer.
pub(super) fn answer(closed: &Closed, door: &Door, path: &str, governed: &Governed) -> Response {
    let (status, error, scope, detail) = match closed {
        Closed::NothingShown => {
            (StatusCode::UNAUTHORIZED, None, Some(governed.scopes().join(" ")), how_to_come_in(door))
        }
        Closed::NotGood(why) => (StatusCode::UNAUTHORIZED, Some("invalid_token"), None, why.clone()),
        Closed::NoScope(scope) => (
            StatusCode::FORBIDDEN,
            Some("insufficient_scope"),
            Some(scope.clone()),
            format!("the access token lacks the scope {scope}; ask the issuer for a token with it"),
        ),
        Closed::TooLarge => {
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return problem(status, "the message is larger than this server takes", None);
        }
        Closed::BrokeOff => {
            let detail = "the message did not arrive whole and in time; send it again";
            return problem(StatusCode::REQUEST_TIMEOUT, detail, None);
        }
    };
    let mut challenge = "Bearer realm=\"gangway\"".to_owned();
    let mut add = |name: &str, value: &str| challenge.push_str(&format!(", {name}=\"{value}\""));
    if let Some(error) = error {
        add("error", error);
    }
    if let Some(resource) = &door.resource {
        if let Some(scope) = scope {
            add("scope", &scope);
        }
        add("resource_metadata", &format!("{}{}", resource.base_url, metadata_path(path)));
    }
    problem(status, &detail, Some(&challenge))
}

fn how_to_come_in(door: &Door) -> String {
    let token = if door.resource.is_some() { "an access token or " } else { "" };
    format!("send {token}an API key as Authorization: Bearer …; gangway keys create makes a key")
}

fn problem(status: StatusCode, detail: &str, challenge: Option<&str>) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = json!({"status": status.as_u16(), "title": title, "detail": detail}).to_string();
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
