//! Records of acts that are no tool call: a key made, a message settled, rules put in force, an approval decided, an event
//! refused. Makes the records; whoever did the act appends them, in the act's own commit where there is one.

use gangway_protocol::audit::{AuditMoment, AuditRecord, CallEnd};
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Something was done. `arguments` is an object, without secrets and personal data.
pub fn done(act: &str, by: &str, arguments: Value, at: Timestamp) -> AuditRecord {
    record(act, by, arguments, at, None)
}

/// Something was refused, for the reason of this code.
pub fn refused(act: &str, by: &str, arguments: Value, at: Timestamp, code: &str) -> AuditRecord {
    record(act, by, arguments, at, Some(format!("refused/{code}")))
}

fn record(act: &str, by: &str, arguments: Value, at: Timestamp, error: Option<String>) -> AuditRecord {
    let arguments = match arguments {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    AuditRecord {
        at,
        moment: if error.is_some() { AuditMoment::Refused } else { AuditMoment::Outcome },
        call_id: Uuid::now_v7().simple().to_string(),
        principal: by.to_owned(),
        tool: act.to_owned(),
        run_id: None,
        correlation_id: None,
        arguments,
        end: Some(CallEnd {
            ok: error.is_none(),
            replayed: false,
            error,
            result_digest: None,
            duration_us: 0,
        }),
    }
}
