//! Around every request: an id to find it by, an end in time, an answer even if its handler panics, and one form for
//! every error.

use crate::serve::Problem;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Deciding on an approval may gather facts anew, which takes as long as three vendors do.
const LONGEST: Duration = Duration::from_secs(90);
/// Longest refusal of the framework's own; they are a sentence.
const SENTENCE_BYTES: usize = 4096;

/// Answers whatever happens inside. A stream's length does not count: it is answered when it begins.
pub async fn contained(request: Request, next: Next) -> Response {
    let id = id_of(&request);
    // Nothing is kept in memory that a panic could leave half-changed: state is in the store, which undoes.
    let answered = AssertUnwindSafe(tokio::time::timeout(LONGEST, next.run(request))).catch_unwind().await;
    let mut response = match answered {
        Ok(Ok(response)) => in_our_form(response).await,
        Ok(Err(_)) => {
            let says = "this took too long and was given up; what was asked for may still happen: look before repeating";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, says).into_response()
        }
        Err(_) => {
            tracing::error!(request_id = ?id, "a handler panicked");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "a defect of ours ended this request; the log has it",
            )
            .into_response()
        }
    };
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// What the framework refuses by itself – a body too long, a path that is no text – it says in plain text.
async fn in_our_form(response: Response) -> Response {
    let is_plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !response.status().is_client_error() || !is_plain {
        return response;
    }
    let status = response.status();
    let said = to_bytes(response.into_body(), SENTENCE_BYTES).await.unwrap_or_default();
    Problem::new(status, String::from_utf8_lossy(&said)).into_response()
}

/// The caller's own id if it is short and plain, else a new one.
fn id_of(request: &Request) -> HeaderValue {
    let given = request.headers().get(&REQUEST_ID);
    let is_plain = |value: &HeaderValue| {
        value.len() <= 80
            && value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    };
    if let Some(value) = given.filter(|value| is_plain(value)) {
        return value.clone();
    }
    HeaderValue::try_from(Uuid::now_v7().simple().to_string()).unwrap_or(HeaderValue::from_static("unnamed"))
}
