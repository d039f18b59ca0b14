//! The one error taxonomy: what a failed call to an outside system means, who mends it and whether to try again.
//!
//! Connectors classify a vendor's answer into an [`ErrorType`] and build an [`ApiError`]; owner, resolution and
//! retry follow from the type and are decided nowhere else. A record that does not exist is a fact, not an error.

use crate::redact::scrub;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest code or request id kept, in characters. The vendors' own stay below 60.
const LONGEST_CODE: usize = 80;
/// The code of a failure that came without one.
const UNNAMED: &str = "UNNAMED";
/// The message of a failure that came without one.
const WORDLESS: &str = "no reason was given";

/// An outside system (or one of our own servers) a call went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// Salesforce CRM.
    Salesforce,
    /// The contract lifecycle system (DocuSign).
    Clm,
    /// NetSuite ERP.
    Netsuite,
    /// Tenant provisioning.
    Provision,
    /// The onboarding task list.
    Tasks,
    /// Slack, mail and paging.
    Notify,
    /// The agents' own server.
    Onboarding,
}

impl System {
    /// The name as it stands in JSON and in tool names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Salesforce => "salesforce",
            Self::Clm => "clm",
            Self::Netsuite => "netsuite",
            Self::Provision => "provision",
            Self::Tasks => "tasks",
            Self::Notify => "notify",
            Self::Onboarding => "onboarding",
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kind of record whose absence an API error explains, so that no rule reports it a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// The Salesforce account.
    Account,
    /// The account's owner, a Salesforce user.
    Owner,
    /// The Salesforce opportunity.
    Opportunity,
    /// The CLM contract.
    Contract,
    /// NetSuite invoices.
    Invoices,
    /// NetSuite exchange rates.
    ExchangeRates,
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// The session or token was refused.
    Authentication,
    /// The caller is known but may not do this.
    Authorization,
    /// The request itself is wrong.
    Validation,
    /// What was asked for does not exist.
    NotFound,
    /// Too many requests.
    RateLimit,
    /// The other side failed, or gave an answer nobody can read.
    ServerError,
    /// No connection, or it broke.
    Network,
    /// No answer in time.
    Timeout,
}

/// Whether and how a failed call may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryClass {
    /// Never: the same request would fail the same way.
    Never,
    /// Once, with a new token.
    WithNewToken,
    /// Yes, after waiting; writes too, because the vendor refused before doing anything.
    AfterBackoff,
    /// Yes, after waiting, but not what has its effect each time it comes: it may have happened.
    UnlessItDoubles,
}

impl ErrorType {
    /// Whether a call that failed so may be repeated.
    #[must_use]
    pub fn retry_class(self) -> RetryClass {
        match self {
            Self::Authentication => RetryClass::WithNewToken,
            Self::Authorization | Self::Validation | Self::NotFound => RetryClass::Never,
            Self::RateLimit => RetryClass::AfterBackoff,
            // A 5xx may follow a committed write, so a write is not blindly sent again either.
            Self::ServerError | Self::Network | Self::Timeout => RetryClass::UnlessItDoubles,
        }
    }

    /// Who mends it.
    #[must_use]
    pub fn owner(self) -> &'static str {
        match self {
            Self::Authentication => "IT/DevOps",
            Self::Authorization => "System Admin",
            Self::Validation | Self::NotFound => "Data Admin",
            Self::RateLimit => "Integration Admin",
            Self::ServerError | Self::Network | Self::Timeout => "Support Team",
        }
    }

    /// What mends it.
    #[must_use]
    pub fn resolution(self) -> &'static str {
        match self {
            Self::Authentication => "Re-authenticate and refresh the integration's token",
            Self::Authorization => "Check the integration user's profile and permission sets",
            Self::Validation => "Fix the field values in the source system",
            Self::NotFound => "Check the id",
            Self::RateLimit => "Back off, or raise the API quota",
            Self::ServerError => "Check the vendor's status page and retry later",
            Self::Network | Self::Timeout => "Check that the system can be reached and retry later",
        }
    }

    /// The name as it stands in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::Validation => "validation",
            Self::NotFound => "not_found",
            Self::RateLimit => "rate_limit",
            Self::ServerError => "server_error",
            Self::Network => "network",
            Self::Timeout => "timeout",
        }
    }
}

