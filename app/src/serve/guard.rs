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
    within(LONGEST, request, next).await
}

async fn within(longest: Duration, request: Request, next: Next) -> Response {
    let id = id_of(&request);
    // Nothing is kept in memory that a panic could leave half-changed: state is in the store, which undoes.
    let answered = AssertUnwindSafe(tokio::time::timeout(longest, next.run(request))).catch_unwind().await;
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{contained, within};
    use crate::listening::{Listening, Terms};
    use crate::refused::RefusalLog;
    use crate::serve::settings::Serve;
    use axum::extract::ConnectInfo;
    use axum::http::Uri;
    use axum::{Router, middleware};
    use gangway_store::Store;
    use std::net::SocketAddr;
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    /// A listener whose pages have defects, and its address.
    async fn defective(stop: &CancellationToken) -> String {
        let page = async |ConnectInfo(peer): ConnectInfo<SocketAddr>, uri: Uri| {
            assert!(uri.path() != "/panics", "a defect");
            peer.to_string()
        };
        let router: Router = Router::new().fallback(page).layer(middleware::from_fn(contained));
        let listening = Listening::at("127.0.0.1:0".parse().unwrap(), "nothing").await.unwrap();
        let base = format!("http://{}", listening.addr);
        let settings = Serve { connections: NonZeroU32::MIN, ..Serve::default() };
        let store = Store::in_memory().unwrap();
        let terms = Terms::of(&settings, &store, &Arc::new(RefusalLog::default()));
        tokio::spawn(listening.answer(router, terms, stop.clone()));
        base
    }

    async fn get_of(client: &reqwest::Client, url: String) -> (u16, String, bool) {
        let answer = client.get(url).send().await.unwrap();
        let (status, has_id) = (answer.status().as_u16(), answer.headers().contains_key("x-request-id"));
        (status, answer.text().await.unwrap(), has_id)
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_for_and_its_connection_goes_on() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let stop = CancellationToken::new();
        let base = defective(&stop).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let (_, connection, _) = get_of(&client, format!("{base}/works")).await;
        for _ in 0..3 {
            let (status, says, has_id) = get_of(&client, format!("{base}/panics")).await;
            assert!(status == 500 && has_id && says.contains("a defect of ours"), "{status} {says}");
            assert_eq!(get_of(&client, format!("{base}/works")).await.1, connection);
        }
        stop.cancel();
    }

    #[tokio::test]
    async fn a_handler_that_does_not_end_is_given_up_with_a_word() {
        let hangs = Router::new()
            .fallback(std::future::pending::<&'static str>)
            .layer(middleware::from_fn(|request, next| within(Duration::ZERO, request, next)));
        let request = axum::http::Request::builder().uri("/").body(axum::body::Body::empty()).unwrap();
        let answer = tower::ServiceExt::oneshot(hangs, request).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(!answer.headers().contains_key("retry-after"), "that would say that nothing was accepted");
        assert!(answer.headers().contains_key("x-request-id"));
    }
}
