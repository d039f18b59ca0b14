//! From a mail server's reply to the taxonomy: 4xx is temporary, 5xx permanent (RFC 5321 section 4.2.1), refined by the
//! enhanced code (RFC 3463) where one stands in the text.
//!
//! Only replies are classified here. A connection that broke is no refusal.

use gangway_protocol::tools::Tool as _;
use gangway_protocol::tools::notify::SendEmail;
use gangway_protocol::{ApiError, ErrorType, System};
use lettre::transport::smtp::Error;

/// The error a reply stands for; `None` when there was no reply.
pub(super) fn of(error: &Error) -> Option<ApiError> {
    let code = u16::from(error.status()?);
    let text = error.to_string();
    Some(self::error(kind(code, &text), &format!("SMTP_{code}"), &text))
}

/// Whether the server says that it closes the connection.
pub(super) fn is_closing(error: &Error) -> bool {
    error.status().is_some_and(|code| u16::from(code) == 421)
}

/// An error of sending mail.
pub(super) fn error(error_type: ErrorType, code: &str, message: &str) -> ApiError {
    ApiError::new(System::Notify, error_type, SendEmail::CONTRACT.operation(), code, message)
}

/// The type of a refusal. `text` holds the enhanced code, when the server gives one.
fn kind(code: u16, text: &str) -> ErrorType {
    let enhanced = |prefix: &str| text.split_whitespace().any(|word| word.starts_with(prefix));
    match code {
        // Security and policy class of a temporary refusal: too many mails, greylisting.
        400..=499 if enhanced("4.7.") => ErrorType::RateLimit,
        400..=499 => ErrorType::ServerError,
        530 | 534 | 535 | 538 => ErrorType::Authentication,
        // Security and policy class of a permanent one: we may not send this, or not to them.
        500..=599 if enhanced("5.7.") => ErrorType::Authorization,
        500..=599 => ErrorType::Validation,
        _ => ErrorType::ServerError,
    }
}

#[cfg(test)]
mod tests {
    use super::kind;
    use gangway_protocol::ErrorType;

    #[test]
    fn a_reply_has_the_type_of_the_taxonomy() {
        let table = [
            (421, "4.3.2 closing", ErrorType::ServerError),
            (450, "4.2.1 mailbox busy", ErrorType::ServerError),
            (451, "transient error (451): 4.7.1 too many messages", ErrorType::RateLimit),
            (452, "insufficient storage", ErrorType::ServerError),
            (530, "5.7.0 authentication required", ErrorType::Authentication),
            (535, "5.7.8 credentials invalid", ErrorType::Authentication),
            (550, "5.1.1 no such user", ErrorType::Validation),
            (550, "5.7.1 relaying denied", ErrorType::Authorization),
            (552, "too big", ErrorType::Validation),
            (554, "5.6.0 refused", ErrorType::Validation),
        ];
        for (code, text, error_type) in table {
            assert_eq!(kind(code, text), error_type, "{code} {text}");
        }
    }

    #[test]
    fn only_temporary_refusals_may_be_tried_again() {
        for (code, retried) in [(421, true), (451, true), (535, false), (550, false)] {
            let error = super::error(kind(code, ""), "SMTP", "words");
            assert_eq!(error.retryable, retried, "{code}");
        }
    }
}
