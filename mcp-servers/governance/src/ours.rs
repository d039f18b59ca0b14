//! Failures of our own, not of a vendor: their codes, and who mends them, how.
//!
//! Their kinds are the taxonomy's, for whether a call is repeated hangs on it. But what mends a vendor's failure of that kind, its
//! status page, profiles or quota, mends none of these.

use gangway_protocol::{ApiError, ErrorType, System};

/// A failure of our own. Mistakes of a call have words of their own ([`ApiError::of_the_call`]), as have the policy's refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ours {
    /// A call that could not be recorded, and so was not run.
    Unrecorded,
    /// A call that ran, and whose outcome could not be recorded.
    AnswerUnrecorded,
    /// A repeat of a call that still runs.
    InProgress,
    /// A write whose answer was lost and whose receiver cannot tell.
    OutcomeUnknown,
    /// A provisioning write without a grant that fits.
    GrantRefused,
    /// Our store could not be read or written.
    StoreUnavailable,
    /// A caller calls a tool too often.
    CallerRate,
    /// A server has too many calls under way.
    ServerFull,
    /// A vendor failed too often lately.
    BreakerOpen,
    /// Our share of a vendor's rate is used up.
    VendorRate,
    /// The calls that a vendor allows in an hour are used up.
    Quota,
    /// Too many calls to a vendor run and wait.
    VendorFull,
    /// A handler took too long.
    Deadline,
    /// The caller gave up.
    Cancelled,
    /// A handler panicked, or a stage died.
    Internal,
    /// A result that breaks its tool's schema.
    InvalidResult,
    /// A schema that does not compile.
    BrokenContract,
}

/// What stays the same of a failure.
struct Words {
    kind: ErrorType,
    code: &'static str,
    owner: &'static str,
    resolution: &'static str,
}

const CALLER: &str = "Caller";
const OPERATOR: &str = "IT/DevOps";
const INTEGRATION: &str = "Integration Admin";
const SUPPORT: &str = "Support Team";
const DEFECT: &str =
    "Report it as a defect of Gangway, with the log of this time; the vendor has no part in it";

impl Ours {
    /// Every one.
    pub const ALL: [Self; 17] = [
        Self::Unrecorded,
        Self::AnswerUnrecorded,
        Self::InProgress,
        Self::OutcomeUnknown,
        Self::GrantRefused,
        Self::StoreUnavailable,
        Self::CallerRate,
        Self::ServerFull,
        Self::BreakerOpen,
        Self::VendorRate,
        Self::Quota,
        Self::VendorFull,
        Self::Deadline,
        Self::Cancelled,
        Self::Internal,
        Self::InvalidResult,
        Self::BrokenContract,
    ];

    /// The error, in the taxonomy, saying this.
    #[must_use]
    pub fn error(self, system: System, operation: &str, message: &str) -> ApiError {
        let Words { kind, code, owner, resolution } = self.words();
        ApiError::new(system, kind, operation, code, message).mended_by(owner, resolution)
    }

