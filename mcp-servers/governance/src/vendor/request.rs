//! What a connector asks for and what it gets back. No policy.

use crate::limits::breaker::Subject;
use bytes::Bytes;
use gangway_protocol::record_id::{ACCOUNT, RecordId};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// What a request may change at the vendor, and so whether it is sent again when its answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEffect {
    /// Changes nothing: sent again.
    Read,
    /// Changes something, and nothing more when it comes twice, as a `PATCH` to fixed values does: sent again.
    Idempotent,
    /// Changes something each time it comes: not sent again.
    Write,
}

/// Whether a failed attempt is repeated here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As the policy says.
    Usual,
    /// Not after a failure that single requests may escape: whoever sent this batch asks those instead.
    FallsBack,
}

/// What a request is made for: its name, whom it is about, and what follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errand {
    /// Name for errors and logs, e.g. `get_contract`.
    pub operation: &'static str,
    /// Whom it is about, so that one account's trouble is told from the vendor's.
    pub subject: Subject,
    /// Whether a failure is repeated.
    pub patience: Patience,
}

impl Errand {
    /// About an account, in whichever case its business id is written and whichever form its Salesforce id has. Of the
    /// name only a digest is kept.
    #[must_use]
    pub fn about_account(operation: &'static str, account_id: &str) -> Self {
        let subject = match RecordId::parse(account_id, ACCOUNT) {
            Some(record) => Subject::Record(digest(record.short())),
            None => Subject::One(digest(&account_id.to_ascii_uppercase())),
        };
        Self { subject, ..Self::from(operation) }
    }

    /// About a record whose account its name does not tell: an invoice number, an envelope, a currency pair.
    #[must_use]
    pub fn about_some_account(operation: &'static str) -> Self {
        Self { subject: Subject::SomeOne, ..Self::from(operation) }
    }

    /// A batch's errand, of somebody who asks for its records one by one if it fails.
    #[must_use]
    pub fn batch(operation: &'static str) -> Self {
        Self { operation, subject: Subject::Several, patience: Patience::FallsBack }
    }
}

impl From<&'static str> for Errand {
    /// An errand about nobody in particular.
    fn from(operation: &'static str) -> Self {
        Self { operation, subject: Subject::Nobody, patience: Patience::Usual }
    }
}

fn digest(name: &str) -> u64 {
    let mut digest = DefaultHasher::new();
    name.hash(&mut digest);
    digest.finish()
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
    /// What it is made for.
    pub errand: Errand,
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
    pub fn get(errand: impl Into<Errand>, path_and_query: impl Into<String>) -> Self {
        Self {
            errand: errand.into(),
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
        errand: impl Into<Errand>,
        method: Method,
        path_and_query: impl Into<String>,
        body: &impl Serialize,
        effect: CallEffect,
    ) -> Result<Self, serde_json::Error> {
        let body = Body::Json(serde_json::to_vec(body)?);
        Ok(Self { method, body, effect, ..Self::get(errand, path_and_query) })
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
