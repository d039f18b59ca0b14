//! What a running service owes its approvals: reminders, expiry, and acting on what another process decided.
//!
//! Each is one pass, safe to repeat: reminders have a key for each approval and level, the rest follows from the store.

use super::settings;
use crate::installation::{Installation, OnboardingEngine};
use anyhow::Result;
use gangway_coordinator::approving::{expire, reminded, reminders_due};
use gangway_coordinator::messages::{Case, LetterKind, PostKind, mail, slack};
use gangway_coordinator::{Settings, contacts};
use gangway_protocol::redact::Personal;
use gangway_protocol::tools::notify::{PostMessage, PostMessageArgs, SendEmail, SendEmailArgs};
use gangway_protocol::{ApiError, IdempotencyKey, RunId, RunRecord, RunState};
use gangway_store::{Approval, ApprovalState, Docket, Store};
use gangway_toolbelt::{Agent, Scope, Toolbelt};
use jiff::Timestamp;
use serde::Serialize;

/// One reminder that was due.
#[derive(Debug, Clone, Serialize)]
pub struct Reminded {
    /// The approval.
    pub approval_id: String,
    /// How many hours before the expiry it was meant for.
    pub hours_before: u16,
    /// Why Slack or the mail did not go out; tried again next time where that may help.
    pub failed: Vec<String>,
}

/// Reminds people of approvals that run out. Of several levels missed while nobody looked, one reminder is sent.
pub async fn remind_due(installation: &Installation, now: Timestamp) -> Result<Vec<Reminded>> {
    let settings = settings(installation)?;
    let mut sent = Vec::new();
    for approval in installation.store().approvals().pending().await? {
        let due = reminders_due(&approval, &settings.reminder_hours(), now);
        let Some(level) = due.last().copied() else { continue };
        let Some(run) = installation.store().runs().get(&approval.run_id).await? else { continue };
        if run.state != RunState::AwaitingApproval {
            continue;
        }
        let errors = remind(installation, settings, &run, &approval, level).await?;
        if errors.iter().all(|error| !error.retryable) {
            let noted = move |docket: &Docket| Ok::<_, ()>(reminded(docket, &due));
            let _ = installation.store().approvals().decide(&approval.approval_id, None, noted).await?;
        }
        let failed = errors.iter().map(ToString::to_string).collect();
        sent.push(Reminded { approval_id: approval.approval_id, hours_before: level, failed });
    }
    Ok(sent)
}

async fn remind(
    installation: &Installation,
    settings: &Settings,
    run: &RunRecord,
    approval: &Approval,
    level: u16,
) -> Result<Vec<ApiError>> {
    let belt: Toolbelt = installation.belt(Agent::Coordinator).await?;
    let (run_id, correlation_id) = (run.run_id.clone(), run.request.correlation_id.clone());
    let scope = Scope::of_run(run_id, correlation_id, installation.call_deadline());
    let key = |way: &str| {
        let label = format!("{way}_reminder_{}_{level}", approval.round);
        IdempotencyKey::of_step(&run.run_id, &label)
    };
    let case = Case { record: run, settings };
    let post = slack(PostKind::Reminder, &case, None);
    let posted = belt
        .call::<PostMessage>(
            &scope,
            &PostMessageArgs {
                channel: settings.channels.onboarding.clone(),
                text: Personal(post.text),
                blocks: Some(post.blocks),
                idempotency_key: key("slack"),
            },
        )
        .await;
    let letter = mail(LetterKind::Reminder, &case)?;
    let to = run
        .facts
        .as_ref()
        .map_or_else(|| settings.cs_address.clone(), |facts| contacts::customer_success(facts, settings));
    let mailed = belt
        .call::<SendEmail>(
            &scope,
            &SendEmailArgs {
                to,
                subject: Personal(letter.subject),
                text: Personal(letter.text),
                html: Some(Personal(letter.html)),
                idempotency_key: key("email"),
                once_key: None,
            },
        )
        .await;
    Ok([posted.err(), mailed.err()].into_iter().flatten().collect())
}

/// A run that went on because of its approval, or did not.
#[derive(Debug, Clone, Serialize)]
pub struct Driven {
    /// The run.
    pub run_id: RunId,
    /// Where it stands now; none when it could not be driven.
    pub state: Option<RunState>,
    /// Why not.
    pub error: Option<String>,
}

/// Blocks the runs whose approval nobody gave in time, and tells people.
pub async fn expire_due(store: &Store, engine: &OnboardingEngine, now: Timestamp) -> Result<Vec<Driven>> {
    let approvals = store.approvals();
    let mut driven = Vec::new();
    for approval in approvals.pending().await? {
        let ruling = move |docket: &Docket| expire(docket, now);
        // What is not late, or was decided a moment ago, stays as it is.
        if let Ok(expired) = approvals.decide(&approval.approval_id, None, ruling).await? {
            driven.push(drive(engine, expired.run_id).await);
        }
    }
    Ok(driven)
}

/// Acts on decisions that a process without engine has kept (a command line beside this service, say).
pub async fn drive_settled(store: &Store, engine: &OnboardingEngine) -> Result<Vec<Driven>> {
    let mut driven = Vec::new();
    for approval in store.approvals().settled_and_awaited().await? {
        if approval.state != ApprovalState::Void {
            driven.push(drive(engine, approval.run_id).await);
        }
    }
    Ok(driven)
}

async fn drive(engine: &OnboardingEngine, run_id: RunId) -> Driven {
    match engine.durable().drive(&run_id).await {
        Ok(record) => Driven { run_id, state: Some(record.state), error: None },
        Err(error) => {
            Driven { run_id, state: None, error: Some(format!("{:#}", anyhow::Error::from(error))) }
        }
    }
}

#[cfg(test)]
mod tests;
