//! From NetSuite's problem documents to the taxonomy. The code in the body counts before the status: a concurrency
//! limit comes as a 429 or, from some services, as a 400.

use gangway_governance::vendor::{Answer, Failure, type_of_status};
use gangway_protocol::{ApiError, ErrorType, System};

use crate::mapping::Unreadable;
use crate::wire::{Problem, TokenError};

/// The failure an answer stands for; `None` if it is a success.
pub(crate) fn classify(answer: &Answer) -> Option<Failure> {
    if answer.is_success() {
        return None;
    }
    let status = answer.status;
    if let Ok(problem) = serde_json::from_slice::<Problem>(&answer.body)
        && let Some(first) = problem.details.first()
    {
        return Some(Failure::new(type_of(&first.code, status), &first.code, &first.detail));
    }
    if let Ok(refused) = serde_json::from_slice::<TokenError>(&answer.body) {
        return Some(Failure::new(type_of(&refused.error, status), refused.error, refused.error_description));
    }
    let words = format!("NetSuite answered with status {status}");
    Some(Failure::new(type_of_status(status), format!("HTTP_{status}"), words))
}

/// A value that is there but cannot be read.
pub(crate) fn unreadable(operation: &str, cause: &Unreadable) -> ApiError {
    ApiError::new(System::Netsuite, ErrorType::Validation, operation, cause.code, &cause.to_string())
}

/// The same, where many accounts were asked for: the words say whose it is.
pub(crate) fn unreadable_of(operation: &str, account: &str, cause: &Unreadable) -> ApiError {
    let words = format!("Account {account}: {cause}");
    ApiError::new(System::Netsuite, ErrorType::Validation, operation, cause.code, &words)
}

/// An account that could not be asked for, among many that were.
pub(crate) fn of_account(account: &str, error: ApiError) -> ApiError {
    ApiError { message: format!("Account {account}: {}", error.message), ..error }
}

/// An answer of another shape than documented.
pub(crate) fn unexpected(operation: &str, cause: &dyn std::fmt::Display) -> ApiError {
    let words = format!("NetSuite's answer is not of the documented shape: {cause}");
    ApiError::new(System::Netsuite, ErrorType::ServerError, operation, "UNEXPECTED_ANSWER", &words)
}

/// Arguments that name nothing, or two things.
pub(crate) fn bad_arguments(operation: &str, words: &str) -> ApiError {
    ApiError::of_the_call(System::Netsuite, operation, "INVALID_ARGUMENTS", words)
}

fn type_of(code: &str, status: u16) -> ErrorType {
    match code {
        "INVALID_LOGIN" | "INVALID_LOGIN_ATTEMPT" | "invalid_grant" | "invalid_client" | "invalid_token" => {
            ErrorType::Authentication
        }
        "INSUFFICIENT_PERMISSION" | "USER_DISABLED" | "INVALID_ROLE" => ErrorType::Authorization,
        "CONCURRENCY_LIMIT_EXCEEDED"
        | "REQUEST_LIMIT_EXCEEDED"
        | "SSS_REQUEST_LIMIT_EXCEEDED"
        | "WS_REQUEST_BLOCKED" => ErrorType::RateLimit,
        "NONEXISTENT_ID" | "RCRD_DSNT_EXIST" => ErrorType::NotFound,
        "UNEXPECTED_ERROR" | "SERVICE_UNAVAILABLE" => ErrorType::ServerError,
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

    fn answer(status: u16, body: String) -> Answer {
        Answer { status, headers: http::HeaderMap::new(), body: Bytes::from(body) }
    }

    #[test]
    fn the_code_in_the_body_counts_before_the_status() {
        let table = [
            (401, "INVALID_LOGIN", ErrorType::Authentication),
            (403, "INSUFFICIENT_PERMISSION", ErrorType::Authorization),
            (400, "INVALID_CONTENT", ErrorType::Validation),
            (400, "INVALID_PARAMETER", ErrorType::Validation),
            (400, "USER_ERROR", ErrorType::Validation),
            (404, "NONEXISTENT_ID", ErrorType::NotFound),
            (429, "CONCURRENCY_LIMIT_EXCEEDED", ErrorType::RateLimit),
            (429, "REQUEST_LIMIT_EXCEEDED", ErrorType::RateLimit),
            (400, "SSS_REQUEST_LIMIT_EXCEEDED", ErrorType::RateLimit),
            (500, "UNEXPECTED_ERROR", ErrorType::ServerError),
            (503, "ANYTHING", ErrorType::ServerError),
        ];
        for (status, code, error_type) in table {
            let body = format!(
                r#"{{"type":"https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html","title":"x","status":{status},"o:errorDetails":[{{"detail":"words","o:errorCode":"{code}"}}]}}"#
            );
            let failure = classify(&answer(status, body)).unwrap();
            assert_eq!((failure.error_type, failure.code.as_str()), (error_type, code));
            assert_eq!(failure.message, "words");
        }
    }

    #[test]
    fn a_body_without_code_leaves_the_status() {
        for (status, body, error_type) in [
            (401, "", ErrorType::Authentication),
            (502, "<html>Bad Gateway</html>", ErrorType::ServerError),
            (400, r#"{"o:errorDetails":[]}"#, ErrorType::Validation),
            (400, r#"{"error":"invalid_grant"}"#, ErrorType::Authentication),
        ] {
            assert_eq!(classify(&answer(status, body.to_owned())).unwrap().error_type, error_type, "{body}");
        }
        assert_eq!(classify(&answer(200, "{}".to_owned())), None);
    }
}
