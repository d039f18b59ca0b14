//! One file per tool, and the error they share.

pub(crate) mod page;
pub(crate) mod post_message;
pub(crate) mod send_email;

use gangway_governance::Call;
use gangway_protocol::{ApiError, ErrorType};

/// The channel has no settings.
fn not_configured(call: &Call, channel: &str) -> ApiError {
    call.error(ErrorType::Validation, "NOT_CONFIGURED", &format!("{channel} is not configured"))
}
