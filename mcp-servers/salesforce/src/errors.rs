//! From Salesforce's error bodies to the taxonomy. The code in the body counts before the status: a limit is a 403.
//!
//! A composite answer is a 200 whatever happened inside; one whose every part failed is a failed call.

use gangway_governance::vendor::{Answer, Failure, type_of_status};
use gangway_protocol::{ApiError, ErrorType, RecordKind, System};

use crate::mapping::Unreadable;
use crate::wire::{CompositeAnswer, CompositePart, ErrorEntry, TokenError};

/// What a failed bundle leaves unknown.
pub(crate) const BUNDLE: &[RecordKind] = &[RecordKind::Account, RecordKind::Owner, RecordKind::Opportunity];

/// The failure an answer stands for; `None` if it is a success.
pub(crate) fn classify(answer: &Answer) -> Option<Failure> {
    if !answer.is_success() {
        return Some(failure(answer.status, &answer.body));
    }
    halted(&answer.body)
}

/// The failure of a composite call of which no part succeeded. Its first part speaks for all: the others are
/// refused for the same reason, or halted because of it.
fn halted(body: &[u8]) -> Option<Failure> {
    if !body.starts_with(b"{\"compositeResponse\"") {
        return None;
    }
    let answer: CompositeAnswer = serde_json::from_slice(body).ok()?;
    if answer.composite_response.iter().any(succeeded) {
        return None;
    }
    answer.composite_response.first().map(part_failure)
}

pub(crate) fn succeeded(part: &CompositePart) -> bool {
    (200..300).contains(&part.http_status_code)
}

fn part_failure(part: &CompositePart) -> Failure {
    Failure {
        status: Some(part.http_status_code),
        ..failure(part.http_status_code, part.body.get().as_bytes())
    }
}

/// The error of one part of a composite call.
pub(crate) fn part_error(operation: &str, part: &CompositePart) -> ApiError {
    let failure = part_failure(part);
    ApiError::new(System::Salesforce, failure.error_type, operation, &failure.code, &failure.message)
        .with_status(part.http_status_code)
}

/// A value that is there but cannot be read.
pub(crate) fn unreadable(operation: &str, cause: &Unreadable) -> ApiError {
    ApiError::new(System::Salesforce, ErrorType::Validation, operation, cause.code, &cause.to_string())
}

/// An answer of another shape than documented.
pub(crate) fn unexpected(operation: &str, cause: &dyn std::fmt::Display) -> ApiError {
    let words = format!("Salesforce's answer is not of the documented shape: {cause}");
    ApiError::new(System::Salesforce, ErrorType::ServerError, operation, "UNEXPECTED_ANSWER", &words)
}

/// A row with a field of another type than documented. The value is not quoted: it may be personal.
pub(crate) fn unreadable_row(operation: &str, field: &serde_path_to_error::Path) -> ApiError {
    let words = format!("field {field} of a record is missing or of another type than documented");
    ApiError::new(System::Salesforce, ErrorType::ServerError, operation, "UNREADABLE_ANSWER", &words)
}

/// A text that cannot be the id of such a record, found before anything is sent.
pub(crate) fn malformed_id(operation: &str, object: &str, text: &str) -> ApiError {
    let words = format!("{text:?} is not a 15- or 18-character Salesforce {object} id");
    ApiError::new(System::Salesforce, ErrorType::Validation, operation, "MALFORMED_ID", &words)
}

/// A write to an account that does not exist.
pub(crate) fn no_such_account(operation: &str, account_id: &str) -> ApiError {
    let words = format!("there is no account {account_id}");
    ApiError::new(System::Salesforce, ErrorType::NotFound, operation, "NOT_FOUND", &words)
}

fn failure(status: u16, body: &[u8]) -> Failure {
    if let Ok(entries) = serde_json::from_slice::<Vec<ErrorEntry>>(body)
        && let Some(entry) = entries.first()
    {
        let fields = match entry.fields.is_empty() {
            true => String::new(),
            false => format!(" [{}]", entry.fields.join(", ")),
        };
        let message = format!("{}{fields}", entry.message);
        return Failure::new(type_of(&entry.error_code, status), &entry.error_code, message);
    }
    if let Ok(refused) = serde_json::from_slice::<TokenError>(body) {
        return Failure::new(type_of(&refused.error, status), refused.error, refused.error_description);
    }
    Failure::new(
        type_of_status(status),
        format!("HTTP_{status}"),
        format!("Salesforce answered with status {status}"),
    )
}

fn type_of(code: &str, status: u16) -> ErrorType {
    match code {
        "INVALID_SESSION_ID"
        | "INVALID_AUTH_HEADER"
        | "invalid_grant"
        | "invalid_client"
        | "invalid_client_id" => ErrorType::Authentication,
        "INSUFFICIENT_ACCESS"
        | "INSUFFICIENT_ACCESS_OR_READONLY"
        | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
        | "API_DISABLED_FOR_ORG"
        | "API_CURRENTLY_DISABLED"
        | "FUNCTIONALITY_NOT_ENABLED" => ErrorType::Authorization,
        "REQUEST_LIMIT_EXCEEDED" | "TOO_MANY_REQUESTS" => ErrorType::RateLimit,
        "NOT_FOUND" | "ENTITY_IS_DELETED" | "INVALID_CROSS_REFERENCE_KEY" => ErrorType::NotFound,
        // Another transaction holds the row, or the query ran too long: the same request may succeed later.
        "UNABLE_TO_LOCK_ROW" | "QUERY_TIMEOUT" | "SERVER_UNAVAILABLE" | "UNKNOWN_EXCEPTION" => {
            ErrorType::ServerError
        }
        _ => type_of_status(status),
    }
}

#[cfg(test)]
mod tests;
