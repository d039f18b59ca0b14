//! From DocuSign's error bodies to the taxonomy. The code in the body counts before the status: a limit has been a 400
//! as well as a 429.

use gangway_governance::vendor::{Answer, Failure, type_of_status};
use gangway_protocol::{ApiError, ErrorType, System};

use crate::mapping::Unreadable;
use crate::wire::{ErrorBody, TokenError};

/// The failure an answer stands for; `None` if it is a success.
pub(crate) fn classify(answer: &Answer) -> Option<Failure> {
    if answer.is_success() {
        return None;
    }
    let failure = failure(answer.status, &answer.body);
    // What DocuSign's support asks for.
    Some(Failure { request_id: answer.header("x-docusign-tracetoken").map(str::to_owned), ..failure })
}

fn failure(status: u16, body: &[u8]) -> Failure {
    if let Ok(refused) = serde_json::from_slice::<ErrorBody>(body) {
        return Failure::new(type_of(&refused.error_code, status), refused.error_code, refused.message);
    }
    if let Ok(refused) = serde_json::from_slice::<TokenError>(body) {
        return Failure::new(type_of(&refused.error, status), refused.error, refused.error_description);
    }
    Failure::new(
        type_of_status(status),
        format!("HTTP_{status}"),
        format!("DocuSign answered with status {status}"),
    )
}

/// A value that is there but cannot be read.
pub(crate) fn unreadable(operation: &str, cause: &Unreadable) -> ApiError {
    ApiError::new(System::Clm, ErrorType::Validation, operation, cause.code, &cause.to_string())
}

/// An answer of another shape than documented.
pub(crate) fn unexpected(operation: &str, cause: &dyn std::fmt::Display) -> ApiError {
    let words = format!("DocuSign's answer is not of the documented shape: {cause}");
    ApiError::new(System::Clm, ErrorType::ServerError, operation, "UNEXPECTED_ANSWER", &words)
}

/// Arguments that name nothing, or two things.
pub(crate) fn bad_arguments(operation: &str, words: &str) -> ApiError {
    ApiError::of_the_call(System::Clm, operation, "INVALID_ARGUMENTS", words)
}

/// A write to a contract that does not exist.
pub(crate) fn no_such_contract(operation: &str, contract_id: &str) -> ApiError {
    let words = format!("there is no contract {contract_id}");
    ApiError::new(System::Clm, ErrorType::NotFound, operation, "ENVELOPE_DOES_NOT_EXIST", &words)
}

fn type_of(code: &str, status: u16) -> ErrorType {
    match code {
        "AUTHORIZATION_INVALID_TOKEN"
        | "USER_AUTHENTICATION_FAILED"
        | "PARTNER_AUTHENTICATION_FAILED"
        | "invalid_grant"
        | "invalid_token"
        | "consent_required" => ErrorType::Authentication,
        "ACCOUNT_LACKS_PERMISSIONS"
        | "USER_LACKS_PERMISSIONS"
        | "USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT" => ErrorType::Authorization,
        "HOURLY_APIINVOCATION_LIMIT_EXCEEDED"
        | "BURST_APIINVOCATION_LIMIT_EXCEEDED"
        | "Hourly_Envelope_Polling_Limit_Exceeded" => ErrorType::RateLimit,
        "ENVELOPE_DOES_NOT_EXIST" | "ACCOUNT_DOES_NOT_EXIST_IN_SYSTEM" => ErrorType::NotFound,
        "UNSPECIFIED_ERROR" | "SERVICE_UNAVAILABLE" => ErrorType::ServerError,
        _ => type_of_status(status),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::classify;
    use bytes::Bytes;
    use gangway_governance::vendor::Answer;
    use gangway_protocol::ErrorType;
    use http::{HeaderMap, HeaderValue};

    fn answer(status: u16, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("x-docusign-tracetoken", HeaderValue::from_static("trace-1"));
        Answer { status, headers, body: Bytes::from(body.to_owned()) }
    }

    #[test]
    fn the_code_in_the_body_counts_before_the_status() {
        let table = [
            (401, "AUTHORIZATION_INVALID_TOKEN", ErrorType::Authentication),
            (401, "USER_AUTHENTICATION_FAILED", ErrorType::Authentication),
            (401, "USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT", ErrorType::Authorization),
            (400, "ACCOUNT_LACKS_PERMISSIONS", ErrorType::Authorization),
            (400, "INVALID_REQUEST_PARAMETER", ErrorType::Validation),
            (404, "ENVELOPE_DOES_NOT_EXIST", ErrorType::NotFound),
            (429, "HOURLY_APIINVOCATION_LIMIT_EXCEEDED", ErrorType::RateLimit),
            (400, "HOURLY_APIINVOCATION_LIMIT_EXCEEDED", ErrorType::RateLimit),
            (400, "BURST_APIINVOCATION_LIMIT_EXCEEDED", ErrorType::RateLimit),
            (500, "UNSPECIFIED_ERROR", ErrorType::ServerError),
        ];
        for (status, code, error_type) in table {
            let body = format!(r#"{{"errorCode":"{code}","message":"words"}}"#);
            let failure = classify(&answer(status, &body)).unwrap();
            assert_eq!((failure.error_type, failure.code.as_str()), (error_type, code), "{status}");
            assert_eq!(failure.request_id.as_deref(), Some("trace-1"));
        }
    }

    #[test]
    fn a_body_without_code_leaves_the_status() {
        for (status, body, error_type) in [
            (401, "", ErrorType::Authentication),
            (503, "<html></html>", ErrorType::ServerError),
            (400, r#"{"error":"consent_required"}"#, ErrorType::Authentication),
            (429, "{}", ErrorType::RateLimit),
        ] {
            assert_eq!(classify(&answer(status, body)).unwrap().error_type, error_type, "{status} {body}");
        }
        assert_eq!(classify(&answer(200, "{}")), None);
    }
}
