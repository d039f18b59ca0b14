//! Salesforce's error bodies as tables: which code, status or part decides.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
use super::classify;
use bytes::Bytes;
use gangway_governance::vendor::Answer;
use gangway_protocol::ErrorType;

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: http::HeaderMap::new(), body: Bytes::from(body.to_owned()) }
}

#[test]
fn the_code_in_the_body_counts_before_the_status() {
    let table = [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", ErrorType::Authentication),
        (403, "INSUFFICIENT_ACCESS", "no access", ErrorType::Authorization),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", "no access", ErrorType::Authorization),
        (403, "API_DISABLED_FOR_ORG", "not enabled", ErrorType::Authorization),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", ErrorType::RateLimit),
        (429, "REQUEST_LIMIT_EXCEEDED", "slow down", ErrorType::RateLimit),
        (404, "NOT_FOUND", "The requested resource does not exist", ErrorType::NotFound),
        (400, "MALFORMED_QUERY", "unexpected token", ErrorType::Validation),
        (400, "INVALID_FIELD", "No such column", ErrorType::Validation),
        (400, "REQUIRED_FIELD_MISSING", "Required fields are missing", ErrorType::Validation),
        (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", ErrorType::ServerError),
        (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred", ErrorType::ServerError),
        (503, "SERVER_UNAVAILABLE", "Server too busy", ErrorType::ServerError),
        (418, "NOBODY_KNOWS", "?", ErrorType::Validation),
    ];
    for (status, code, message, error_type) in table {
        let body = format!(r#"[{{"message":"{message}","errorCode":"{code}"}}]"#);
        let failure = classify(&answer(status, &body)).unwrap();
        assert_eq!((failure.error_type, failure.code.as_str()), (error_type, code), "{status} {code}");
    }
}

#[test]
fn a_body_without_code_leaves_the_status() {
    for (status, body, error_type) in [
        (300, r#"["/services/data/v60.0/sobjects/Account/001A"]"#, ErrorType::Validation),
        (401, "", ErrorType::Authentication),
        (404, "<html></html>", ErrorType::NotFound),
        (420, "{}", ErrorType::RateLimit),
        (502, "Bad Gateway", ErrorType::ServerError),
    ] {
        assert_eq!(classify(&answer(status, body)).unwrap().error_type, error_type, "{status}");
    }
}

#[test]
fn a_refused_token_request_is_an_authentication_failure() {
    let body = r#"{"error":"invalid_grant","error_description":"authentication failure"}"#;
    let failure = classify(&answer(400, body)).unwrap();
    assert_eq!((failure.error_type, failure.code.as_str()), (ErrorType::Authentication, "invalid_grant"));
}

#[test]
fn a_composite_call_fails_only_if_every_part_did() {
    let part = |status: u16, body: &str| {
        format!(r#"{{"body":{body},"httpHeaders":{{}},"httpStatusCode":{status},"referenceId":"a"}}"#)
    };
    let limit = part(403, r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"m"}]"#);
    let fine = part(200, r#"{"totalSize":0,"done":true,"records":[]}"#);
    let both = |a: &str, b: &str| answer(200, &format!(r#"{{"compositeResponse":[{a},{b}]}}"#));
    assert_eq!(classify(&both(&fine, &limit)), None);
    let failure = classify(&both(&limit, &limit)).unwrap();
    assert_eq!((failure.error_type, failure.status), (ErrorType::RateLimit, Some(403)));
}

#[test]
fn a_good_answer_is_no_failure() {
    assert_eq!(classify(&answer(204, "")), None);
    assert_eq!(classify(&answer(200, r#"{"totalSize":0,"done":true,"records":[]}"#)), None);
}

#[test]
fn the_fields_concerned_stand_in_the_message() {
    let body = r#"[{"message":"Required fields are missing","errorCode":"REQUIRED_FIELD_MISSING","fields":["Name"]}]"#;
    assert_eq!(classify(&answer(400, body)).unwrap().message, "Required fields are missing [Name]");
}
