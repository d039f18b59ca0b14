//! Awaiting approval: given, refused, or still open.
//!
//! Given for what is still so, it is fulfilled. Otherwise it is void, as it is after a restore, and the fresh decision
//! counts: a person is asked anew, or the run is blocked, or it goes on without needing anybody.

use super::{DECIDED, Labels, escalate, tell_and_report};
use crate::activities::{CheckApproval, Occasion, Reassess, Standing, VoidApproval, VoidOrder};
use crate::env::Env;
use gangway_durable::{Durable, Interrupted};
use gangway_protocol::redact::scrub;
use gangway_protocol::{Outcome, RunRecord, RunState};

/// Longest reason the record keeps, as for a parked run.
const REASON_CHARS: usize = 500;

pub(crate) async fn settle<D: Durable<Env = Env>>(
    durable: &D,
    mut record: RunRecord,
) -> Result<RunRecord, Interrupted> {
    match durable.look::<CheckApproval, _>("check_approval", record.clone()).await? {
        None => Ok(record),
        Some(Standing::Approved) => act(durable, record).await,
        Some(Standing::Void) => {
            let fresh = durable.step::<Reassess>("reassess", record.clone()).await?;
            fresh.assessed.enter(&mut record);
            decided_anew(durable, record).await
        }
        Some(Standing::Refused(why)) => {
            record.state = RunState::Blocked;
            // The approver's own words: bounded and without addresses, like every other reason in the record.
            record.parked_because = Some(scrub(&why, REASON_CHARS));
            let labels = Labels { tell: "tell_refused", report: "report_refused" };
            tell_and_report(durable, record, Occasion::Refused, labels).await
        }
    }
}

async fn act<D: Durable<Env = Env>>(durable: &D, mut record: RunRecord) -> Result<RunRecord, Interrupted> {
    let fresh = durable.step::<Reassess>("reassess", record.clone()).await?;
    fresh.assessed.enter(&mut record);
    let Some(why) = fresh.difference else {
        record.state = RunState::Fulfilling;
        return Ok(record);
    };
    let order = VoidOrder { approval_id: record.approval_id.clone().unwrap_or_default(), why };
    durable.step::<VoidApproval>("void_approval", order).await?;
    decided_anew(durable, record).await
}

/// Goes by the fresh decision, to which no approval belongs yet.
async fn decided_anew<D: Durable<Env = Env>>(
    durable: &D,
    mut record: RunRecord,
) -> Result<RunRecord, Interrupted> {
    match record.decision.as_ref().map(|decision| decision.outcome) {
        Some(Outcome::Proceed) => {
            record.approval_id = None;
            record.approval_expires_at = None;
            record.state = RunState::Fulfilling;
            Ok(record)
        }
        Some(Outcome::Escalate) => escalate(durable, record).await,
        Some(Outcome::Block) | None => {
            record.state = RunState::Blocked;
            tell_and_report(durable, record, Occasion::Decided { round: 1 }, DECIDED).await
        }
    }
}
