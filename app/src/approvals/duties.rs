//! What a running service owes its approvals: reminders, expiry, and which runs can go on.
//!
//! Each is one pass, safe to repeat: reminders have a key for each approval and level, the rest follows from the store.

use super::settings;
use crate::installation::Installation;
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

/// One reminder that was due: sent, or queued to be, unless something failed.
#[derive(Debug, Clone, Serialize)]
pub struct Reminded {
    /// The approval.
    pub approval_id: String,
    /// How many hours before the expiry it was meant for.
    pub hours_before: u16,
    /// Codes of why Slack or the mail did not go out. Tried again: at once where that may help, else after a while.
    pub failed: Vec<String>,
}

/// Reminds people of approvals that run out. Of several levels missed while nobody looked, one reminder is sent. It is noted
/// as sent when all of it is; the keys keep what was sent from being sent again.
pub async fn remind_due(installation: &Installation, now: Timestamp) -> Result<Vec<Reminded>> {
    let settings = settings(installation)?;
    let mut sent = Vec::new();
    for approval in installation.store().approvals().pending().await? {
        let due = reminders_due(&approval, &settings.reminder_hours(), now);
        let Some(level) = due.last().copied() else { continue };
        if installation.postponed_reminders().rests(&approval.approval_id, level, now) {
            continue;
        }
        let Some(run) = installation.store().runs().get(&approval.run_id).await? else { continue };
        if run.state != RunState::AwaitingApproval {
            continue;
        }
        let errors = remind(installation, settings, &run, &approval, level).await?;
        if errors.is_empty() {
            let noted = move |docket: &Docket| Ok::<_, ()>(reminded(docket, &due));
            let _ = installation.store().approvals().decide(&approval.approval_id, None, noted, now).await?;
        } else if errors.iter().all(|error| !error.retryable) {
            installation.postponed_reminders().note(&approval.approval_id, level, now);
        }
        let failed = errors.into_iter().map(|error| error.error_code).collect();
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

/// Settles the approvals that nobody gave in time; gives their runs, which are to be blocked and told of.
pub async fn expire_due(store: &Store, now: Timestamp) -> Result<Vec<RunId>> {
    let approvals = store.approvals();
    let mut runs = Vec::new();
    for approval in approvals.pending().await? {
        let ruling = move |docket: &Docket| expire(docket, now);
        // What is not late, or was decided a moment ago, stays as it is.
        if let Ok(expired) = approvals.decide(&approval.approval_id, None, ruling, now).await? {
            runs.push(expired.run_id);
        }
    }
    Ok(runs)
}

/// The runs whose approval is settled and not acted on: a process without engine has kept the decision (a command line
/// beside this service, say).
pub async fn settled(store: &Store) -> Result<Vec<RunId>> {
    let awaited = store.approvals().settled_and_awaited().await?.into_iter();
    Ok(awaited.filter(|found| found.state != ApprovalState::Void).map(|found| found.run_id).collect())
}

#[cfg(test)]
mod tests;
