//! Runs over HTTP: list, read whole, start, try again, read a report.

use super::Order;
use super::document::Content;
use super::endpoint::{Api, Asked, Nothing, Route};
use super::masked::{masked, masks};
use super::tool_calls::{ToolCall, tool_calls};
use crate::installation::reports_dir;
use crate::people::{Action, permits};
use crate::serve::accept::OnPage;
use crate::serve::{Problem, Service};
use crate::{approvals, outbox};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use gangway_coordinator::summary_of;
use gangway_protocol::run::{RunRequest, Trigger};
use gangway_protocol::tools::approvals::ApprovalSummary;
use gangway_protocol::tools::onboarding::{RunStarted, RunSummary};
use gangway_protocol::trace::{TRACEPARENT, TraceParent};
use gangway_protocol::{AccountId, CorrelationId, OpportunityId, Outcome, RunId, RunRecord, RunState};
use gangway_store::{ApprovalPage, Direction, RunPage};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const PAGE: u32 = 50;
/// Approvals shown of one run; each but the newest is void.
const APPROVALS: u32 = 100;

const START: Route = Route::post(
    "/api/runs",
    "startRun",
    "Starts a run, or gives the one that this correlation id or this account's live run is.",
)
.by(Some(Action::StartRuns))
.giving(StatusCode::ACCEPTED)
.refusing(&[StatusCode::NOT_FOUND, StatusCode::CONFLICT]);

/// Adds the endpoints.
pub fn endpoints(api: Api) -> Api {
    const RETRY: Route = Route::post("/api/runs/{run_id}/retry", "retryRun", "Lets a parked run go on.")
        .by(Some(Action::StartRuns))
        .giving(StatusCode::ACCEPTED)
        .refusing(&[StatusCode::CONFLICT]);
    const REPORT: Route = Route::get(
        "/api/runs/{run_id}/reports/{file}",
        "getReport",
        "Reads one report of a run. Reports name people.",
    )
    .by(Some(Action::SeePeople));
    api.json(Route::get("/api/runs", "listRuns", "Lists runs by acceptance, a page at a time."), list)
        .json(START, start)
        .json(
            Route::get(
                "/api/runs/{run_id}",
                "getRun",
                "Reads one run whole; names and addresses of people are masked for viewers and auditors.",
            ),
            get,
        )
        .json(RETRY, retry)
        .stream(REPORT, Content::text("text/plain"), report)
}

/// Which runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListRuns {
    /// Only this account's.
    account: Option<AccountId>,
    /// Only in this state.
    state: Option<RunState>,
    /// Only decided so.
    outcome: Option<Outcome>,
    /// Only accepted at or after this time.
    since: Option<Timestamp>,
    /// Only accepted before this time.
    until: Option<Timestamp>,
    /// `newest` (the default) or `oldest` first.
    order: Option<Order>,
    /// Where the next page begins, from `next` of the one before.
    #[schemars(length(min = 1, max = 20))]
    cursor: Option<String>,
    /// At most so many; 50 when absent.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A page of runs.
#[derive(Debug, Serialize, JsonSchema)]
struct Runs {
    /// The runs; may be empty.
    runs: Vec<RunSummary>,
    /// Cursor of the next page; null on the last.
    next: Option<String>,
}

async fn list(asked: Asked<Nothing, ListRuns, Nothing>) -> Result<Runs, Problem> {
    let query = asked.query;
    let limit = super::limit_of(query.limit, PAGE)?;
    let page = RunPage {
        account: query.account,
        state: query.state,
        outcome: query.outcome,
        since: query.since,
        until: query.until,
        direction: query.order.map(Direction::from).unwrap_or_default(),
        after: query.cursor.as_deref().map(super::place_of).transpose()?,
        limit: limit + 1,
    };
    let mut found = asked.service.installation.store().runs().page(page).await?;
    let next = super::cut(&mut found, limit).map(|(place, _)| place.to_string());
    Ok(Runs { runs: found.iter().map(|(_, run)| summary_of(run)).collect(), next })
}

/// Names a run.
#[derive(Debug, Deserialize, JsonSchema)]
struct OneRun {
    /// The run.
    run_id: RunId,
}

/// A run, whole.
#[derive(Debug, Serialize, JsonSchema)]
struct RunWhole {
    /// The record: request, facts with the day they are judged by, findings, decision, advice, effects, reports, versions.
    run: RunRecord,
    /// Every tool call made for it, in order, arguments redacted.
    calls: Vec<ToolCall>,
    /// Its approvals, newest first.
    approvals: Vec<ApprovalSummary>,
    /// Whether names and addresses of people are masked for this caller.
    masked: bool,
}

