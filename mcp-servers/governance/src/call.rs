//! What a handler knows of the call it answers, apart from its arguments.
//!
//! It holds no permission: whether the call may happen was settled before the handler runs.

use crate::access::Principal;
use crate::confirmation::Confirmation;
use crate::ours::Ours;
use crate::progress::Progress;
use gangway_protocol::{ApiError, CorrelationId, ErrorType, IdempotencyKey, RunId, System, TraceParent};

/// One call of one tool.
#[derive(Debug, Clone)]
pub struct Call {
    /// The system whose tool it is.
    pub system: System,
    /// The tool's name without its system, e.g. `get_account`.
    pub operation: &'static str,
    /// Who calls.
    pub principal: Principal,
    /// The run it belongs to, when it belongs to one.
    pub run_id: Option<RunId>,
    /// The correlation id it carries.
    pub correlation_id: Option<CorrelationId>,
    /// The trace it belongs to.
    pub trace: TraceParent,
    /// The idempotency key, as the caller's own ([`Principal::own_key`]); present on every write, absent on every read.
    pub key: Option<IdempotencyKey>,
    /// What the person at the host said, where the tool asks for that.
    pub confirmation: Confirmation,
    /// To say how far it is, where the caller wants to hear.
    pub progress: Progress,
}

impl Call {
    /// An error of this call's system and operation.
    #[must_use]
    pub fn error(&self, error_type: ErrorType, code: &str, message: &str) -> ApiError {
        ApiError::new(self.system, error_type, self.operation, code, message)
    }

    /// A failure of our own, in this call.
    #[must_use]
    pub fn failure(&self, ours: Ours, message: &str) -> ApiError {
        ours.error(self.system, self.operation, message)
    }

    /// An error that the caller made and can mend.
    #[must_use]
    pub fn mistake(&self, code: &str, message: &str) -> ApiError {
        ApiError::of_the_call(self.system, self.operation, code, message)
    }
}
