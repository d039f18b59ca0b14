//! What is asked for: the approval of a decided run, and whether a fresh decision is still what was approved.

use crate::effects;
use crate::messages::Case;
use crate::settings::Settings;
use gangway_protocol::canonical::digest;
use gangway_protocol::{Decision, Facts, RunId, RunRecord, Tier};
use gangway_store::{Approval, ApprovalState};
use jiff::Timestamp;

/// Derived from run and round, so that a repeat asks for the same one.
pub(crate) fn approval_id(run_id: &RunId, round: u32) -> String {
    let bare = run_id.as_str();
    let bare = bare.strip_prefix("run-").unwrap_or(bare);
    match round {
        1 => format!("apr-{bare}"),
        later => format!("apr-{bare}-{later}"),
    }
}

/// Digest of what fulfilling would do: tenant and tier, messages, mails and their recipients.
pub(crate) fn effects_digest(facts: &Facts, settings: &Settings) -> Result<String, serde_json::Error> {
    digest(&effects::of_fulfilment(facts, settings))
}

/// The approval to ask for in this round.
pub(crate) fn request(
    case: &Case<'_>,
    (facts, decision): (&Facts, &Decision),
    round: u32,
    now: Timestamp,
) -> Result<Approval, serde_json::Error> {
    let record: &RunRecord = case.record;
    Ok(Approval {
        approval_id: approval_id(&record.run_id, round),
        run_id: record.run_id.clone(),
        account_id: record.request.account_id.clone(),
        round,
        facts_digest: decision.facts_digest.clone(),
        rule_set_digest: decision.rule_set.digest.clone(),
        effects_digest: effects_digest(facts, case.settings)?,
        requested_by: record.request.requested_by.clone(),
        amount: facts.opportunity.as_ref().and_then(|opportunity| opportunity.amount),
        domains: decision.warnings.iter().map(|finding| finding.domain).collect(),
        state: ApprovalState::Pending,
        requested_at: now,
        expires_at: case.settings.approval_until(now),
        votes: Vec::new(),
        reminded: Vec::new(),
        decided_by: None,
        decided_at: None,
        reason: None,
        tier: facts.contract.as_ref().and_then(|contract| Tier::named(contract.tier.as_deref()?)),
    })
}

/// What of a fresh decision is not what was approved; none when it still stands. Facts may change where no rule and no
/// effect looks.
pub(crate) fn difference(
    approval: &Approval,
    before: &Decision,
    fresh: &Decision,
    fresh_effects: &str,
) -> Option<String> {
    let mut differs = Vec::new();
    if before.outcome != fresh.outcome {
        differs.push(format!("the decision is {} now", fresh.outcome));
    }
    if before.violations != fresh.violations
        || before.warnings != fresh.warnings
        || before.api_errors != fresh.api_errors
    {
        differs.push("the findings changed".to_owned());
    }
    if approval.effects_digest != fresh_effects {
        differs.push("what would be done changed".to_owned());
    }
    if approval.rule_set_digest != fresh.rule_set.digest {
        differs.push("the rules changed".to_owned());
    }
    (!differs.is_empty()).then(|| format!("since it was asked for, {}", differs.join(" and ")))
}
