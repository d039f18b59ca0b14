//! The words of a refusal: who refused, why, and when to come back. Every one of them means that nothing was sent.

use super::gate::Asking;
use super::settings::Vendor;
use crate::call::Call;
use crate::ours::Ours;
use gangway_protocol::ApiError;
use std::time::Duration;

/// How long a full line usually takes to move: an attempt's ordinary length.
pub(super) const LINE_MOVES: Duration = Duration::from_secs(1);

/// The vendor failed too often lately.
pub(super) fn breaker(vendor: Vendor, asking: Asking<'_>, wait: Duration, last: Option<&str>) -> ApiError {
    let cause = last.map_or_else(String::new, |code| format!(" (last: {code})"));
    let text = format!(
        "{} failed too often{cause}; calls are refused without sending until one call has tried whether it is back",
        vendor.name()
    );
    after(Ours::BreakerOpen.error(asking.system, asking.operation, &text), wait)
}

/// Our share of the vendor's rate is used up.
pub(super) fn vendor_rate(vendor: Vendor, asking: Asking<'_>, wait: Duration) -> ApiError {
    let text = format!("the calls {} allows in this time are used up; nothing was sent", vendor.name());
    after(Ours::VendorRate.error(asking.system, asking.operation, &text), wait)
}

/// The calls the vendor allows in an hour are used up.
pub(super) fn quota(vendor: Vendor, asking: Asking<'_>, wait: Duration) -> ApiError {
    let text = format!(
        "the calls {} allows in this hour are used up, ours and others' of the same account; nothing was sent",
        vendor.name()
    );
    after(Ours::Quota.error(asking.system, asking.operation, &text), wait)
}

/// Too many calls run and wait already.
pub(super) fn bulkhead(vendor: Vendor, asking: Asking<'_>) -> ApiError {
    let text = format!(
        "as many calls to {} as are allowed run already, in this process or in others on this data folder, and too many wait; nothing was sent",
        vendor.name()
    );
    after(Ours::VendorFull.error(asking.system, asking.operation, &text), LINE_MOVES)
}

/// A caller calls a tool too often.
pub(crate) fn caller_rate(call: &Call, wait: Duration) -> ApiError {
    let text = "this caller calls this tool more often than is allowed; nothing was done";
    after(call.failure(Ours::CallerRate, text), wait)
}

/// A server has too many calls under way.
pub(crate) fn server_full(call: &Call) -> ApiError {
    let text = "as many calls of this server as are allowed run already; nothing was done";
    after(call.failure(Ours::ServerFull, text), LINE_MOVES)
}

fn after(error: ApiError, wait: Duration) -> ApiError {
    // Rounded up: whoever comes back exactly then must not be early.
    let wait_ms = u64::try_from(wait.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
    ApiError { retry_after_ms: Some(wait_ms.max(1)), ..error.unsent() }
}
