//! Deals won in Salesforce, for orgs that send no webhook: each becomes one run.
//!
//! The cursor stands at the last change seen and moves after that page's runs are accepted; every look reaches back
//! before it, because a row may become visible later than its time says. That a deal comes again is thus normal: its
//! correlation id is made from the opportunity, and a deal that any earlier run was about is left to that run. A deal
//! whose account is busy with another one waits, and the cursor with it.

use super::Crew;
use crate::installation::OnboardingEngine;
use crate::schedule::settings::{WonDeals, days};
use anyhow::{Context as _, Result};
use gangway_coordinator::new_run;
use gangway_durable::EngineError;
use gangway_protocol::run::{RunRequest, Trigger};
use gangway_protocol::tools::salesforce::{ClosedWon, ClosedWonArgs, ListClosedWon};
use gangway_protocol::{AccountId, CorrelationId, OpportunityId, RunId, RunRecord};
use gangway_store::{RunFilter, Runs, StoreError};
use gangway_toolbelt::{Agent, Scope};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// Name of the cursor in the store.
const CURSOR: &str = "won_deals";
/// Pages of 200 deals in one look.
const PAGES: usize = 500;
/// A Salesforce id without its checksum, which not every source gives.
const BARE_ID: usize = 15;

/// What one look found.
#[derive(Debug, Default, Serialize)]
struct Looked {
    /// Deals in all pages.
    seen: u32,
    /// Runs begun.
    started: u32,
    /// Deals that an earlier run is about.
    known: u32,
    /// Deals whose account has a live run about something else; a later look begins theirs.
    waiting: u32,
    /// Deals closed too long ago.
    too_old: u32,
    /// Deals with ids that cannot be used, or that belong to another account's request.
    unusable: u32,
    /// Runs begun that could not be driven now; the next start goes on with them.
    left: u32,
    /// The change of the first deal that waits: the next look must see it again.
    #[serde(skip)]
    wait_from: Option<Timestamp>,
}

pub(super) async fn work(crew: Crew, now: Timestamp) -> Result<Value> {
    Ok(serde_json::to_value(look(&crew, now).await?)?)
}

async fn look(crew: &Crew, now: Timestamp) -> Result<Looked> {
    let installation = &crew.installation;
    let settings = &installation.config().won_deals;
    let belt = installation.belt(Agent::Coordinator).await?;
    let scope = Scope::of_no_run(installation.call_deadline());
    let cursors = installation.store().cursors();
    let since = begin(settings, cursors.get(CURSOR).await?, now)?;
    let mut args = ClosedWonArgs { since, after_opportunity_id: None, limit: None };
    let mut looked = Looked::default();
    for _ in 0..PAGES {
        let page = belt.call::<ListClosedWon>(&scope, &args).await?;
        let started = accept(crew, settings, &page.opportunities, now, &mut looked).await?;
        let last = page.opportunities.last();
        if let Some(last) = last {
            cursors.advance(CURSOR, looked.wait_from.unwrap_or(last.changed_at)).await?;
        }
        looked.left += crew.drive(started).await;
        let Some(last) = last.filter(|_| page.more) else { break };
        args.since = last.changed_at;
        args.after_opportunity_id = Some(OpportunityId::parse(last.opportunity_id.clone())?);
    }
    Ok(looked)
}

/// Where a look begins.
fn begin(settings: &WonDeals, cursor: Option<Timestamp>, now: Timestamp) -> Result<Timestamp> {
    Ok(match cursor {
        Some(seen) => {
            let overlap = SignedDuration::from_mins(i64::from(settings.overlap_minutes));
            seen.checked_sub(overlap)?
        }
        None => now.checked_sub(days(settings.first_look_days))?,
    })
}