async fn found(service: &Service, run_id: &RunId) -> Result<RunRecord, Problem> {
    let found = service.installation.store().runs().get(run_id).await?;
    found.ok_or_else(|| {
        Problem::not_found(format!("there is no run {run_id}; GET /api/runs lists what there is"))
    })
}

async fn get(asked: Asked<OneRun, Nothing, Nothing>) -> Result<RunWhole, Problem> {
    let store = asked.service.installation.store();
    let run = outbox::with_present_messages(store, found(&asked.service, &asked.path.run_id).await?).await?;
    let calls = tool_calls(&store.audit().of_run(&run.run_id).await?);
    let page = ApprovalPage { run_id: Some(run.run_id.clone()), limit: APPROVALS, ..ApprovalPage::default() };
    let policy =
        approvals::settings(&asked.service.installation).map_err(|error| Problem::internal(&error))?;
    let approvals = approvals::list(store, policy.approval_policy(), page)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let masks = masks(&asked.person);
    let run = if masks { masked(run) } else { run };
    let approvals = approvals.into_iter().map(|(_, approval)| approval).collect();
    Ok(RunWhole { run, calls, approvals, masked: masks })
}

/// The run to start.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StartRun {
    /// The account's business id.
    account_id: AccountId,
    /// The opportunity; the newest Closed Won one when absent.
    opportunity_id: Option<OpportunityId>,
    /// Ties the run to your own records, and makes the request safe to repeat; made when absent.
    correlation_id: Option<CorrelationId>,
    /// Day to judge by, UTC; today when absent.
    as_of: Option<Date>,
}

async fn start(asked: Asked<Nothing, Nothing, StartRun>) -> Result<RunStarted, Problem> {
    let service = &asked.service;
    let body = asked.body;
    let request = RunRequest {
        account_id: body.account_id,
        opportunity_id: body.opportunity_id,
        correlation_id: body.correlation_id.unwrap_or_else(|| CorrelationId::from_uuid(Uuid::now_v7())),
        as_of: body.as_of,
        trigger: Trigger::Api,
        requested_by: asked.person.name.clone(),
    };
    let page = OnPage { what: "api", page: START.id, who: asked.person.actor() };
    let trace =
        asked.headers.get(TRACEPARENT).and_then(|value| TraceParent::parse(value.to_str().ok()?).ok());
    let submitted = service.accept_known(request, trace, page).await?;
    Ok(RunStarted { run: summary_of(&submitted.record), started: submitted.started })
}

async fn retry(asked: Asked<OneRun, Nothing, Nothing>) -> Result<RunStarted, Problem> {
    let run = found(&asked.service, &asked.path.run_id).await?;
    if run.state != RunState::Parked {
        let says = format!("run {} is {}: only a parked run can be tried again", run.run_id, run.state);
        return Err(Problem::new(StatusCode::CONFLICT, says));
    }
    let (engine, run_id) = (asked.service.engine.clone(), run.run_id.clone());
    asked.service.tasks.spawn(async move {
        if let Err(error) = engine.durable().retry(&run_id).await {
            tracing::warn!(%run_id, error = format!("{:#}", anyhow::Error::from(error)), "the run could not be tried again");
        }
    });
    Ok(RunStarted { run: summary_of(&run), started: true })
}

/// Names a report.
#[derive(Debug, Deserialize, JsonSchema)]
struct OneReport {
    /// The run.
    run_id: RunId,
    /// The file, as it stands in the run's `reports`.
    file: String,
}

/// Only what the record lists is read, so no name leads out of the folder. Markup is never shown as a page of ours.
async fn report(asked: Asked<OneReport, Nothing, Nothing>) -> Result<Response, Problem> {
    let OneReport { run_id, file } = asked.path;
    let run = found(&asked.service, &run_id).await?;
    if !permits(&asked.person, Action::SeePeople) || !run.reports.iter().any(|report| report.file == file) {
        return Err(Problem::not_found(format!(
            "run {run_id} has no report {file}; its record lists those it has"
        )));
    }
    let path = reports_dir(asked.service.installation.data_dir()).join(&file);
    let text = tokio::fs::read_to_string(&path)
        .await
        .map_err(|_| Problem::not_found(format!("the report {file} is no longer in the reports folder")))?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
