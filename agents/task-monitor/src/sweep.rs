//! One sweep: reads what is open and overdue, works out every onboarding's health, sends what the ladder says is due.
//!
//! All reading comes first and must succeed; a reminder that fails stops nothing and stands in the report. Nothing is
//! remembered here: each reminder's key names its task and rung, so a repeat is answered by the notification server
//! without being sent, and is left out of the report. A sweep may thus run as often as it likes, on any number of hosts.

use crate::Settings;
use crate::health::standing;
use crate::ladder::{Rung, due_reminders};
use crate::words::{DigestLine, digest, reminder};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use gangway_protocol::redact::{Email, Personal};
use gangway_protocol::run::EffectStatus;
use gangway_protocol::task::{Health, Task, TaskStatus};
use gangway_protocol::tools::notify::{
    DeliveryStatus, PostMessage, PostMessageArgs, SendEmail, SendEmailArgs,
};
use gangway_protocol::tools::onboarding::{Reminder, SweepReport, TenantHealth};
use gangway_protocol::tools::tasks::{GetOverdue, List, ListArgs, OverdueArgs, OverdueTask};
use gangway_protocol::{AccountId, ApiError, ErrorType, IdempotencyKey, System};
use gangway_toolbelt::{Scope, Toolbelt};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Calls under way at once: enough to keep a mail server's few connections busy.
const AT_ONCE: usize = 8;

/// Sweeps once, judging by `as_of` (UTC).
///
/// # Errors
/// The task list could not be read; nothing was sent then.
pub async fn sweep(
    toolbelt: &Toolbelt,
    scope: &Scope,
    as_of: Date,
    settings: &Settings,
) -> Result<SweepReport, ApiError> {
    let desk = Desk { toolbelt, scope, settings };
    let overdue = desk.overdue(as_of).await?;
    let onboardings = desk.open_onboardings(&overdue, as_of).await?;
    let reminders = desk.remind(&overdue).await;
    let count = u32::try_from(overdue.len()).unwrap_or(u32::MAX);
    desk.post_digest(as_of, &onboardings, count).await;
    let tenants = onboardings
        .into_iter()
        .map(|DigestLine { account_id, standing }| TenantHealth {
            account_id,
            health: standing.health,
            percent: standing.percent,
            overdue: standing.overdue,
        })
        .collect();
    Ok(SweepReport { as_of, tenants, reminders, overdue: count })
}

/// What every part of a sweep works with.
struct Desk<'a> {
    toolbelt: &'a Toolbelt,
    scope: &'a Scope,
    settings: &'a Settings,
}

/// A reminder to send. Owns its task, because a borrowing one makes the sweep's future hard to send between threads.
struct Due {
    late: OverdueTask,
    rung: Rung,
    to: Email,
}

