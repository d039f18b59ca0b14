//! Who may decide on an approval, and what becomes of it. Pure: the approval, its run, the person and the time are
//! handed in; a refusal is a value with words for whoever was refused.
//!
//! The one place that knows: command line, HTTP, MCP and Slack all ask [`rule`], inside the commit that keeps its answer.
//! It does not know how a person proved who they are.

mod refused;
mod request;
pub mod token;

pub use refused::{Refused, RefusedKind};
pub(crate) use request::{approval_id, difference, effects_digest, request};

use gangway_protocol::person::{folded, same_person};
use gangway_protocol::redact::scrub;
use gangway_protocol::{Money, Outcome, Person, Role, RunState, Tier};
use gangway_store::{Approval, ApprovalState, Docket, Vote};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Longest reason that is kept, in characters.
pub const REASON_CHARS: usize = 500;

/// How a person decides on an approval, in a sentence.
#[must_use]
pub fn how_to_decide(approval_id: &str) -> String {
    format!(
        "Whoever did not ask for the run decides: gangway approvals approve {approval_id} --reason '…' (or reject); gangway approvals show {approval_id} says what is asked."
    )
}

/// What a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Yes.
    Approve,
    /// No; final, whoever else said yes.
    Reject,
}

/// One person's decision on one approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// Who decides, proved by the caller.
    pub person: Person,
    /// Further names the same person's requests may stand under, such as that of their MCP connection.
    pub also_known_as: Vec<String>,
    /// Yes or no.
    pub choice: Choice,
    /// Why; not blank.
    pub reason: String,
    /// The tier, where the contract names none that is known.
    pub tier: Option<Tier>,
}

/// What an operator asks of approvals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Deals above it need two people; null when one is always enough.
    pub four_eyes_above: Option<Money>,
}

impl Policy {
    /// Whether two different people must say yes. An amount that is unknown or in another currency cannot be seen to
    /// be small, so it counts as large.
    #[must_use]
    pub fn needs_two(&self, amount: Option<Money>) -> bool {
        match (self.four_eyes_above, amount) {
            (None, _) => false,
            (Some(limit), Some(amount)) if limit.currency == amount.currency => amount.minor > limit.minor,
            (Some(_), _) => true,
        }
    }
}

/// The approval as it stands after this ballot: settled, or with the first of two votes in it.
///
/// # Errors
/// [`Refused`]: the ballot counts for nothing, and why.
pub fn rule(docket: &Docket, ballot: &Ballot, policy: Policy, now: Timestamp) -> Result<Approval, Refused> {
    let approval = &docket.approval;
    may_decide(approval, ballot)?;
    can_be_decided(docket, now)?;
    if docket.token_is_spent {
        return Err(Refused::TokenUsed);
    }
    let reason = scrub(ballot.reason.trim(), REASON_CHARS);
    if reason.is_empty() {
        return Err(Refused::NoReason);
    }
    let by = ballot.person.name.clone();
    match ballot.choice {
        Choice::Reject => Ok(Approval {
            state: ApprovalState::Rejected,
            decided_by: Some(by),
            decided_at: Some(now),
            reason: Some(reason),
            ..approval.clone()
        }),
        Choice::Approve => {
            let tier = named_tier(approval, ballot.tier)?;
            let vote = Vote { by, at: now, reason, tier: ballot.tier };
            approve(approval, vote, tier, policy)
        }
    }
}

/// Role, domains, and that nobody decides on a run of their own.
fn may_decide(approval: &Approval, ballot: &Ballot) -> Result<(), Refused> {
    let person = &ballot.person;
    if !person.may_act_as(Role::Approver) {
        return Err(Refused::NotAnApprover { name: person.name.clone() });
    }
    if !person.roles.contains(&Role::Admin) && !person.domains.is_empty() {
        let missing: Vec<_> = approval.domains.difference(&person.domains).copied().collect();
        if !missing.is_empty() {
            return Err(Refused::OtherDomains { name: person.name.clone(), missing });
        }
    }
    let mut names = std::iter::once(&person.name).chain(&ballot.also_known_as);
    if names.any(|name| is_requester(name, &approval.requested_by)) {
        return Err(Refused::OwnRun { name: person.name.clone(), run_id: approval.run_id.clone() });
    }
    Ok(())
}

/// A request may carry words after the name: `stdio: the contract was signed`. Names may hold colons themselves.
fn is_requester(name: &str, requested_by: &str) -> bool {
    let (name, asked) = (folded(name), folded(requested_by));
    let rest = asked.strip_prefix(&name).filter(|_| !name.is_empty());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
}

