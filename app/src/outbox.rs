//! The outbox as the whole installation sees it: rounds that deliver what is due, what hangs on a later delivery, and how
//! a run's messages stand now.
//!
//! Rounds are made by the service every few seconds, and by every command that sends something before it ends. What a
//! person says of a message is in `word`.

mod word;

pub use word::{Word, WordError, judge};

use crate::installation::Installation;
use anyhow::{Context as _, Result};
use gangway_coordinator::customer_mail::{self, CompletionError};
use gangway_notify::Round;
use gangway_protocol::redact::Personal;
use gangway_protocol::run::{Effect, EffectStatus};
use gangway_protocol::tools::notify::{Page, PageArgs, PageSeverity, PostMessage, PostMessageArgs};
use gangway_protocol::{ApiError, ErrorType, IdempotencyKey, RunId, RunRecord, System};
use gangway_store::{Channel, OutboxFilter, OutboxMessage, OutboxState, Store, StoreError};
use gangway_toolbelt::{Agent, Scope};
use jiff::Timestamp;
use serde::Serialize;

/// Messages one round takes up.
const ROUND: u32 = 500;
/// Keys of the alerts about dead messages. An alert that dies itself is not alerted about.
const ALERT: &str = "outbox-dead/";

/// What a round did, and what was done about it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Delivered {
    /// The messages.
    #[serde(flatten)]
    pub round: Round,
    /// Deliveries whose tasks were completed, and deaths that were alerted about.
    pub followed_up: usize,
}

/// Makes a round at `now`, then does what hangs on the messages that ended since the last one. An outbox whose channels
/// are not configured here is left to those who have them.
pub async fn deliver_due(installation: &Installation, now: Timestamp) -> Result<Delivered> {
    let Some(outpost) = installation.outpost()? else { return Ok(Delivered::default()) };
    let round = outpost.deliver_due(now, ROUND).await.context("the outbox's round broke off")?;
    let followed_up = follow_up(installation).await?;
    Ok(Delivered { round, followed_up })
}

/// Completes the tasks that stood for mails delivered later, and alerts about messages that were given up. Each is marked
/// only when it is done; a crash before that does it again, with the same keys.
pub async fn follow_up(installation: &Installation) -> Result<usize> {
    let mut done = 0;
    for message in installation.store().outbox().to_follow_up(ROUND).await? {
        let followed = match message.state {
            OutboxState::Sent => complete_task(installation, &message).await,
            OutboxState::Dead => alert(installation, &message).await,
            OutboxState::Queued | OutboxState::Sending | OutboxState::Unknown | OutboxState::Dropped => {
                Ok(())
            }
        };
        match followed {
            Ok(()) => {
                installation.crash_points().reach("outbox.followed", message.channel.name());
                installation.store().outbox().followed_up(&message).await?;
                done += 1;
            }
            Err(error) => {
                let message_id = &message.message_id;
                tracing::warn!("what hangs on {message_id} waits for the next round: {error:#}");
            }
        }
    }
    Ok(done)
}

async fn complete_task(installation: &Installation, message: &OutboxMessage) -> Result<()> {
    let Some(tenant) = customer_mail::tenant_of(message) else { return Ok(()) };
    let belt = installation.belt(Agent::Coordinator).await?;
    let scope = scope(installation, message);
    match customer_mail::complete_tasks(installation.store(), &belt, &scope, &tenant).await {
        // Another try would be refused as well: a person has moved the task, and goes on from there.
        Err(CompletionError::Task(error)) if !error.retryable => {
            tracing::warn!(
                "the mail {} was delivered, its task is left to a person: {error}",
                message.message_id
            );
            Ok(())
        }
        completed => completed.map_err(Into::into),
    }
}

/// Tells operators once that a message was given up: by Slack, or by a page when it is Slack that does not work.
async fn alert(installation: &Installation, message: &OutboxMessage) -> Result<()> {
    let (message_id, channel) = (&message.message_id, message.channel.name());
    let why = message.why.as_deref().unwrap_or("no reason was recorded");
    tracing::warn!(
        "{channel} message {message_id} was given up: {why}; see gangway outbox list --state dead"
    );
    let is_alert = message.key.starts_with(ALERT);
    let Some(onboarding) = installation.config().onboarding.as_ref().filter(|_| !is_alert) else {
        return Ok(());
    };
    let text = format!(
        "A {channel} message of run {} was given up and did not arrive: {message_id}. See `gangway outbox show {message_id}`, mend the cause, then `gangway outbox retry {message_id}`.",
        message.run_id.as_deref().unwrap_or("(none)")
    );
    let key = IdempotencyKey::parse(format!("{ALERT}{message_id}"))?;
    let belt = installation.belt(Agent::Coordinator).await?;
    let scope = scope(installation, message);
    let told = match message.channel {
        Channel::Mail | Channel::Page => {
            let args = PostMessageArgs {
                channel: onboarding.channels.alerts.clone(),
                text: Personal(text),
                blocks: None,
                idempotency_key: key,
            };
            belt.call::<PostMessage>(&scope, &args).await
        }
        Channel::Slack => {
            let args = PageArgs { summary: Personal(text), severity: PageSeverity::Warning, dedup_key: key };
            belt.call::<Page>(&scope, &args).await
        }
    };
    // It stands in the log and in the list; an alert that cannot be sent is a dead message of its own.
    if let Err(error) = told {
        tracing::warn!("nobody could be alerted that {message_id} was given up: {error}");
    }
    Ok(())
}

