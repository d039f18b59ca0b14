//! Run records: made, summed up, explained. Pure; times and ids are handed in.

use gangway_protocol::run::{RunRecord, RunRequest, RunState, Versions};
use gangway_protocol::tools::contracts_digest;
use gangway_protocol::tools::onboarding::{Explanation, RunSummary};
use gangway_protocol::{Outcome, RunId, TraceParent};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

/// Version of the workflow's sequence of steps. A journal written by another one is not replayed.
pub const WORKFLOW_VERSION: &str = "onboarding/2";

/// What [`Versions::adviser`](gangway_protocol::run::Versions::adviser) says where no model is asked.
pub const RULES_ONLY: &str = "rules";

/// The versions a run made by this build carries. Digesting every tool contract takes milliseconds: call it once and
/// keep the answer.
#[must_use]
pub fn versions() -> Versions {
    Versions {
        agent: env!("CARGO_PKG_VERSION").to_owned(),
        workflow: WORKFLOW_VERSION.to_owned(),
        rule_set: None,
        tool_contracts: contracts_digest(),
        adviser: RULES_ONLY.to_owned(),
        prompt: None,
    }
}

/// A run as it is accepted: nothing gathered, nothing decided. `uuid` should be a version-7 one (see [`RunId`]).
#[must_use]
pub fn new_run(request: RunRequest, now: Timestamp, uuid: Uuid, versions: &Versions) -> RunRecord {
    let as_of = request.as_of.unwrap_or_else(|| now.to_zoned(TimeZone::UTC).date());
    RunRecord {
        run_id: RunId::from_uuid(uuid),
        request,
        asked_as: None,
        state: RunState::Assessing,
        created_at: now,
        updated_at: now,
        as_of,
        traceparent: Some(TraceParent::beginning(uuid.as_u128())),
        facts: None,
        decision: None,
        advice: None,
        worded_advice: None,
        approval_id: None,
        approval_expires_at: None,
        tenant: None,
        effects: Vec::new(),
        reports: Vec::new(),
        versions: versions.clone(),
        parked_because: None,
    }
}

/// A run in a line.
#[must_use]
pub fn summary_of(record: &RunRecord) -> RunSummary {
    RunSummary {
        run_id: record.run_id.clone(),
        account_id: record.request.account_id.clone(),
        correlation_id: record.request.correlation_id.clone(),
        state: record.state,
        outcome: record.decision.as_ref().map(|decision| decision.outcome),
        risk_level: record.decision.as_ref().map(|decision| decision.risk_level),
        created_at: record.created_at,
        updated_at: record.updated_at,
    }
}

/// Rules and error codes that stand against an account, in order.
#[must_use]
pub fn reasons(record: &RunRecord) -> (Vec<String>, Vec<String>) {
    let Some(decision) = &record.decision else { return (Vec::new(), Vec::new()) };
    let findings = decision.violations.iter().chain(&decision.warnings);
    (
        findings.map(|finding| finding.rule.to_string()).collect(),
        decision.api_errors.iter().map(|error| format!("{} {}", error.system, error.error_code)).collect(),
    )
}

/// Why a run stands where it stands, in plain words.
#[must_use]
pub fn explain(record: &RunRecord) -> Explanation {
    let decision = record.decision.as_ref();
    let advised = record.advice_to_read().map_or("", |advice| advice.summary.as_str());
    let mut sentences = vec![standing(record)];
    if !advised.is_empty() {
        sentences.push(advised.to_owned());
    }
    let findings = decision.map_or_else(Vec::new, |decision| {
        decision.violations.iter().chain(&decision.warnings).cloned().collect()
    });
    let next_steps = record.advice_to_read().map_or_else(Vec::new, |advice| {
        advice.actions.iter().map(|action| format!("{}: {}", action.owner, action.action)).collect()
    });
    Explanation {
        run: Some(summary_of(record)),
        summary: sentences.join(" "),
        findings,
        api_errors: decision.map_or_else(Vec::new, |decision| decision.api_errors.clone()),
        next_steps,
    }
}

fn standing(record: &RunRecord) -> String {
    let account = &record.request.account_id;
    let because = record.parked_because.as_deref();
    let outcome = record.decision.as_ref().map(|decision| decision.outcome);
    match (record.state, outcome) {
        (RunState::Assessing, _) => format!("{account} is being assessed."),
        (RunState::AwaitingApproval, _) => format!("{account} is waiting for a person's approval."),
        (RunState::Fulfilling, _) => format!("{account} may go on; its tenant is being made."),
        (RunState::Completed, Some(Outcome::Escalate)) => {
            format!("{account} was approved by a person and has its tenant.")
        }
        (RunState::Completed, _) => format!("{account} passed every check and has its tenant."),
        (RunState::Blocked, _) => match because {
            Some(why) => format!("{account} is blocked: {why}."),
            None => {
                format!("{account} is blocked until its source data is corrected and a new run is started.")
            }
        },
        (RunState::Parked, _) => {
            format!("{account}'s run is parked: {}.", because.unwrap_or("no reason was recorded"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{explain, new_run, versions};
    use crate::samples;
    use gangway_protocol::RunState;
    use uuid::Uuid;

    #[test]
    fn a_run_is_judged_by_the_day_it_was_accepted_unless_another_is_named() {
        let (mut request, versions) = (samples::request("ACME-001"), versions());
        let now = "2026-03-04T23:59:59Z".parse().unwrap();
        let run = new_run(request.clone(), now, Uuid::nil(), &versions);
        assert_eq!((run.state, run.as_of.to_string().as_str()), (RunState::Assessing, "2026-03-04"));
        request.as_of = Some("2026-01-31".parse().unwrap());
        assert_eq!(new_run(request, now, Uuid::nil(), &versions).as_of.to_string(), "2026-01-31");
    }

    #[test]
    fn an_explanation_says_where_it_stands_why_and_who_is_next() {
        let explanation = explain(&samples::blocked());
        assert!(explanation.summary.starts_with("BETA-002 is blocked"), "{}", explanation.summary);
        assert_eq!(explanation.findings.len(), 2);
        assert_eq!(explanation.next_steps, ["Sales Ops: Close the deal in Salesforce."]);
    }
}
