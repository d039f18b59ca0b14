//! Slack's answers by code and status, and what rules out that a message was posted.

use super::{classify, kind, may_have_posted};
use bytes::Bytes;
use gangway_governance::vendor::Answer;
use gangway_protocol::{ApiError, ErrorType, System};
use http::HeaderMap;

fn answer(status: u16, body: &'static str) -> Answer {
    Answer { status, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) }
}

#[test]
fn a_code_has_the_type_of_the_taxonomy() {
    let table = [
        ("invalid_auth", ErrorType::Authentication),
        ("token_revoked", ErrorType::Authentication),
        ("missing_scope", ErrorType::Authorization),
        ("not_in_channel", ErrorType::Authorization),
        ("channel_not_found", ErrorType::NotFound),
        ("is_archived", ErrorType::Validation),
        ("msg_too_long", ErrorType::Validation),
        ("invalid_blocks", ErrorType::Validation),
        ("ratelimited", ErrorType::RateLimit),
        ("internal_error", ErrorType::ServerError),
        ("never heard of", ErrorType::Validation),
    ];
    for (code, error_type) in table {
        assert_eq!(kind(code, 200), error_type, "{code}");
    }
    assert_eq!(kind("new_code", 429), ErrorType::RateLimit);
    assert_eq!(kind("new_code", 502), ErrorType::ServerError);
}

#[test]
fn a_refusal_under_200_is_one_and_a_good_answer_is_none() {
    let refused = classify(&answer(200, r#"{"ok":false,"error":"missing_scope","needed":"chat:write"}"#));
    assert!(refused.is_some_and(|failure| {
        failure.error_type == ErrorType::Authorization && failure.message.contains("chat:write")
    }));
    assert_eq!(classify(&answer(200, r#"{"ok":true,"ts":"1.2","channel":"C1"}"#)), None);
    assert_eq!(classify(&answer(200, r#"{"ok":tr"#)), None);
}

#[test]
fn only_a_definite_refusal_rules_out_that_the_message_was_posted() {
    let table = [
        (None, "CONNECT_FAILED", false),
        (None, "CONNECT_DEADLINE", false),
        (None, "UNSENDABLE_REQUEST", false),
        (None, "CONNECTION_BROKEN", true),
        (None, "ATTEMPT_DEADLINE", true),
        (None, "ANSWER_TOO_LARGE", true),
        (Some(200), "channel_not_found", false),
        (Some(200), "UNREADABLE_ANSWER", true),
        (Some(200), "fatal_error", true),
        (Some(429), "ratelimited", false),
        (Some(500), "internal_error", true),
        (Some(502), "HTTP_502", true),
        (Some(503), "service_unavailable", false),
    ];
    for (status, code, expected) in table {
        let mut error = ApiError::new(System::Notify, ErrorType::Network, "post_message", code, "");
        error.http_status = status;
        assert_eq!(may_have_posted(&error), expected, "{status:?} {code}");
    }
}