    fn words(self) -> Words {
        use ErrorType::{Authorization, RateLimit, ServerError, Timeout};
        let words = |kind, code, owner, resolution| Words { kind, code, owner, resolution };
        match self {
            Self::Unrecorded => words(
                ServerError,
                "AUDIT_UNAVAILABLE",
                OPERATOR,
                "Make the data folder writable again (space, rights, locks), then repeat the call with the same key",
            ),
            Self::AnswerUnrecorded => words(
                ServerError,
                "AUDIT_UNAVAILABLE",
                OPERATOR,
                "Make the data folder writable again, and look in the target system whether it happened before repeating",
            ),
            Self::InProgress => words(
                ServerError,
                "IN_PROGRESS",
                CALLER,
                "Repeat the call with the same key after retry_after_ms: it then gets the first call's answer",
            ),
            Self::OutcomeUnknown => words(
                ServerError,
                "OUTCOME_UNKNOWN",
                SUPPORT,
                "Look in the target system whether it happened; if not, call again with a new key",
            ),
            Self::GrantRefused => words(
                Authorization,
                "GRANT_REFUSED",
                CALLER,
                "Have an onboarding run or gangway tenants do it: they are granted exactly what they are about to do",
            ),
            Self::StoreUnavailable => words(
                ServerError,
                "STORE_UNAVAILABLE",
                OPERATOR,
                "Make the data folder usable again (space, rights, locks), then repeat the call",
            ),
            Self::CallerRate => words(
                RateLimit,
                "RATE_LIMITED",
                CALLER,
                "Wait retry_after_ms and call less often; limits.callers sets how often a caller may",
            ),
            Self::ServerFull => words(
                RateLimit,
                "BULKHEAD_FULL",
                CALLER,
                "Wait retry_after_ms and call again; limits.callers.in_flight bounds the calls of one server",
            ),
            Self::BreakerOpen => words(
                ServerError,
                "BREAKER_OPEN",
                SUPPORT,
                "Wait retry_after_ms: all calls pass again once one has got through; the vendor's status page may say more",
            ),
            Self::VendorRate => words(
                RateLimit,
                "RATE_LIMITED",
                INTEGRATION,
                "Wait retry_after_ms; [limits] keeps our calls within what the vendor allows",
            ),
            Self::Quota => words(
                RateLimit,
                "QUOTA_USED_UP",
                INTEGRATION,
                "Wait retry_after_ms, or have the vendor allow more calls and raise per_hour in [limits]",
            ),
            Self::VendorFull => words(
                RateLimit,
                "BULKHEAD_FULL",
                OPERATOR,
                "Wait retry_after_ms; if it stays so, look for a process on this data folder that hangs",
            ),
            Self::Deadline => words(
                Timeout,
                "TOOL_DEADLINE",
                SUPPORT,
                "Check that the systems the tool asks answer; repeat a write with the same key only",
            ),
            Self::Cancelled => {
                words(Timeout, "CANCELLED", CALLER, "Call again if the answer is still wanted")
            }
            Self::Internal => words(ServerError, "INTERNAL", OPERATOR, DEFECT),
            Self::InvalidResult => words(ServerError, "INVALID_RESULT", OPERATOR, DEFECT),
            Self::BrokenContract => words(ServerError, "BROKEN_CONTRACT", OPERATOR, DEFECT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ours;
    use gangway_protocol::{ApiError, System};

    #[test]
    fn each_says_what_mends_it_and_none_sends_anybody_to_a_vendor_who_has_no_part_in_it() {
        for ours in Ours::ALL {
            let error = ours.error(System::Netsuite, "get_invoice", "words");
            let usual = ApiError::new(System::Netsuite, error.error_type, "get_invoice", "X", "words");
            assert_ne!(error.resolution, usual.resolution, "{ours:?}");
            assert!(error.resolution.len() > 30, "{ours:?}: {}", error.resolution);
            let blames_vendor =
                ["profile", "status page", "quota"].map(|word| error.resolution.contains(word));
            assert!(
                ours == Ours::BreakerOpen || blames_vendor == [false; 3],
                "{ours:?}: {}",
                error.resolution
            );
            let is_limit =
                matches!(ours, Ours::VendorRate | Ours::Quota | Ours::VendorFull | Ours::BreakerOpen);
            assert_eq!(error.resolution.contains("retry_after_ms"), is_limit || waits(ours), "{ours:?}");
        }
    }

    /// Those besides a vendor's limits that carry a time to come back at.
    fn waits(ours: Ours) -> bool {
        matches!(ours, Ours::CallerRate | Ours::ServerFull | Ours::InProgress)
    }

    #[test]
    fn who_mends_it_is_who_can() {
        let owner = |ours: Ours| ours.error(System::Clm, "get_contract", "words").owner;
        for (ours, expected) in [
            (Ours::Unrecorded, "IT/DevOps"),
            (Ours::AnswerUnrecorded, "IT/DevOps"),
            (Ours::InProgress, "Caller"),
            (Ours::GrantRefused, "Caller"),
            (Ours::CallerRate, "Caller"),
            (Ours::ServerFull, "Caller"),
            (Ours::Internal, "IT/DevOps"),
            (Ours::Quota, "Integration Admin"),
        ] {
            assert_eq!(owner(ours), expected, "{ours:?}");
        }
    }
}