/// Still open, in time, and of a run that waits for exactly this.
fn can_be_decided(docket: &Docket, now: Timestamp) -> Result<(), Refused> {
    let Docket { approval, run, .. } = docket;
    match approval.state {
        ApprovalState::Pending => {}
        ApprovalState::Void => {
            return Err(Refused::Void {
                approval_id: approval.approval_id.clone(),
                why: approval.reason.clone().unwrap_or_default(),
            });
        }
        ApprovalState::Expired => return Err(Refused::Expired { at: approval.expires_at }),
        ApprovalState::Approved | ApprovalState::Rejected => {
            return Err(Refused::Settled {
                state: approval.state,
                by: approval.decided_by.clone().unwrap_or_default(),
                at: approval.decided_at.unwrap_or(approval.requested_at),
            });
        }
    }
    if now >= approval.expires_at {
        return Err(Refused::Expired { at: approval.expires_at });
    }
    let outcome = run.decision.as_ref().map(|decision| decision.outcome);
    if outcome != Some(Outcome::Escalate) {
        return Err(Refused::NotEscalated { run_id: run.run_id.clone(), outcome });
    }
    // While the run is still assessing, its approval is there but the messages about it may not be.
    let waits = matches!(run.state, RunState::AwaitingApproval);
    if !waits || run.approval_id.as_ref() != Some(&approval.approval_id) {
        return Err(Refused::NotAwaited { run_id: run.run_id.clone(), state: run.state });
    }
    Ok(())
}

/// The tier the tenant will have. An approver names one where the contract does not, and changes none.
fn named_tier(approval: &Approval, named: Option<Tier>) -> Result<Tier, Refused> {
    match (approval.tier, named) {
        (Some(known), None) => Ok(known),
        (Some(known), Some(named)) if known == named => Ok(known),
        (Some(known), Some(named)) => Err(Refused::OtherTier { known, named }),
        (None, Some(named)) => Ok(named),
        (None, None) => Err(Refused::NoTier),
    }
}

fn approve(approval: &Approval, vote: Vote, tier: Tier, policy: Policy) -> Result<Approval, Refused> {
    if let Some(first) = approval.votes.iter().find(|first| same_person(&first.by, &vote.by)) {
        return Err(Refused::SamePersonTwice { name: vote.by, at: first.at });
    }
    let mut votes = approval.votes.clone();
    votes.push(vote);
    let is_enough = votes.len() >= 2 || !policy.needs_two(approval.amount);
    let (state, decided) = match (is_enough, votes.last()) {
        (true, Some(last)) => (ApprovalState::Approved, Some(last.clone())),
        _ => (ApprovalState::Pending, None),
    };
    let names = votes.iter().map(|vote| vote.by.as_str()).collect::<Vec<_>>().join(" and ");
    Ok(Approval {
        state,
        decided_by: decided.is_some().then_some(names),
        decided_at: decided.as_ref().map(|vote| vote.at),
        reason: decided.map(|vote| vote.reason),
        tier: Some(tier),
        votes,
        ..approval.clone()
    })
}

/// The approval once its time has run out.
///
/// # Errors
/// The approval as it stands: it is settled, or there is time left.
pub fn expire(docket: &Docket, now: Timestamp) -> Result<Approval, Box<Approval>> {
    let approval = docket.approval.clone();
    if approval.state != ApprovalState::Pending || now < approval.expires_at {
        return Err(Box::new(approval));
    }
    let decided_at = Some(approval.expires_at);
    Ok(Approval { state: ApprovalState::Expired, decided_at, ..approval })
}

/// The reminders (hours before expiry) that are due and were not sent, the earliest first. One that would have been due
/// before the approval was asked for is none.
#[must_use]
pub fn reminders_due(approval: &Approval, hours: &[u16], now: Timestamp) -> Vec<u16> {
    if approval.state != ApprovalState::Pending || now >= approval.expires_at {
        return Vec::new();
    }
    let is_due = |hours: &u16| {
        let before = SignedDuration::from_hours(i64::from(*hours));
        let at = approval.expires_at.checked_sub(before).unwrap_or(Timestamp::MIN);
        at > approval.requested_at && now >= at && !approval.reminded.contains(hours)
    };
    hours.iter().copied().filter(is_due).collect()
}

/// The approval with these reminders noted.
#[must_use]
pub fn reminded(docket: &Docket, hours: &[u16]) -> Approval {
    let mut approval = docket.approval.clone();
    approval.reminded.extend(hours);
    approval
}

/// The approval once what was approved is no longer what would be done.
///
/// # Errors
/// The approval as it stands: it was not given, or is void already.
pub(crate) fn void(docket: &Docket, why: &str) -> Result<Approval, Box<Approval>> {
    let approval = docket.approval.clone();
    if approval.state != ApprovalState::Approved {
        return Err(Box::new(approval));
    }
    Ok(Approval { state: ApprovalState::Void, reason: Some(scrub(why, REASON_CHARS)), ..approval })
}

#[cfg(test)]
mod tests;
