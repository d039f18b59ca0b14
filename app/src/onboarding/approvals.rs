//! Handlers about approvals: list them, and decide on one as the person at the host.
//!
//! Who that is: over standard input and output, the user who started this process; over HTTP nobody. A model's word never
//! decides: without the person's yes in a form the answer says where a person decides, and nothing else happens.

use super::{Desk, unavailable};
use crate::approvals::{self, Decided, Order};
use crate::pages;
use gangway_coordinator::approving::{Ballot, Choice, Policy, Refused, token};
use gangway_governance::{Call, Confirmation, Question};
use gangway_protocol::ApiError;
use gangway_protocol::actor::forms;
use gangway_protocol::redact::scrub;
use gangway_protocol::tools::approvals::{
    ApprovalDecision, ApprovalDecisionStatus, ApprovalList, ApprovalSummary, ApprovalVerdict,
    DecideApprovalArgs, ListApprovalsArgs,
};
use gangway_store::{ApprovalPage, ApprovalState};
use jiff::Timestamp;
use std::sync::Arc;

const DEFAULT_LIMIT: u32 = 50;

impl Desk {
    fn policy(&self, call: &Call) -> Result<Policy, ApiError> {
        let settings = approvals::settings(&self.installation).map_err(|error| unavailable(call, &error))?;
        Ok(settings.approval_policy())
    }

    async fn approval(&self, approval_id: &str, call: &Call) -> Result<Option<ApprovalSummary>, ApiError> {
        let policy = self.policy(call)?;
        let shown = approvals::show(self.installation.store(), policy, approval_id).await;
        shown.map_err(|error| unavailable(call, &error))
    }
}

/// `onboarding.list_approvals`
pub async fn list(desk: Arc<Desk>, args: ListApprovalsArgs, call: Call) -> Result<ApprovalList, ApiError> {
    let state = match args.state.as_deref() {
        None => ApprovalState::Pending,
        Some(name) => ApprovalState::named(name).ok_or_else(|| {
            let names = ApprovalState::ALL.map(ApprovalState::name).join(", ");
            call.mistake("INVALID_ARGUMENTS", &format!("/state: one of {names}"))
        })?,
    };
    let limit = args.limit.unwrap_or(DEFAULT_LIMIT);
    let place_of = |cursor: &str| {
        let text = "/cursor: take next_cursor of the page before";
        pages::place_of(cursor).ok_or_else(|| call.mistake("INVALID_ARGUMENTS", text))
    };
    let after = args.cursor.as_deref().map(place_of).transpose()?;
    let page = ApprovalPage { state: Some(state), after, limit: limit + 1, ..ApprovalPage::default() };
    let listed = approvals::list(desk.installation.store(), desk.policy(&call)?, page).await;
    let mut listed = listed.map_err(|error| unavailable(&call, &error))?;
    let next_cursor = pages::cut(&mut listed, limit).map(|(place, _)| place.to_string());
    Ok(ApprovalList { approvals: listed.into_iter().map(|(_, approval)| approval).collect(), next_cursor })
}

/// What the person at the host is asked about a decision; nothing where there is no such person or approval.
pub async fn ask(
    desk: Arc<Desk>,
    args: DecideApprovalArgs,
    call: Call,
) -> Result<Option<Question>, ApiError> {
    let Some(person) = desk.person(&call) else { return Ok(None) };
    let Some(shown) = desk.approval(&args.approval_id, &call).await? else { return Ok(None) };
    let found = desk.installation.store().approvals().get(&args.approval_id).await;
    let found = found.map_err(|error| unavailable(&call, &error.into()))?;
    let Some(approval) = found else { return Ok(None) };
    let verb = match args.verdict {
        ApprovalVerdict::Approve => "Approve",
        ApprovalVerdict::Reject => "Reject",
    };
    let amount = shown.amount.map_or_else(|| "unknown amount".to_owned(), |amount| amount.to_string());
    let why: Vec<String> =
        shown.because.iter().map(|finding| format!("{} {}", finding.rule, finding.message)).collect();
    // Words of a model and of source systems: bounded and scrubbed, and the question itself comes first.
    let message = format!(
        "{verb} the onboarding of {} ({}), {amount}? You answer as {}. It was asked for by {}. Findings: {}. Reason given: {}",
        scrub(&shown.customer, 120),
        shown.account_id,
        person.name,
        scrub(&shown.requested_by, 120),
        scrub(&why.join(" "), 800),
        scrub(&args.reason, 300),
    );
    let bound_to = token::seal(&approval, desk.installation.grant_key());
    Ok(Some(Question { message, bound_to }))
}

/// `onboarding.decide_approval`
pub async fn decide(
    desk: Arc<Desk>,
    args: DecideApprovalArgs,
    call: Call,
) -> Result<ApprovalDecision, ApiError> {
    let shown = desk.approval(&args.approval_id, &call).await?;
    let Some(shown) = shown else { return Err(refused(&call, &Refused::Absent(args.approval_id))) };
    match (desk.person(&call), call.confirmation.clone()) {
        (Some(person), Confirmation::Given(value)) => {
            let ballot = Ballot {
                person: person.clone(),
                also_known_as: forms(call.principal.actor().as_str()),
                choice: match args.verdict {
                    ApprovalVerdict::Approve => Choice::Approve,
                    ApprovalVerdict::Reject => Choice::Reject,
                },
                reason: args.reason,
                tier: args.tier,
            };
            let order = Order { approval_id: args.approval_id, ballot, token: Some(value) };
            // Where another process has the engine, it goes on with what is kept here.
            let engine = desk.engine(&call).await.ok();
            let decided =
                approvals::decide(&desk.installation, engine.as_ref(), order, Timestamp::now()).await;
            let decided = decided.map_err(|error| unavailable(&call, &error))?;
            decided.map(counted).map_err(|refusal| refused(&call, &refusal))
        }
        (_, Confirmation::Declined) => {
            let text = "the person at the host did not confirm; nothing is decided";
            Err(call.mistake("DECLINED", text))
        }
        (_, Confirmation::Given(_) | Confirmation::NotAsked) => Ok(pending(shown, args.verdict)),
    }
}

fn counted(decided: Decided) -> ApprovalDecision {
    let how = match (decided.approval.votes_needed, decided.acted) {
        (0, true) => format!("the run is {}", decided.run_state),
        (0, false) => "the running service goes on with the run".to_owned(),
        _ => "a deal of this size needs a second person's yes".to_owned(),
    };
    ApprovalDecision { status: ApprovalDecisionStatus::Decided, approval: decided.approval, how }
}

fn pending(approval: ApprovalSummary, verdict: ApprovalVerdict) -> ApprovalDecision {
    let verb = match verdict {
        ApprovalVerdict::Approve => "approve",
        ApprovalVerdict::Reject => "reject",
    };
    let how = format!(
        "Nothing is decided: this host showed no form to a person. A person decides with: gangway approvals {verb} {} --reason '…'",
        approval.approval_id
    );
    ApprovalDecision { status: ApprovalDecisionStatus::PendingApproval, approval, how }
}

fn refused(call: &Call, refusal: &Refused) -> ApiError {
    call.mistake(refusal.code(), &refusal.to_string())
}
