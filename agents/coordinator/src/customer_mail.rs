//! The customer's own mails, welcome and training: each is sent once per tenant, whichever run sends it, and completes a
//! task of the checklist when it was really delivered, be it later.
//!
//! It sends nothing and watches nothing: the outbox says what was delivered, and who asks it calls [`complete_tasks`].

use crate::effects::{TRAINING_MAIL, TRAINING_TASK, WELCOME_MAIL, WELCOME_TASK};
use crate::messages::LetterKind;
use gangway_protocol::ids::{IdempotencyKeyError, TaskId};
use gangway_protocol::task::TaskStatus;
use gangway_protocol::tools::tasks::{UpdateStatus, UpdateStatusArgs};
use gangway_protocol::{ApiError, ErrorType, IdempotencyKey, System, TenantId};
use gangway_store::{Channel, OutboxMessage, OutboxState, Store, StoreError};
use gangway_toolbelt::{Scope, Toolbelt};

/// The mails with the tasks that stand for them, in the order in which the tasks can be completed.
const MAILS: [(&str, &str); 2] = [(WELCOME_MAIL, WELCOME_TASK), (TRAINING_MAIL, TRAINING_TASK)];

/// Why the tasks of delivered mails could not be completed.
#[derive(Debug, thiserror::Error)]
pub enum CompletionError {
    /// The outbox or the checklist could not be read.
    #[error("what was delivered could not be looked up")]
    Store(#[from] StoreError),
    /// A task could not be completed.
    #[error("a delivered mail's task could not be completed")]
    Task(#[from] ApiError),
}

/// The name of a customer's mail across runs; none for mails that every run sends for itself.
pub(crate) fn customer_mail_key(
    tenant: &TenantId,
    message: LetterKind,
) -> Option<Result<IdempotencyKey, IdempotencyKeyError>> {
    let label = match message {
        LetterKind::Welcome => WELCOME_MAIL,
        LetterKind::Training => TRAINING_MAIL,
        LetterKind::Blocked | LetterKind::Escalation | LetterKind::Success | LetterKind::Reminder => {
            return None;
        }
    };
    Some(key(tenant.as_str(), label))
}

/// The tenant whose welcome or training mail this message is.
#[must_use]
pub fn tenant_of(message: &OutboxMessage) -> Option<TenantId> {
    let (tenant, label) = message.key.split_once('/')?;
    let is_ours = message.channel == Channel::Mail && MAILS.iter().any(|(mail, _)| *mail == label);
    TenantId::parse(tenant).ok().filter(|_| is_ours)
}

/// Completes the tasks whose mails are delivered, as far as they are not settled. May be called any number of times.
///
/// The training task comes after the welcome task, so it waits for that mail too, and both are looked at whichever was
/// delivered last.
///
/// # Errors
/// [`CompletionError`]; what was completed stays so.
pub async fn complete_tasks(
    store: &Store,
    coordinator: &Toolbelt,
    scope: &Scope,
    tenant: &TenantId,
) -> Result<(), CompletionError> {
    for (label, code) in MAILS {
        let unusable = |error: IdempotencyKeyError| refusal("UNUSABLE_KEY", &error.to_string());
        let mail = key(tenant.as_str(), label).map_err(unusable)?;
        let message = store.outbox().of_key(Channel::Mail, &mail).await?;
        let is_delivered = message.is_some_and(|message| message.state == OutboxState::Sent);
        let task = store.tasks().get(&task_id(tenant.as_str(), code)?).await?;
        let is_settled = task.is_some_and(|task| task.status.is_settled());
        match (is_delivered, is_settled) {
            (_, true) => {}
            (true, false) => {
                let once = key(tenant.as_str(), &format!("{label}/task")).map_err(unusable)?;
                complete_task(coordinator, scope, (tenant.as_str(), code), once).await?;
            }
            // What comes after it cannot be completed either.
            (false, false) => return Ok(()),
        }
    }
    Ok(())
}

/// Completes one task of a tenant's checklist.
pub(crate) async fn complete_task(
    coordinator: &Toolbelt,
    scope: &Scope,
    (tenant, code): (&str, &str),
    idempotency_key: IdempotencyKey,
) -> Result<TaskId, ApiError> {
    let args = UpdateStatusArgs {
        task_id: task_id(tenant, code)?,
        status: TaskStatus::Completed,
        note: None,
        idempotency_key,
    };
    coordinator.call::<UpdateStatus>(scope, &args).await.map(|updated| updated.task.task_id)
}

fn key(tenant: &str, label: &str) -> Result<IdempotencyKey, IdempotencyKeyError> {
    IdempotencyKey::parse(format!("{tenant}/{label}"))
}

fn task_id(tenant: &str, code: &str) -> Result<TaskId, ApiError> {
    TaskId::parse(format!("{tenant}:{code}")).map_err(|error| refusal("UNUSABLE_TASK_ID", &error.to_string()))
}

fn refusal(code: &str, why: &str) -> ApiError {
    ApiError::new(System::Tasks, ErrorType::Validation, "update_status", code, why)
}
