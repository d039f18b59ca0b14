//! Stage: who calls and for which run. The caller is the connection's; run and correlation id travel in `_meta`.
//!
//! It trusts neither id with anything: they only tie records together.

use crate::access::Principal;
use crate::call::Call;
use crate::confirmation::Confirmation;
use crate::progress::Progress;
use gangway_protocol::tools::{Contract, META_CORRELATION_ID, META_RUN_ID};
use gangway_protocol::{ApiError, TraceParent};
use rmcp::model::RequestMetaObject;
use serde_json::Value;
use std::fmt::Display;

/// Reads the ids; a malformed one refuses the call, because records it would tie together come apart otherwise.
pub(crate) fn identify(
    contract: &Contract,
    principal: &Principal,
    meta: &RequestMetaObject,
    (trace, progress): (TraceParent, Progress),
) -> Result<Call, ApiError> {
    let mut call = Call {
        system: contract.system,
        operation: contract.operation(),
        principal: principal.clone(),
        run_id: None,
        correlation_id: None,
        trace,
        key: None,
        confirmation: Confirmation::default(),
        progress,
    };
    call.run_id = read(meta.0.get(META_RUN_ID), META_RUN_ID, &call)?;
    call.correlation_id = read(meta.0.get(META_CORRELATION_ID), META_CORRELATION_ID, &call)?;
    Ok(call)
}

fn read<Id>(value: Option<&Value>, name: &str, call: &Call) -> Result<Option<Id>, ApiError>
where
    Id: TryFrom<String, Error: Display>,
{
    let refuse = |text: &str| call.mistake("INVALID_META", &format!("_meta {name}: {text}"));
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            Id::try_from(text.clone()).map(Some).map_err(|error| refuse(&error.to_string()))
        }
        Some(_) => Err(refuse("not a text")),
    }
}
