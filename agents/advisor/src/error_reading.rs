//! API errors in plain English: the codes the vendors document, else what their type means.
//!
//! It explains what happened; owner and resolution are the error's own, decided by the taxonomy.

use gangway_protocol::advice::ErrorReading;
use gangway_protocol::redact::scrub;
use gangway_protocol::{ApiError, ErrorType, System};

/// Longest code, owner and resolution repeated, in characters.
const CODE_CHARS: usize = 80;
const OWNER_CHARS: usize = 60;
const RESOLUTION_CHARS: usize = 200;

/// One error explained.
pub(crate) fn reading(error: &ApiError) -> ErrorReading {
    let system = product(error.system);
    let sentence = meaning(&error.error_code).unwrap_or_else(|| meaning_of_type(error.error_type));
    ErrorReading {
        system: system.to_owned(),
        error_code: code(error),
        meaning: format!("{system} {sentence}."),
        owner: owner(error),
        resolution: resolution(error),
    }
}

/// The error's code as advice may repeat it.
pub(crate) fn code(error: &ApiError) -> String {
    scrub(&error.error_code, CODE_CHARS)
}

/// Who mends it.
pub(crate) fn owner(error: &ApiError) -> String {
    scrub(&error.owner, OWNER_CHARS)
}

/// What mends it.
pub(crate) fn resolution(error: &ApiError) -> String {
    scrub(&error.resolution, RESOLUTION_CHARS)
}

/// The system as CS people call it.
pub(crate) fn product(system: System) -> &'static str {
    match system {
        System::Salesforce => "Salesforce",
        System::Clm => "DocuSign",
        System::Netsuite => "NetSuite",
        System::Provision => "Tenant provisioning",
        System::Tasks => "The task list",
        System::Notify => "The notification service",
        System::Onboarding => "Gangway",
    }
}

/// What a vendor's code says, to follow the system's name. Codes as the vendors document them; those two vendors
/// share mean the same.
const CODES: &[(&str, &str)] = &[
    // Salesforce, NetSuite and DocuSign: who we are.
    ("INVALID_SESSION_ID", "no longer accepts our session: it expired or was revoked"),
    ("INVALID_AUTH_HEADER", "could not read the credentials we sent"),
    (
        "INVALID_LOGIN",
        "refused our login: the integration's credentials or token are wrong, or were switched off",
    ),
    (
        "INVALID_LOGIN_ATTEMPT",
        "refused our login: the integration's credentials or token are wrong, or were switched off",
    ),
    (
        "USER_AUTHENTICATION_FAILED",
        "did not recognise the integration's user: its access token is wrong or expired",
    ),
    ("AUTHORIZATION_INVALID_TOKEN", "refused our access token: it is wrong or expired"),
    ("invalid_grant", "refused to give us a token: the integration's key, user or clock does not match"),
    ("invalid_client", "does not know the integration's client id, or its secret is wrong"),
    ("consent_required", "has not been told by an administrator that the integration may act for its user"),
    ("invalid_auth", "refused our token"),
    // What we may do.
    ("INSUFFICIENT_ACCESS", "knows the integration's user but does not let it see this record"),
    (
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "knows the integration's user but does not let it see or change this record",
    ),
    ("INSUFFICIENT_PERMISSION", "knows the integration's role but does not let it do this"),
    ("ACCOUNT_LACKS_PERMISSIONS", "has not enabled this for our account"),
    (
        "USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT",
        "knows the integration's user, but not in the account we asked about",
    ),
    ("API_DISABLED_FOR_ORG", "has its API switched off for our organisation"),
    ("FORBIDDEN", "knows the integration but does not let it do this"),
    // How often.
    ("REQUEST_LIMIT_EXCEEDED", "has had as many API calls from us as our quota allows"),
    ("HOURLY_APIINVOCATION_LIMIT_EXCEEDED", "has had as many API calls from us this hour as our plan allows"),
    ("BURST_APIINVOCATION_LIMIT_EXCEEDED", "had too many API calls from us within half a minute"),
    ("CONCURRENCY_LIMIT_EXCEEDED", "had too many of our calls at the same time"),
    ("SSS_REQUEST_LIMIT_EXCEEDED", "had too many of our calls at the same time"),
    ("ratelimited", "had too many messages from us in a short time"),
    // What we asked.
    ("REQUIRED_FIELD_MISSING", "wants a field that is empty in the source record"),
    (
        "INVALID_FIELD",
        "does not have a field we asked for: the integration and the organisation's setup differ",
    ),
    ("INVALID_FIELD_VALUE", "found a field value in the record that it does not accept"),
    ("INVALID_PARAMETER", "did not accept a value of the request"),
    ("INVALID_REQUEST_PARAMETER", "did not accept a value of the request"),
    ("INVALID_CONTENT", "did not accept the content of the request"),
    ("MALFORMED_ID", "was asked for an id that is not one of its ids"),
    ("MALFORMED_QUERY", "could not read the query we sent"),
    ("JSON_PARSER_ERROR", "could not read the request we sent"),
    ("NOT_FOUND", "does not have what we asked for"),
    ("NONEXISTENT_ID", "does not have the record we asked for"),
    ("ENVELOPE_DOES_NOT_EXIST", "does not have the envelope, or does not let us see it"),
    ("ENTITY_IS_DELETED", "has deleted the record"),
    ("UNABLE_TO_LOCK_ROW", "was changing the record at the same moment"),
    // Their trouble.
    ("SERVER_ERROR", "had an internal failure"),
    ("INTERNAL_ERROR", "had an internal failure"),
    ("UNKNOWN_EXCEPTION", "had an internal failure"),
    ("UNEXPECTED_ERROR", "had an internal failure"),
    ("UNSPECIFIED_ERROR", "had an internal failure"),
    ("SERVER_UNAVAILABLE", "is down, for maintenance or by a failure"),
    ("SERVICE_UNAVAILABLE", "is down, for maintenance or by a failure"),
    // Ours, about their answer.
    ("UNREADABLE_ANSWER", "gave an answer that cannot be read"),
    ("UNEXPECTED_ANSWER", "gave an answer of a form we do not know"),
];