/// Accepts a run for each deal that needs one; gives those that began.
async fn accept(
    crew: &Crew,
    settings: &WonDeals,
    deals: &[ClosedWon],
    now: Timestamp,
    looked: &mut Looked,
) -> Result<Vec<RunId>> {
    let engine = crew.engine.as_ref().context("won deals need the data folder's engine")?;
    let oldest = now.checked_sub(days(settings.oldest_close_days))?.to_zoned(TimeZone::UTC).date();
    let mut started = Vec::new();
    for deal in deals {
        looked.seen += 1;
        let Ok(request) = request(deal) else {
            looked.unusable += 1;
            continue;
        };
        if deal.close_date.is_some_and(|closed| closed < oldest) {
            looked.too_old += 1;
        } else if has_run(crew.installation.store().runs(), &request).await? {
            looked.known += 1;
        } else {
            match begin_run(engine, request, now).await? {
                Begun::Started(run_id) => started.push(run_id),
                Begun::Known => looked.known += 1,
                Begun::Unusable => looked.unusable += 1,
                Begun::Waits => {
                    looked.waiting += 1;
                    // Deals come in the order of their changes, so the first that waits is the one to hold at.
                    looked.wait_from.get_or_insert(deal.changed_at);
                }
            }
        }
    }
    looked.started += u32::try_from(started.len()).unwrap_or(u32::MAX);
    Ok(started)
}

/// What became of a deal.
enum Begun {
    Started(RunId),
    Known,
    Waits,
    Unusable,
}

/// A request that met another deal's live run stays with that run for good, so once that one has ended the deal's
/// request is made again under an id that says after which.
async fn begin_run(engine: &OnboardingEngine, mut request: RunRequest, now: Timestamp) -> Result<Begun> {
    let deal = request.correlation_id.clone();
    loop {
        let record = new_run(request.clone(), now, Uuid::now_v7(), engine.versions());
        let met = match engine.durable().submit(record).await {
            Ok(submitted) if submitted.started => return Ok(Begun::Started(submitted.record.run_id)),
            Ok(submitted) => submitted.record,
            Err(EngineError::Store(StoreError::CorrelationTaken { .. })) => return Ok(Begun::Unusable),
            Err(error) => return Err(error.into()),
        };
        if request.opportunity_id.as_ref().is_none_or(|wanted| is_about(&met, wanted)) {
            return Ok(Begun::Known);
        }
        if met.state.is_live() {
            return Ok(Begun::Waits);
        }
        let Ok(later) = CorrelationId::parse(format!("{deal}-after-{}", met.run_id)) else {
            return Ok(Begun::Unusable);
        };
        request.correlation_id = later;
    }
}

fn request(deal: &ClosedWon) -> Result<RunRequest> {
    let opportunity_id = OpportunityId::parse(deal.opportunity_id.clone())?;
    Ok(RunRequest {
        account_id: AccountId::parse(deal.account_id.clone())?,
        correlation_id: CorrelationId::parse(format!("opportunity-{opportunity_id}"))?,
        opportunity_id: Some(opportunity_id),
        as_of: None,
        trigger: Trigger::Schedule,
        requested_by: "won deals".to_owned(),
    })
}

/// Whether some run of the account was about this opportunity, whoever asked for it.
async fn has_run(runs: Runs<'_>, request: &RunRequest) -> Result<bool> {
    let Some(wanted) = &request.opportunity_id else { return Ok(false) };
    let filter = RunFilter { account: Some(request.account_id.clone()), ..RunFilter::default() };
    Ok(runs.list(filter).await?.iter().any(|run| is_about(run, wanted)))
}

fn is_about(run: &RunRecord, wanted: &OpportunityId) -> bool {
    let asked = run.request.opportunity_id.as_ref().map(OpportunityId::as_str);
    let found = run.facts.as_ref().and_then(|facts| facts.opportunity.as_ref()?.id.as_deref());
    asked.into_iter().chain(found).any(|id| bare(id) == bare(wanted.as_str()))
}

fn bare(id: &str) -> &str {
    id.get(..BARE_ID).unwrap_or(id)
}

#[cfg(test)]
mod tests;