impl Desk<'_> {
    /// Every overdue task, longest first.
    async fn overdue(&self, as_of: Date) -> Result<Vec<OverdueTask>, ApiError> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let args = OverdueArgs { as_of: Some(as_of), owner: None, after };
            let page = self.toolbelt.call::<GetOverdue>(self.scope, &args).await?;
            after = page.tasks.last().filter(|_| page.more).map(|last| last.task.task_id.clone());
            found.extend(page.tasks);
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    /// Every onboarding that is not completed, by account, with its standing.
    async fn open_onboardings(
        &self,
        overdue: &[OverdueTask],
        as_of: Date,
    ) -> Result<Vec<DigestLine>, ApiError> {
        let (pending, begun, blocked) = futures::try_join!(
            self.accounts_with(TaskStatus::Pending),
            self.accounts_with(TaskStatus::InProgress),
            self.accounts_with(TaskStatus::Blocked),
        )?;
        let late = overdue.iter().map(|late| late.task.account_id.clone());
        let accounts: BTreeSet<AccountId> =
            pending.into_iter().chain(begun).chain(blocked).chain(late).collect();
        let lines: Vec<DigestLine> = stream::iter(accounts)
            .map(|account_id| self.stand(account_id, as_of))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(lines.into_iter().filter(|line| line.standing.health != Health::Completed).collect())
    }

    /// Accounts with a task of this status.
    async fn accounts_with(&self, status: TaskStatus) -> Result<BTreeSet<AccountId>, ApiError> {
        let (mut accounts, mut after) = (BTreeSet::new(), None);
        loop {
            let args = ListArgs { status: Some(status), after, ..ListArgs::default() };
            let page = self.toolbelt.call::<List>(self.scope, &args).await?;
            after = page.tasks.last().filter(|_| page.more).map(|last| last.task_id.clone());
            accounts.extend(page.tasks.into_iter().map(|task| task.account_id));
            if after.is_none() {
                return Ok(accounts);
            }
        }
    }

    async fn stand(&self, account_id: AccountId, as_of: Date) -> Result<DigestLine, ApiError> {
        let args = ListArgs { account_id: Some(account_id.clone()), ..ListArgs::default() };
        let checklist = self.toolbelt.call::<List>(self.scope, &args).await?.tasks;
        Ok(DigestLine { account_id, standing: standing(&checklist, as_of) })
    }

    /// Sends what is due; gives what was news, in the order of the tasks.
    async fn remind(&self, overdue: &[OverdueTask]) -> Vec<Reminder> {
        let mut due = Vec::new();
        for late in overdue {
            for reminder in due_reminders(&late.task, late.days_overdue) {
                due.push(Due { late: late.clone(), rung: reminder.rung, to: reminder.to });
            }
        }
        stream::iter(due)
            .map(|due| self.send(due))
            .buffered(AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await
    }

    /// Sends one reminder; none when it was sent by an earlier sweep.
    async fn send(&self, due: Due) -> Option<Reminder> {
        let task = &due.late.task;
        let status = match self.letter(task, due.rung, due.to) {
            Ok(args) => match self.toolbelt.call_noting_repeats::<SendEmail>(self.scope, &args).await {
                Ok(answered) if answered.replayed => return None,
                Ok(answered) => match answered.output.status {
                    DeliveryStatus::Sent => EffectStatus::Done,
                    DeliveryStatus::Queued => EffectStatus::Queued,
                    DeliveryStatus::Unknown => EffectStatus::Unknown,
                },
                Err(error) if was_sent_in_other_words(&error) => return None,
                Err(error) => failed(task, due.rung, &error),
            },
            Err(error) => failed(task, due.rung, &error),
        };
        Some(Reminder {
            task_id: task.task_id.clone(),
            days_overdue: due.late.days_overdue,
            rung: due.rung.name().to_owned(),
            status,
        })
    }

    fn letter(&self, task: &Task, rung: Rung, to: Email) -> Result<SendEmailArgs, ApiError> {
        let letter = reminder(task, rung, &self.settings.company);
        Ok(SendEmailArgs {
            to,
            subject: Personal(letter.subject),
            text: Personal(letter.text),
            html: Some(Personal(letter.html)),
            idempotency_key: key(&format!("sweep/{}/{}", task.task_id, rung.name()))?,
            once_key: None,
        })
    }

    /// Posts the day's digest, at most once a day: the first sweep that finds something speaks for the day.
    async fn post_digest(&self, as_of: Date, onboardings: &[DigestLine], overdue: u32) {
        let Some(text) = digest(as_of, onboardings, overdue) else { return };
        let posted = match key(&format!("sweep/digest/{as_of}")) {
            Ok(idempotency_key) => {
                let channel = self.settings.channel.clone();
                let args = PostMessageArgs { channel, text: Personal(text), blocks: None, idempotency_key };
                self.toolbelt.call::<PostMessage>(self.scope, &args).await.map(|_| ())
            }
            Err(error) => Err(error),
        };
        match posted {
            Err(error) if !was_sent_in_other_words(&error) => {
                tracing::warn!(code = error.error_code, %as_of, "the digest of overdue tasks was not posted");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

fn key(text: &str) -> Result<IdempotencyKey, ApiError> {
    IdempotencyKey::parse(text).map_err(|error| {
        ApiError::new(System::Onboarding, ErrorType::Validation, "sweep", "KEY", &error.to_string())
    })
}

/// The key is taken by other words: an earlier sweep has written to this rung already, before a change of configuration
/// or, for a digest, earlier that day.
fn was_sent_in_other_words(error: &ApiError) -> bool {
    error.error_code == "IDEMPOTENCY_CONFLICT"
}

fn failed(task: &Task, rung: Rung, error: &ApiError) -> EffectStatus {
    let (task, rung, code) = (&task.task_id, rung.name(), &error.error_code);
    tracing::warn!(%task, rung, code, "a reminder could not be sent");
    EffectStatus::Failed
}
