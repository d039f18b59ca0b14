//! Awaiting approval: given, refused, or still open.
//!
//! Given means the facts the approver saw are fulfilled; fetching them again first is this file's business, before it
//! hands over to fulfilment.

use super::{Labels, tell_and_report};
use crate::activities::{CheckApproval, Occasion, Standing};
use crate::env::Env;
use gangway_durable::{Durable, Interrupted};
use gangway_protocol::redact::scrub;
use gangway_protocol::{RunRecord, RunState};

/// Longest reason the record keeps, as for a parked run.
const REASON_CHARS: usize = 500;

pub(crate) async fn settle<D: Durable<Env = Env>>(
    durable: &D,
    mut record: RunRecord,
) -> Result<RunRecord, Interrupted> {
    match durable.step::<CheckApproval>("check_approval", record.clone()).await? {
        Standing::Pending => Ok(record),
        Standing::Approved => {
            record.state = RunState::Fulfilling;
            Ok(record)
        }
        Standing::Refused(why) => {
            record.state = RunState::Blocked;
            // The approver's own words: bounded and without addresses, like every other reason in the record.
            record.parked_because = Some(scrub(&why, REASON_CHARS));
            let labels = Labels { tell: "tell_refused", report: "report_refused" };
            tell_and_report(durable, record, Occasion::Refused, labels).await
        }
    }
}
