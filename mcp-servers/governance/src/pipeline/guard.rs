//! Stage: a tool's own guard, such as the grant of a provisioning write, before the intent is recorded and the key claimed.
//!
//! So an answer already given is not given again to a caller who may not have it. What a guard asks for is the tool's
//! knowledge; a tool without one passes.

use super::contain;
use crate::call::Call;
use crate::tool::{Ready, Run};
use gangway_protocol::ApiError;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The run, if the guard lets it pass. A guard that panics refuses, and the refusal is audited like any other.
pub(crate) fn pass(call: &Call, ready: Ready) -> Result<Run, ApiError> {
    // The guard is asked once and consumed; nothing it left half-changed is seen again.
    catch_unwind(AssertUnwindSafe(ready)).unwrap_or_else(|_| {
        tracing::error!(system = %call.system, operation = call.operation, "a tool's guard panicked");
        Err(contain::internal(call.system, call.operation))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "the panic is what is tested")]

    use super::pass;
    use crate::call::Call;
    use gangway_protocol::System;

    #[test]
    fn a_guard_that_panics_lets_nothing_pass() {
        let call = Call {
            system: System::Provision,
            operation: "create_tenant",
            principal: crate::Principal::agent(gangway_protocol::Agent::Coordinator),
            run_id: None,
            correlation_id: None,
            trace: gangway_protocol::TraceParent::beginning(1),
            key: None,
            confirmation: crate::Confirmation::default(),
            progress: crate::Progress::default(),
        };
        let refusal = pass(&call, Box::new(|| panic!("the guard's own defect"))).err();
        assert_eq!(refusal.map(|error| error.error_code).as_deref(), Some("INTERNAL"));
    }
}
