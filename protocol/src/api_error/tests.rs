//! The taxonomy as a table, and that an error carries no words of a vendor unbounded.

use super::{ApiError, ErrorType, RetryClass, System};

#[test]
fn every_type_has_the_owner_and_retry_of_the_taxonomy() {
    let table = [
        (ErrorType::Authentication, "IT/DevOps", RetryClass::WithNewToken, false),
        (ErrorType::Authorization, "System Admin", RetryClass::Never, false),
        (ErrorType::Validation, "Data Admin", RetryClass::Never, false),
        (ErrorType::NotFound, "Data Admin", RetryClass::Never, false),
        (ErrorType::RateLimit, "Integration Admin", RetryClass::AfterBackoff, true),
        (ErrorType::ServerError, "Support Team", RetryClass::UnlessItDoubles, true),
        (ErrorType::Network, "Support Team", RetryClass::UnlessItDoubles, true),
        (ErrorType::Timeout, "Support Team", RetryClass::UnlessItDoubles, true),
    ];
    for (error_type, owner, retry, retryable) in table {
        let error = ApiError::new(System::Clm, error_type, "get_contract", "X", "m");
        assert_eq!(
            (error.owner.as_str(), error_type.retry_class(), error.retryable),
            (owner, retry, retryable)
        );
    }
}

#[test]
fn only_what_the_receiver_did_not_refuse_may_have_happened() {
    let table = [
        (ErrorType::Authentication, false),
        (ErrorType::Authorization, false),
        (ErrorType::Validation, false),
        (ErrorType::NotFound, false),
        (ErrorType::RateLimit, false),
        (ErrorType::ServerError, true),
        (ErrorType::Network, true),
        (ErrorType::Timeout, true),
    ];
    for (error_type, expected) in table {
        let error = ApiError::new(System::Notify, error_type, "send_email", "X", "m");
        assert_eq!(error.may_have_happened(), expected, "{error_type:?}");
        assert!(!error.unsent().may_have_happened(), "{error_type:?}");
    }
}

#[test]
fn that_nothing_was_sent_travels_and_its_absence_is_not_written() -> Result<(), serde_json::Error> {
    let error = ApiError::new(System::Clm, ErrorType::Network, "send_reminder", "X", "m");
    assert!(!serde_json::to_string(&error)?.contains("not_sent"));
    let unsent = error.unsent();
    assert_eq!(serde_json::from_str::<ApiError>(&serde_json::to_string(&unsent)?)?, unsent);
    Ok(())
}

#[test]
fn a_code_and_a_request_id_hold_no_words() {
    let long = format!("BAD <jane@x.example> {}", "x".repeat(200));
    let error =
        ApiError::new(System::Clm, ErrorType::Validation, "op", &long, "m").with_request_id(Some("tr/a 1"));
    assert!(error.error_code.starts_with("BADjanex.examplexxx") && error.error_code.len() == 80);
    assert_eq!(error.request_id.as_deref(), Some("tra1"));
    assert_eq!(error.with_request_id(Some("é")).request_id, None);
}

#[test]
fn a_vendor_message_is_bounded_and_scrubbed() {
    let long = format!("user jane@acme.example said {}", "x".repeat(9_000));
    let error = ApiError::new(System::Salesforce, ErrorType::Validation, "get_account", "BAD", &long);
    assert!(error.message.chars().count() <= 501);
    assert!(!error.message.contains("jane@acme.example"));
}

#[test]
fn a_blank_code_and_blank_words_are_named() {
    let error = ApiError::new(System::Clm, ErrorType::Validation, "get_contract", "✗", " \n");
    assert_eq!((error.error_code.as_str(), error.message.as_str()), ("UNNAMED", "no reason was given"));
}
