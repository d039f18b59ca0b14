//! Whose fault a failed call is: the vendor's (or that of the way to it), or the request's.

use gangway_protocol::{ApiError, ErrorType};

/// Only what the vendor or the way to it did wrong trips a breaker. A server error told with a 4xx (a locked row) is
/// about the record, whatever the taxonomy makes of repeating it.
pub(super) fn is_vendors(error: &ApiError) -> bool {
    match error.error_type {
        ErrorType::Network | ErrorType::Timeout => true,
        ErrorType::ServerError => !error.http_status.is_some_and(|status| (400..500).contains(&status)),
        ErrorType::Authentication
        | ErrorType::Authorization
        | ErrorType::Validation
        | ErrorType::NotFound
        | ErrorType::RateLimit => false,
    }
}
