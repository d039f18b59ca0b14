//! From a vendor's answer to the taxonomy: the connector's own reading first, the status after it.
//!
//! Vendors hide failures behind statuses that mean something else (a Salesforce limit is a 403, a Slack error a 200),
//! so the connector's hook sees every answer, good ones too.

use super::request::Answer;
use gangway_protocol::{ApiError, ErrorType, System};
use std::time::{Duration, SystemTime};

/// A connector's reading of a failed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which kind.
    pub error_type: ErrorType,
    /// The vendor's own code.
    pub code: String,
    /// The vendor's own words; scrubbed and bounded before anybody sees them.
    pub message: String,
    /// The vendor's id of this request, when it gives one.
    pub request_id: Option<String>,
    /// The status meant, where it is not the answer's own: a part of a batch answered with 200.
    pub status: Option<u16>,
}

impl Failure {
    /// A failure without a request id.
    #[must_use]
    pub fn new(error_type: ErrorType, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { error_type, code: code.into(), message: message.into(), request_id: None, status: None }
    }
}

/// A connector's hook: `Some` when the answer is a failure it recognises, `None` to go by the status.
pub type Classify = fn(&Answer) -> Option<Failure>;

/// The hook of a vendor whose statuses mean what they say.
#[must_use]
pub fn by_status_only(_answer: &Answer) -> Option<Failure> {
    None
}

/// The error an answer stands for; `None` when it is a success.
pub(crate) fn error_of(
    system: System,
    operation: &str,
    answer: &Answer,
    classify: Classify,
) -> Option<ApiError> {
    let failure = match classify(answer) {
        Some(failure) => failure,
        None if answer.is_success() => return None,
        None => Failure::new(
            type_of_status(answer.status),
            format!("HTTP_{}", answer.status),
            format!("{system} answered with status {}", answer.status),
        ),
    };
    let mut error = ApiError::new(system, failure.error_type, operation, &failure.code, &failure.message)
        .with_status(failure.status.unwrap_or(answer.status))
        .with_request_id(failure.request_id.as_deref());
    error.retry_after_ms =
        answer.header("retry-after").and_then(|text| retry_after_ms(text, SystemTime::now()));
    Some(error)
}

/// The taxonomy's reading of a bare status, for every connector. Redirects count as the vendor's failure: we follow
/// none.
#[must_use]
pub fn type_of_status(status: u16) -> ErrorType {
    match status {
        401 => ErrorType::Authentication,
        403 => ErrorType::Authorization,
        404 | 410 => ErrorType::NotFound,
        408 => ErrorType::Timeout,
        420 | 429 => ErrorType::RateLimit,
        // 300 is "several records have this id" (Salesforce's external ids): the data is wrong, not the server.
        300 | 400..=499 => ErrorType::Validation,
        _ => ErrorType::ServerError,
    }
}

/// `Retry-After` in either of its two forms: seconds, or an HTTP date. An unreadable one is no wish.
fn retry_after_ms(text: &str, now: SystemTime) -> Option<u64> {
    let text = text.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            SystemTime::from(at).duration_since(now).unwrap_or(Duration::ZERO)
        }
    };
    u64::try_from(wait.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

    use super::{Answer, Failure, by_status_only, error_of, retry_after_ms};
    use bytes::Bytes;
    use gangway_protocol::{ErrorType, System};
    use http::{HeaderMap, HeaderValue};
    use std::time::{Duration, SystemTime};

    fn answer(status: u16) -> Answer {
        Answer { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    #[test]
    fn a_bare_status_has_the_type_of_the_taxonomy() {
        let table = [
            (401, ErrorType::Authentication),
            (403, ErrorType::Authorization),
            (400, ErrorType::Validation),
            (404, ErrorType::NotFound),
            (410, ErrorType::NotFound),
            (408, ErrorType::Timeout),
            (420, ErrorType::RateLimit),
            (300, ErrorType::Validation),
            (429, ErrorType::RateLimit),
            (302, ErrorType::ServerError),
            (500, ErrorType::ServerError),
            (503, ErrorType::ServerError),
        ];
        for (status, error_type) in table {
            let error = error_of(System::Clm, "op", &answer(status), by_status_only).unwrap();
            assert_eq!((error.error_type, error.http_status), (error_type, Some(status)), "{status}");
        }
        assert_eq!(error_of(System::Clm, "op", &answer(204), by_status_only), None);
    }

    #[test]
    fn the_connector_reads_the_body_before_the_status_counts() {
        let classify =
            |_: &Answer| Some(Failure::new(ErrorType::RateLimit, "REQUEST_LIMIT_EXCEEDED", "slow down"));
        let error = error_of(System::Salesforce, "op", &answer(403), classify).unwrap();
        assert_eq!(
            (error.error_type, error.error_code.as_str()),
            (ErrorType::RateLimit, "REQUEST_LIMIT_EXCEEDED")
        );
        assert!(error_of(System::Notify, "op", &answer(200), classify).is_some());
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480 - 30);
        assert_eq!(retry_after_ms("7", now), Some(7_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(30_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:00:00 GMT", now), Some(0));
        assert_eq!(retry_after_ms("soon", now), None);
        let mut limited = answer(429);
        limited.headers.insert("retry-after", HeaderValue::from_static("2"));
        let error = error_of(System::Netsuite, "op", &limited, by_status_only).unwrap();
        assert_eq!(error.retry_after_ms, Some(2_000));
    }
}
