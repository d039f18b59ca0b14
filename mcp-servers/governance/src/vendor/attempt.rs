//! One attempt: build, send, read the whole answer, all within the attempt's deadline and size limit.
//!
//! It follows no redirect, repeats nothing and puts no URL or header into an error.

use super::request::{Answer, Body, VendorRequest};
use super::token::AuthHeader;
use crate::trace;
use bytes::BytesMut;
use gangway_protocol::trace::TRACEPARENT;
use gangway_protocol::{ApiError, ErrorType, System};
use http::{HeaderValue, header};
use secrecy::ExposeSecret as _;
use std::error::Error as _;
use std::io;
use std::time::Duration;

/// Largest answer read. The largest legitimate one, a page of 2,000 Salesforce records, stays under 4 MiB.
pub const MAX_ANSWER_BYTES: usize = 8 << 20;

/// The HTTP client for vendor calls: follows no redirect, uses no proxy from the environment.
///
/// # Errors
/// When no TLS provider is installed for the process.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(Duration::from_secs(5))
        .build()
}

/// Where an attempt goes and how long it may take.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) system: System,
    pub(crate) url: &'a str,
    pub(crate) deadline: Duration,
}

/// Sends `request` once.
pub(crate) async fn attempt(
    http: &reqwest::Client,
    target: Target<'_>,
    request: &VendorRequest,
    auth: Option<&AuthHeader>,
) -> Result<Answer, ApiError> {
    let failed = |error_type, code: &str, text: &str| {
        ApiError::new(target.system, error_type, request.errand.operation, code, text)
    };
    let prepared = build(http, target.url, request, auth)
        .map_err(|text| failed(ErrorType::Validation, "UNSENDABLE_REQUEST", &text))?;
    let exchange = async {
        let response = http.execute(prepared).await.map_err(|error| broken(&error))?;
        read(response).await
    };
    match tokio::time::timeout(target.deadline, exchange).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(broken)) => {
            let error = failed(broken.error_type, broken.code, &broken.text);
            Err(if broken.unsent { error.unsent() } else { error })
        }
        Err(_) => {
            let text = format!("no complete answer within {} ms", target.deadline.as_millis());
            Err(failed(ErrorType::Timeout, "ATTEMPT_DEADLINE", &text))
        }
    }
}

fn build(
    http: &reqwest::Client,
    url: &str,
    request: &VendorRequest,
    auth: Option<&AuthHeader>,
) -> Result<reqwest::Request, String> {
    let mut builder = http.request(request.method.clone(), url);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    if let Some(trace) = trace::current() {
        builder = builder.header(TRACEPARENT, trace.as_str());
    }
    if let Some(auth) = auth {
        let mut value = HeaderValue::from_str(auth.value.expose_secret())
            .map_err(|_| "the credentials cannot stand in a header".to_owned())?;
        value.set_sensitive(true);
        builder = builder.header(&auth.name, value);
    }
    builder = match &request.body {
        Body::None => builder,
        Body::Form(fields) => builder.form(fields),
        // A connector's own content type (a vendor's JSON dialect) wins over the plain one.
        Body::Json(bytes) if request.headers.iter().any(|(name, _)| name == header::CONTENT_TYPE) => {
            builder.body(bytes.clone())
        }
        Body::Json(bytes) => builder.header(header::CONTENT_TYPE, "application/json").body(bytes.clone()),
    };
    builder.build().map_err(|error| error.without_url().to_string())
}

struct Broken {
    error_type: ErrorType,
    code: &'static str,
    text: String,
    /// There was no connection to write the request to.
    unsent: bool,
}

async fn read(mut response: reqwest::Response) -> Result<Answer, Broken> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            let text = format!("the answer is larger than {MAX_ANSWER_BYTES} bytes");
            let error_type = ErrorType::ServerError;
            return Err(Broken { error_type, code: "ANSWER_TOO_LARGE", text, unsent: false });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body: body.freeze() })
}

/// Names what broke from the error's kind and its I/O cause; the library's own text would quote the URL.
fn broken(error: &reqwest::Error) -> Broken {
    let cause = io_cause(error).map_or_else(String::new, |kind| format!(": {kind}"));
    if error.is_timeout() {
        let text = "the connection was not made in time".to_owned();
        // A client handed in may have other timeouts than the one for connecting.
        let unsent = error.is_connect();
        return Broken { error_type: ErrorType::Timeout, code: "CONNECT_DEADLINE", text, unsent };
    }
    let (code, what, unsent) = match error.is_connect() {
        true => ("CONNECT_FAILED", "no connection", true),
        false => ("CONNECTION_BROKEN", "the connection broke before the answer was complete", false),
    };
    Broken { error_type: ErrorType::Network, code, text: format!("{what}{cause}"), unsent }
}

fn io_cause(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = inner.source();
    }
    None
}
