//! `gangway approvals`: list, show, approve, reject. Works beside a running service, which then acts on the decision.

use crate::approvals::{Decided, Order, decide, list, show};
use crate::cli::{ApprovalsCommand, DecisionArgs, Globals};
use crate::config::Sources;
use crate::installation::{Installation, OnboardingEngine};
use crate::output;
use crate::people::Action;
use anyhow::{Context as _, Result};
use comfy_table::Cell;
use gangway_coordinator::approving::{Ballot, Choice};
use gangway_durable::EngineError;
use gangway_protocol::RunState;
use gangway_protocol::tools::approvals::ApprovalSummary;
use gangway_store::{ApprovalPage, ApprovalState, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::process::ExitCode;

/// Runs one of its commands.
pub async fn run(command: ApprovalsCommand, globals: &Globals) -> Result<ExitCode> {
    let sources = Sources::read(globals)?;
    let (store, _) = super::acting(&sources, Action::Read).await?;
    match command {
        ApprovalsCommand::List { state, all, limit, output } => {
            let state = if all { None } else { Some(state.unwrap_or(ApprovalState::Pending)) };
            // One more than is shown tells whether there are more.
            let page = ApprovalPage { state, limit: limit + 1, ..ApprovalPage::default() };
            let found = list(&store, sources.onboarding()?.approval_policy(), page).await?;
            let mut approvals: Vec<ApprovalSummary> =
                found.into_iter().map(|(_, approval)| approval).collect();
            let shown = usize::try_from(limit)?;
            let more = approvals.len() > shown;
            approvals.truncate(shown);
            if output.json {
                output::json(&json!({ "approvals": approvals, "more": more }))?;
            } else if approvals.is_empty() {
                output::line("No such approvals; gangway approvals list --all shows settled ones, too.")?;
            } else {
                output::line(&table(&approvals, Timestamp::now()).to_string())?;
                if more {
                    output::remark(&format!("these are the newest {shown}; --limit shows more"))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        ApprovalsCommand::Show { approval, output } => {
            let policy = sources.onboarding()?.approval_policy();
            let found = show(&store, policy, &approval).await?.with_context(|| {
                format!("there is no approval {approval}; gangway approvals list --all shows what there is")
            })?;
            if output.json {
                output::json(&found)?
            } else {
                show_one(&found)?
            }
            Ok(ExitCode::SUCCESS)
        }
        ApprovalsCommand::Approve(args) => as_decided(sources, store, args, Choice::Approve).await,
        ApprovalsCommand::Reject(args) => as_decided(sources, store, args, Choice::Reject).await,
    }
}

async fn as_decided(sources: Sources, store: Store, args: DecisionArgs, choice: Choice) -> Result<ExitCode> {
    store.close().await;
    Installation::session(sources, async |installation| decided(&installation, args, choice).await).await
}

async fn decided(installation: &Installation, args: DecisionArgs, choice: Choice) -> Result<ExitCode> {
    let ballot = Ballot {
        person: installation.acting_person().await?,
        also_known_as: Vec::new(),
        choice,
        reason: args.reason,
        tier: args.tier,
    };
    let order = Order { approval_id: args.approval, ballot, token: None };
    let engine = free_engine(installation).await?;
    let approval_id = order.approval_id.clone();
    let refused_for = || format!("approval {approval_id} is not decided");
    let decided = decide(installation, engine.as_ref(), order, Timestamp::now())
        .await?
        .map_err(anyhow::Error::from)
        .with_context(refused_for)?;
    if args.output.json {
        output::json(&decided)?;
    } else {
        output::line(&in_words(&decided))?;
    }
    let is_parked = decided.run_state == RunState::Parked;
    Ok(if is_parked { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The folder's engine; none when another process has it.
async fn free_engine(installation: &Installation) -> Result<Option<OnboardingEngine>> {
    match installation.engine().await {
        Ok(engine) => Ok(Some(engine)),
        Err(error) if matches!(error.downcast_ref(), Some(EngineError::Taken { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

fn in_words(decided: &Decided) -> String {
    let approval = &decided.approval;
    let (id, run) = (&approval.approval_id, &approval.run_id);
    if approval.votes_needed > 0 {
        return format!("Your yes to {id} is kept. A deal of this size needs a second person.");
    }
    if !decided.acted {
        return format!("{id} is {}. The running service goes on with run {run}.", approval.state);
    }
    let why = approval.reason.as_deref().unwrap_or_default();
    match approval.state.as_str() {
        "void" => format!("{id} is void: {why}. Run {run} is {}.", decided.run_state),
        state => format!("{id} is {state}. Run {run} is {}.", decided.run_state),
    }
}

fn table(approvals: &[ApprovalSummary], now: Timestamp) -> comfy_table::Table {
    let mut table =
        output::table(&["approval", "customer", "why", "amount", "asked for by", "state", "expires in"]);
    for approval in approvals {
        let rules: Vec<String> = approval.because.iter().map(|finding| finding.rule.to_string()).collect();
        let is_open = approval.votes_needed > 0;
        table.add_row(vec![
            Cell::new(&approval.approval_id),
            Cell::new(format!("{} ({})", approval.customer, approval.account_id)),
            Cell::new(rules.join(", ")),
            Cell::new(approval.amount.map_or_else(|| "–".to_owned(), |amount| amount.to_string())),
            Cell::new(&approval.requested_by),
            Cell::new(standing(approval)),
            Cell::new(if is_open { time_left(approval.expires_at, now) } else { "–".to_owned() }),
        ]);
    }
    table
}

fn standing(approval: &ApprovalSummary) -> String {
    match (&approval.decided_by, approval.votes.first()) {
        (Some(who), _) => format!("{} by {who}", approval.state),
        (None, Some(first)) => format!("{}, {} said yes", approval.state, first.by),
        (None, None) => approval.state.clone(),
    }
}

/// `6 d 23 h`, `45 min`; rough on purpose.
fn time_left(until: Timestamp, now: Timestamp) -> String {
    let left = until.duration_since(now).max(SignedDuration::ZERO);
    let (days, hours, minutes) = (left.as_hours() / 24, left.as_hours() % 24, left.as_mins() % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h"),
        _ => format!("{days} d {hours} h"),
    }
}

fn show_one(approval: &ApprovalSummary) -> Result<()> {
    output::line(&table(std::slice::from_ref(approval), Timestamp::now()).to_string())?;
    output::line(&format!("run {}   requested {:.0}", approval.run_id, approval.requested_at))?;
    for finding in &approval.because {
        output::line(&format!(
            "  {} {} → {}: {}",
            finding.rule, finding.message, finding.owner, finding.resolution
        ))?;
    }
    for vote in &approval.votes {
        output::line(&format!("  yes by {} at {:.0}: {}", vote.by, vote.at, vote.reason))?;
    }
    // Who said yes last has given the reason already.
    let is_told = |reason: &String| approval.votes.iter().any(|vote| vote.reason == *reason);
    match approval.reason.as_ref().filter(|reason| !is_told(reason)) {
        Some(reason) => output::line(&format!("  {}: {reason}", approval.state)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::time_left;

    #[test]
    fn time_left_is_told_roughly() {
        let now = "2026-03-04T10:00:00Z".parse().unwrap();
        let left = |until: &str| time_left(until.parse().unwrap(), now);
        assert_eq!(left("2026-03-11T09:00:00Z"), "6 d 23 h");
        assert_eq!(left("2026-03-04T15:30:00Z"), "5 h");
        assert_eq!(left("2026-03-04T10:45:00Z"), "45 min");
        assert_eq!(left("2026-03-01T10:00:00Z"), "0 min");
    }
}
