//! What the audit keeps of an approval: that it was asked for, and each time it moved. Pure.

use super::{Approval, ApprovalState, Docket, Vote};
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::{Actor, Agent, RunRecord};
use jiff::Timestamp;
use serde_json::json;

/// It was asked for.
pub(super) fn asked(approval: &Approval, run: Option<&RunRecord>) -> AuditRecord {
    let arguments = json!({
        "approval_id": approval.approval_id,
        "round": approval.round,
        "domains": approval.domains,
        "requested_by": approval.requested_by,
        "expires_at": approval.expires_at,
    });
    of_run(
        AuditRecord::done("approvals.request", &coordinator(), arguments, approval.requested_at),
        approval,
        run,
    )
}

/// It moved; none when only a reminder was noted.
pub(super) fn moved(docket: &Docket, ruled: &Approval, now: Timestamp) -> Option<AuditRecord> {
    let before = &docket.approval;
    let vote = ruled.votes.get(before.votes.len()..).and_then(<[Vote]>::last);
    let id = &ruled.approval_id;
    let record = match (ruled.state, vote) {
        (_, Some(vote)) => {
            let arguments =
                json!({ "approval_id": id, "verdict": "approve", "tier": vote.tier, "state": ruled.state });
            AuditRecord::done("approvals.decide", &Actor::person(&vote.by), arguments, now)
                .because(&vote.reason)
        }
        (state, None) if state == before.state => return None,
        (ApprovalState::Rejected, None) => {
            let by = ruled.decided_by.as_deref().map_or_else(coordinator, Actor::person);
            let arguments = json!({ "approval_id": id, "verdict": "reject", "state": ruled.state });
            reasoned(AuditRecord::done("approvals.decide", &by, arguments, now), ruled)
        }
        (ApprovalState::Expired, None) => {
            AuditRecord::done("approvals.expire", &coordinator(), json!({ "approval_id": id }), now)
        }
        (ApprovalState::Void, None) => reasoned(
            AuditRecord::done("approvals.void", &coordinator(), json!({ "approval_id": id }), now),
            ruled,
        ),
        (ApprovalState::Pending | ApprovalState::Approved, None) => AuditRecord::done(
            "approvals.change",
            &coordinator(),
            json!({ "approval_id": id, "state": ruled.state }),
            now,
        ),
    };
    Some(of_run(record, ruled, Some(&docket.run)))
}

/// Who moves an approval that no person moves.
fn coordinator() -> Actor {
    Actor::agent(Agent::Coordinator)
}

fn reasoned(record: AuditRecord, ruled: &Approval) -> AuditRecord {
    match &ruled.reason {
        Some(reason) => record.because(reason),
        None => record,
    }
}

fn of_run(record: AuditRecord, approval: &Approval, run: Option<&RunRecord>) -> AuditRecord {
    let record = record.of_run(&approval.run_id, run.map(|run| &run.request.correlation_id));
    match run.and_then(|run| run.decision.as_ref()) {
        Some(decision) => record.by_rules(&decision.rule_set),
        None => record,
    }
}