/// Whether the vendors document this code.
pub(crate) fn is_documented(code: &str) -> bool {
    meaning(code).is_some()
}

fn meaning(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning)
}

fn meaning_of_type(error_type: ErrorType) -> &'static str {
    match error_type {
        ErrorType::Authentication => {
            "did not accept who we are: our session, token or credentials were refused"
        }
        ErrorType::Authorization => "knows who we are but does not let us do this",
        ErrorType::Validation => "did not accept the request or a value in the record",
        ErrorType::NotFound => "does not have what we asked for",
        ErrorType::RateLimit => "had more calls from us than it allows",
        ErrorType::ServerError => "failed, or gave an answer that cannot be read",
        ErrorType::Network => "could not be reached, or the connection broke",
        ErrorType::Timeout => "did not answer in time",
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, reading};
    use gangway_protocol::{ApiError, ErrorType, System};

    #[test]
    fn a_code_is_in_the_table_once() {
        for (index, (code, meaning)) in CODES.iter().enumerate() {
            assert!(CODES.iter().skip(index + 1).all(|(other, _)| other != code), "{code}");
            assert!(!meaning.ends_with('.'), "{code}: the sentence is closed where it is built");
        }
    }

    #[test]
    fn every_type_has_a_meaning_of_its_own() {
        let types = [
            ErrorType::Authentication,
            ErrorType::Authorization,
            ErrorType::Validation,
            ErrorType::NotFound,
            ErrorType::RateLimit,
            ErrorType::ServerError,
            ErrorType::Network,
            ErrorType::Timeout,
        ];
        let mut meanings: Vec<String> = types
            .map(|t| reading(&ApiError::new(System::Clm, t, "get_contract", "NOBODY_KNOWS", "m")).meaning)
            .to_vec();
        meanings.sort();
        meanings.dedup();
        assert_eq!(meanings.len(), types.len());
    }
}
