//! Errors over HTTP: `application/problem+json` (RFC 9457), the status in the line and in the body.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gangway_durable::EngineError;
use gangway_store::StoreError;
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// Something that could not be done, told to an HTTP caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// The status, as in the answer's first line.
    #[serde(serialize_with = "number")]
    #[schemars(with = "u16")]
    status: StatusCode,
    /// The status in words.
    title: &'static str,
    /// What was tried, for whom, and the next step.
    detail: String,
    #[serde(skip)]
    retry_after: Option<Duration>,
}

fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem with the status's own title; `detail` says what was tried, for whom, and the next step.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { status, title, detail: detail.into(), retry_after: None }
    }

    /// 400.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 401; the answer names the way in.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 500. The cause is for the log: it may name paths and hosts that are no caller's business.
    pub fn internal(error: &anyhow::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "this failed on our side; the service's log says why")
    }

    /// The same with a `Retry-After` header, whole seconds, rounded up.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::CorrelationTaken { .. } => Self::new(StatusCode::CONFLICT, error.to_string()),
            StoreError::Absent { .. } => Self::not_found(error.to_string()),
            StoreError::Busy { .. } | StoreError::Closed | StoreError::DiskFull { .. } => {
                tracing::warn!(error = error.with_cause(), "a request found the store unavailable");
                let says = "the store cannot take this now; nothing was changed: try again shortly";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, says).retry_after(Duration::from_secs(5))
            }
            _ => Self::internal(&error.into()),
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
            error => Self::internal(&error.into()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"gangway\""));
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