fn scope(installation: &Installation, message: &OutboxMessage) -> Scope {
    Scope {
        run_id: message.run_id.as_ref().and_then(|id| RunId::parse(id.as_str()).ok()),
        correlation_id: message.correlation_id.as_ref().and_then(|id| id.parse().ok()),
        trace: None,
        deadline: installation.call_deadline(),
    }
}

/// The record with its messages as they stand now. A run's record keeps how each message stood when the run ended; what
/// became of the queued and the unknown ones since then, the outbox knows.
pub async fn with_present_messages(store: &Store, mut record: RunRecord) -> Result<RunRecord, StoreError> {
    for effect in &mut record.effects {
        let open = matches!(effect.status, EffectStatus::Queued | EffectStatus::Unknown);
        if !open || !effect.tool.starts_with("notify.") {
            continue;
        }
        let message = match &effect.message_id {
            Some(message_id) => store.outbox().get(message_id).await?,
            // Its call was given up before it answered; the delivery went on.
            None => of_effect(store, &record.run_id, &effect.label).await?,
        };
        if let Some(message) = message {
            bring_up_to_date(effect, &message);
        }
    }
    Ok(record)
}

async fn of_effect(store: &Store, run_id: &RunId, label: &str) -> Result<Option<OutboxMessage>, StoreError> {
    let filter = OutboxFilter { run_id: Some(run_id.clone()), ..OutboxFilter::default() };
    let messages = store.outbox().list(filter).await?;
    let is_it = |message: &OutboxMessage| message.key.rsplit('/').next() == Some(label);
    Ok(messages.into_iter().find(is_it))
}

fn bring_up_to_date(effect: &mut Effect, message: &OutboxMessage) {
    let ended = |code: &str| {
        let why = message.why.as_deref().unwrap_or("no reason was recorded");
        let mut error =
            ApiError::new(System::Notify, ErrorType::ServerError, &effect.label, code, why).unsent();
        error.resolution = format!("See gangway outbox show {}", message.message_id);
        Some(error)
    };
    let (status, reference, error) = match message.state {
        OutboxState::Queued | OutboxState::Sending => (EffectStatus::Queued, None, None),
        OutboxState::Unknown => (EffectStatus::Unknown, None, None),
        OutboxState::Sent => (EffectStatus::Done, message.reference.clone(), None),
        OutboxState::Dead => (EffectStatus::Failed, None, ended("DEAD_LETTER")),
        OutboxState::Dropped => (EffectStatus::Failed, None, ended("DROPPED")),
    };
    (effect.status, effect.reference, effect.error) = (status, reference, error);
    effect.message_id = Some(message.message_id.clone());
}

#[cfg(test)]
mod tests {
    use super::bring_up_to_date;
    use gangway_protocol::run::{Effect, EffectStatus};
    use gangway_store::{Channel, OutboxMessage, OutboxState};
    use jiff::Timestamp;

    fn message(state: OutboxState) -> OutboxMessage {
        OutboxMessage {
            seq: 1,
            message_id: "msg-1".to_owned(),
            key: "tnt-1/email_welcome".to_owned(),
            channel: Channel::Mail,
            target: String::new(),
            run_id: None,
            correlation_id: None,
            state,
            attempts: 3,
            since: Timestamp::UNIX_EPOCH,
            tried_at: Timestamp::UNIX_EPOCH,
            due_at: Timestamp::UNIX_EPOCH,
            settled_at: None,
            reference: (state == OutboxState::Sent).then(|| "<1@x>".to_owned()),
            why: Some("busy".to_owned()),
        }
    }

    #[test]
    fn an_effect_says_what_became_of_its_message() {
        let table = [
            (OutboxState::Queued, EffectStatus::Queued, None),
            (OutboxState::Sending, EffectStatus::Queued, None),
            (OutboxState::Unknown, EffectStatus::Unknown, None),
            (OutboxState::Sent, EffectStatus::Done, None),
            (OutboxState::Dead, EffectStatus::Failed, Some("DEAD_LETTER")),
            (OutboxState::Dropped, EffectStatus::Failed, Some("DROPPED")),
        ];
        for (state, status, code) in table {
            let mut effect = Effect {
                label: "email_welcome".to_owned(),
                tool: "notify.send_email".to_owned(),
                status: EffectStatus::Queued,
                reference: None,
                error: None,
                message_id: Some("msg-1".to_owned()),
            };
            bring_up_to_date(&mut effect, &message(state));
            assert_eq!(effect.status, status, "{state:?}");
            assert_eq!(effect.error.as_ref().map(|error| error.error_code.as_str()), code, "{state:?}");
            assert_eq!(effect.reference.is_some(), state == OutboxState::Sent, "{state:?}");
            assert!(effect.error.is_none_or(|error| error.message.contains("busy")));
        }
    }
}
