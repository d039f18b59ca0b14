//! What a connector asks for and what it gets back. No policy.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;

/// Whether a request may change something at the vendor; writes are not blindly sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEffect {
    /// Changes nothing.
    Read,
    /// May change something.
    Write,
}

/// A request's body.
#[derive(Clone)]
pub enum Body {
    /// No body.
    None,
    /// JSON, already written.
    Json(Vec<u8>),
    /// A form; percent-encoded when sent.
    Form(Vec<(String, String)>),
}

/// One request to a vendor. It may be sent several times, so it holds everything an attempt needs.
#[derive(Clone)]
pub struct VendorRequest {
    /// Name for errors and logs, e.g. `get_contract`.
    pub operation: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path with query, beginning with `/`; appended to the base URL. Ids in it are percent-encoded by the caller.
    pub path_and_query: String,
    /// Further headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Body,
    /// Read or write, which is not the same as the method: a query may be a POST.
    pub effect: CallEffect,
}

impl VendorRequest {
    /// A GET that changes nothing.
    #[must_use]
    pub fn get(operation: &'static str, path_and_query: impl Into<String>) -> Self {
        Self {
            operation,
            method: Method::GET,
            path_and_query: path_and_query.into(),
            headers: Vec::new(),
            body: Body::None,
            effect: CallEffect::Read,
        }
    }

    /// A request with a JSON body.
    ///
    /// # Errors
    /// When `body` cannot be expressed as JSON.
    pub fn json(
        operation: &'static str,
        method: Method,
        path_and_query: impl Into<String>,
        body: &impl Serialize,
        effect: CallEffect,
    ) -> Result<Self, serde_json::Error> {
        let body = Body::Json(serde_json::to_vec(body)?);
        Ok(Self { method, body, effect, ..Self::get(operation, path_and_query) })
    }

    /// The same request with one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// A vendor's complete answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's value as text, when it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
