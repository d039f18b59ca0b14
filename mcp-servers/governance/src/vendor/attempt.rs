//! One attempt: build, send, read the whole answer, all within the attempt's deadline and size limit.
//!
//! It follows no redirect, repeats nothing and puts no path, query or header into an error: at most the host.

use super::request::{Answer, Body, VendorRequest};
use super::token::AuthHeader;
use crate::trace;
use bytes::BytesMut;
use gangway_protocol::trace::TRACEPARENT;
use gangway_protocol::{ApiError, ErrorType, System};
use http::{HeaderValue, header};
use secrecy::ExposeSecret as _;
use std::error::Error;
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
        let response = http.execute(prepared).await.map_err(|error| broken(&error, target.url))?;
        read(response, target.url).await
    };
    match tokio::time::timeout(target.deadline, exchange).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(broken)) => {
            let mut error = failed(broken.error_type, broken.code, &broken.text);
            if !broken.unsent {
                return Err(error);
            }
            NOT_REACHED.clone_into(&mut error.resolution);
            Err(error.unsent())
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

/// What the HTTP library calls a name that was not resolved, and by nothing but these words.
const UNRESOLVED: &str = "dns error";

struct Broken {
    error_type: ErrorType,
    code: &'static str,
    text: String,
    /// There was no connection to write the request to.
    unsent: bool,
}

async fn read(mut response: reqwest::Response, url: &str) -> Result<Answer, Broken> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error, url))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            let text = format!("the answer is larger than {MAX_ANSWER_BYTES} bytes");
            let error_type = ErrorType::ServerError;
            return Err(Broken { error_type, code: "ANSWER_TOO_LARGE", text, unsent: false });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body: body.freeze() })
}

/// What helps whoever could not be connected to.
const NOT_REACHED: &str = "Check the address in this system's settings, and that this machine may reach it";

/// Names what broke from the error's kind and its cause; the library's own text would quote the URL.
fn broken(error: &reqwest::Error, url: &str) -> Broken {
    let host = host_of(url);
    if error.is_timeout() {
        let text = format!("no connection to {host} was made in time");
        // A client handed in may have other timeouts than the one for connecting.
        let unsent = error.is_connect();
        return Broken { error_type: ErrorType::Timeout, code: "CONNECT_DEADLINE", text, unsent };
    }
    let (code, what, unsent) = match error.is_connect() {
        true => ("CONNECT_FAILED", format!("no connection to {host}"), true),
        false => (
            "CONNECTION_BROKEN",
            format!("the connection to {host} broke before the answer was complete"),
            false,
        ),
    };
    let text = match reason(error) {
        Some(reason) => format!("{what}: {reason}"),
        None => what,
    };
    Broken { error_type: ErrorType::Network, code, text, unsent }
}

/// Host and port, as far as the address is one.
fn host_of(url: &str) -> String {
    let Ok(url) = reqwest::Url::parse(url) else { return "the address".to_owned() };
    let host = url.host_str().unwrap_or("the address");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Why, in words for whoever mends it. What a resolver or TLS says reaches us as an I/O error of no telling kind.
fn reason(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if inner.to_string() == UNRESOLVED {
            return Some("its name is not known here (DNS)".to_owned());
        }
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return match io.kind() {
                io::ErrorKind::ConnectionRefused => {
                    Some("nobody listens there (connection refused)".to_owned())
                }
                io::ErrorKind::InvalidData => Some("its TLS or certificate is not accepted".to_owned()),
                // Uncategorized, which says nothing.
                kind if kind.to_string().contains("uncategorized") => None,
                kind => Some(kind.to_string()),
            };
        }
        cause = inner.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{UNRESOLVED, host_of, reason};
    use std::error::Error;
    use std::{fmt, io};

    #[derive(Debug)]
    struct Outer(&'static str, io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.1)
        }
    }

    #[test]
    fn what_kept_a_connection_from_being_made_is_said_in_words() {
        let said = |outer, kind: io::ErrorKind| reason(&Outer(outer, kind.into())).unwrap_or_default();
        for (outer, kind, word) in [
            (UNRESOLVED, io::ErrorKind::Other, "DNS"),
            ("tcp connect error", io::ErrorKind::ConnectionRefused, "nobody listens"),
            ("client error (Connect)", io::ErrorKind::InvalidData, "certificate"),
            ("tcp connect error", io::ErrorKind::NetworkUnreachable, "network unreachable"),
        ] {
            assert!(said(outer, kind).contains(word), "{outer} {kind}: {}", said(outer, kind));
        }
    }

    #[test]
    fn of_an_address_only_the_host_is_told() {
        assert_eq!(host_of("https://na1.example.com/secret?token=x"), "na1.example.com");
        assert_eq!(host_of("http://user:pw@127.0.0.1:9/x"), "127.0.0.1:9");
    }
}