/// A call to an outside system that failed.
///
/// Shape: one per failed call, never per missing record; `hides` lists the records it left unknown, in order,
/// and may be empty (a write hides nothing). Durations are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{system} {operation} failed: {} {error_code}: {message}", error_type.name())]
pub struct ApiError {
    /// The system that failed.
    pub system: System,
    /// What kind of failure.
    pub error_type: ErrorType,
    /// The vendor's own code where it gave one, e.g. `INVALID_SESSION_ID`.
    pub error_code: String,
    /// HTTP status, when there was an HTTP answer.
    #[serde(default)]
    pub http_status: Option<u16>,
    /// The vendor's words, bounded and scrubbed of addresses and tokens.
    pub message: String,
    /// Whether the same call may succeed later without anybody mending anything.
    pub retryable: bool,
    /// How long the vendor asked us to wait.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
    /// What mends it.
    pub resolution: String,
    /// Who mends it.
    pub owner: String,
    /// The tool or vendor operation that was tried, e.g. `get_contract`.
    pub operation: String,
    /// The vendor's own request id, for a support ticket.
    #[serde(default)]
    pub request_id: Option<String>,
    /// The call certainly did nothing: it never reached its receiver, or the receiver said so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_sent: bool,
    /// Records this failure left unknown.
    #[serde(default)]
    pub hides: Vec<RecordKind>,
}

impl ApiError {
    /// An error of this type, with owner, resolution and `retryable` following from it. Of `code` only ASCII letters,
    /// digits, `_`, `.`, `:` and `-` are kept, at most 80; the same goes for a request id. A vendor that gives no code, or no
    /// words, is said to have given none: nobody should have to guess at a blank.
    #[must_use]
    pub fn new(system: System, error_type: ErrorType, operation: &str, code: &str, message: &str) -> Self {
        let retryable = match error_type.retry_class() {
            RetryClass::Never | RetryClass::WithNewToken => false,
            RetryClass::AfterBackoff | RetryClass::UnlessItDoubles => true,
        };
        Self {
            system,
            error_type,
            error_code: Some(code_text(code))
                .filter(|code| !code.is_empty())
                .unwrap_or_else(|| UNNAMED.to_owned()),
            http_status: None,
            message: scrub(if message.trim().is_empty() { WORDLESS } else { message }, 500),
            retryable,
            retry_after_ms: None,
            resolution: error_type.resolution().to_owned(),
            owner: error_type.owner().to_owned(),
            operation: operation.to_owned(),
            request_id: None,
            not_sent: false,
            hides: Vec::new(),
        }
    }

    /// A call that cannot be carried out as it was made: whoever made it mends it, not whoever keeps the data.
    #[must_use]
    pub fn of_the_call(system: System, operation: &str, code: &str, message: &str) -> Self {
        Self::new(system, ErrorType::Validation, operation, code, message)
            .mended_by("Caller", "Correct the call as the message says, and call again")
    }

    /// The same error where somebody else mends it than its kind says, in another way.
    #[must_use]
    pub fn mended_by(self, owner: &str, resolution: &str) -> Self {
        Self { owner: owner.to_owned(), resolution: resolution.to_owned(), ..self }
    }

    /// The same error with the HTTP status it came with.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.http_status = Some(status);
        self
    }

    /// The same error with the vendor's id of the request, if it gave a usable one.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<&str>) -> Self {
        self.request_id = request_id.map(code_text).filter(|id| !id.is_empty());
        self
    }

    /// The same error of a call that certainly did nothing.
    #[must_use]
    pub fn unsent(mut self) -> Self {
        self.not_sent = true;
        self
    }

    /// Whether a write that failed so may have had its effect all the same. Nothing else decides it.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        match self.error_type {
            // Definite answers: the receiver looked at the request and refused it.
            ErrorType::Authentication
            | ErrorType::Authorization
            | ErrorType::Validation
            | ErrorType::NotFound
            | ErrorType::RateLimit => false,
            ErrorType::ServerError | ErrorType::Network | ErrorType::Timeout => !self.not_sent,
        }
    }

    /// The same error, naming the records it left unknown.
    #[must_use]
    pub fn hiding(mut self, records: &[RecordKind]) -> Self {
        self.hides = records.to_vec();
        self
    }
}

/// A vendor's code or id, without anything that could be a person's words.
fn code_text(text: &str) -> String {
    let is_code = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
    text.chars().filter(is_code).take(LONGEST_CODE).collect()
}

#[cfg(test)]
mod tests;
