//! Approvals over HTTP: list, read, decide. Who may decide which is the coordinator's rule.

use super::endpoint::{Api, Asked, Nothing, Route};
use crate::approvals::{self, Order};
use crate::people::Action;
use crate::serve::{Problem, Service};
use axum::http::StatusCode;
use gangway_coordinator::approving::{Ballot, Choice, RefusedKind};
use gangway_protocol::tools::approvals::{ApprovalSummary, ApprovalVerdict};
use gangway_protocol::{RunState, Tier};
use gangway_store::{ApprovalPage, ApprovalState, Direction};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const PAGE: u32 = 50;
/// How long a caller waits for the run to go on; it goes on all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Adds the endpoints.
pub fn endpoints(api: Api) -> Api {
    const DECIDE: Route = Route::post(
        "/api/approvals/{approval_id}/decision",
        "decideApproval",
        "Approves or rejects. Facts are fetched and judged again before an approval is acted on.",
    )
    .by(Some(Action::Decide))
    .refusing(&[StatusCode::CONFLICT]);
    api.json(
        Route::get(
            "/api/approvals",
            "listApprovals",
            "Lists approvals by when they were asked for, a page at a time.",
        ),
        list,
    )
    .json(Route::get("/api/approvals/{approval_id}", "getApproval", "Reads one approval."), get)
    .json(DECIDE, decide)
}

/// Which approvals.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListApprovals {
    /// Only in this state; every state when absent.
    state: Option<State>,
    /// `newest` (the default) or `oldest` first: the oldest pending ones are nearest to their expiry.
    order: Option<super::Order>,
    /// Where the next page begins, from `next` of the one before.
    #[schemars(length(min = 1, max = 20))]
    cursor: Option<String>,
    /// At most so many; 50 when absent.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A page of approvals.
#[derive(Debug, Serialize, JsonSchema)]
struct Approvals {
    /// The approvals; may be empty.
    approvals: Vec<ApprovalSummary>,
    /// Cursor of the next page; null on the last.
    next: Option<String>,
}

/// Where an approval stands.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum State {
    /// Waits for a person.
    Pending,
    /// Given.
    Approved,
    /// Refused.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// What was approved is no longer what would be done.
    Void,
}

impl From<State> for ApprovalState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Approved => Self::Approved,
            State::Rejected => Self::Rejected,
            State::Expired => Self::Expired,
            State::Void => Self::Void,
        }
    }
}

/// Names an approval.
#[derive(Debug, Deserialize, JsonSchema)]
struct OneApproval {
    /// The approval.
    #[schemars(length(min = 1, max = 120))]
    approval_id: String,
}

async fn list(asked: Asked<Nothing, ListApprovals, Nothing>) -> Result<Approvals, Problem> {
    let (installation, query) = (&asked.service.installation, asked.query);
    let limit = super::limit_of(query.limit, PAGE)?;
    let page = ApprovalPage {
        state: query.state.map(ApprovalState::from),
        direction: query.order.map(Direction::from).unwrap_or_default(),
        after: query.cursor.as_deref().map(super::place_of).transpose()?,
        limit: limit + 1,
        ..ApprovalPage::default()
    };
    let policy =
        approvals::settings(installation).map_err(|error| Problem::internal(&error))?.approval_policy();
    let listed = approvals::list(installation.store(), policy, page).await;
    let mut found = listed.map_err(|error| Problem::internal(&error))?;
    let next = super::cut(&mut found, limit).map(|(place, _)| place.to_string());
    Ok(Approvals { approvals: found.into_iter().map(|(_, approval)| approval).collect(), next })
}

async fn get(asked: Asked<OneApproval, Nothing, Nothing>) -> Result<ApprovalSummary, Problem> {
    found(&asked.service, &asked.path.approval_id).await
}

async fn found(service: &Service, id: &str) -> Result<ApprovalSummary, Problem> {
    let installation = &service.installation;
    let policy =
        approvals::settings(installation).map_err(|error| Problem::internal(&error))?.approval_policy();
    let shown =
        approvals::show(installation.store(), policy, id).await.map_err(|error| Problem::internal(&error))?;
    shown.ok_or_else(|| {
        Problem::not_found(format!("there is no approval {id}; GET /api/approvals lists what there is"))
    })
}

/// A decision.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    /// approve or reject.
    verdict: ApprovalVerdict,
    /// Why, in a sentence.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
    /// Where the contract names no known tier.
    tier: Option<Tier>,
}

/// What became of it.
#[derive(Debug, Serialize, JsonSchema)]
struct Decided {
    /// The approval as it stands now: settled, or waiting for a second person.
    approval: ApprovalSummary,
    /// Where the run stands now.
    run_state: RunState,
}

/// A settled approval's run goes on in the line, so that it does not end with a caller who leaves. Acting on it may have
/// voided the approval.
async fn acted_on(service: &Service, decided: Decided) -> Result<Decided, Problem> {
    if decided.approval.votes_needed > 0 {
        return Ok(decided);
    }
    let rest = service.queue.go_on(decided.approval.run_id.clone(), LONGEST_WAIT);
    let Some(Some(run)) = service.stop.run_until_cancelled(rest).await else { return Ok(decided) };
    let approval = found(service, &decided.approval.approval_id).await?;
    Ok(Decided { approval, run_state: run.state })
}

async fn decide(asked: Asked<OneApproval, Nothing, Decision>) -> Result<Decided, Problem> {
    let Decision { verdict, reason, tier } = asked.body;
    let choice = match verdict {
        ApprovalVerdict::Approve => Choice::Approve,
        ApprovalVerdict::Reject => Choice::Reject,
    };
    let ballot = Ballot { person: asked.person, also_known_as: Vec::new(), choice, reason, tier };
    let order = Order { approval_id: asked.path.approval_id, ballot, token: None };
    let service = &asked.service;
    let decided = approvals::decide(&service.installation, None, order, Timestamp::now())
        .await
        .map_err(|error| Problem::internal(&error))?;
    let decided = decided.map_err(|refused| {
        let status = match refused.kind() {
            RefusedKind::Forbidden => StatusCode::FORBIDDEN,
            RefusedKind::Conflict => StatusCode::CONFLICT,
            RefusedKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RefusedKind::Absent => StatusCode::NOT_FOUND,
        };
        Problem::new(status, refused.to_string())
    })?;
    acted_on(service, Decided { approval: decided.approval, run_state: decided.run_state }).await
}
