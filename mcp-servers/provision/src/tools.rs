//! One file per tool, and the two errors they share.

pub(crate) mod create_tenant;
pub(crate) mod get_tenant;
pub(crate) mod list_tenants;
pub(crate) mod suspend_tenant;

use gangway_governance::{Call, Ours};
use gangway_protocol::ApiError;
use gangway_store::StoreError;

/// The store could not be read or written.
fn unavailable(call: &Call, error: &StoreError) -> ApiError {
    call.failure(Ours::StoreUnavailable, &error.with_cause())
}

/// The grant does not allow this.
fn refused(call: &Call, why: &str) -> ApiError {
    call.failure(Ours::GrantRefused, why)
}
