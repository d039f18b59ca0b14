//! Telling people: every planned message at once, each with its own key, and what hangs on their delivery.
//!
//! A message that fails fails alone: it stands in the run's effects with its reason. A lost answer is UNKNOWN and not
//! repeated. One that cannot be delivered now is queued: the outbox delivers it, and what hangs on it is done then
//! (`crate::customer_mail`).

use super::checklist::Owed;
use super::judged;
use crate::approving::token;
use crate::customer_mail::{complete_task, customer_mail_key};
use crate::effects::{self, Action, PlannedEffect};
use crate::env::{Env, key_of};
use crate::messages::{self, Case, LetterKind, PostKind};
use gangway_durable::{Activity, StepError};
use gangway_protocol::redact::{Email, Personal};
use gangway_protocol::run::{Effect, EffectStatus};
use gangway_protocol::tools::notify::{
    Delivery, DeliveryStatus, PostMessage, PostMessageArgs, SendEmail, SendEmailArgs,
};
use gangway_protocol::tools::salesforce::{OnboardingStatus, UpdateOnboardingStatus, UpdateStatusArgs};
use gangway_protocol::{ApiError, ErrorType, IdempotencyKey, RunRecord, System};
use serde::{Deserialize, Serialize};

/// What people are told about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Occasion {
    /// ESCALATE or BLOCK was decided.
    Decided {
        /// That of the approval asked for: a later one has messages of its own. 1 where none is.
        round: u32,
    },
    /// The approval was rejected or ran out.
    Refused,
    /// The tenant and the checklist exist.
    Fulfilled(Owed),
}

/// What to tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TellOrder {
    pub(crate) record: RunRecord,
    pub(crate) occasion: Occasion,
}

/// What was told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Told {
    /// How each effect ended, in the order of the plan.
    pub(crate) effects: Vec<Effect>,
    /// The mails among them that had a recipient.
    pub(crate) mails: Vec<LetterKind>,
}

pub(crate) struct Tell;

impl Activity<Env> for Tell {
    const NAME: &'static str = "tell";
    type In = TellOrder;
    type Out = Told;

    async fn run(env: &Env, _key: IdempotencyKey, order: &TellOrder) -> Result<Told, StepError> {
        let plan = plan(env, order)?;
        let (tasks, at_once): (Vec<&PlannedEffect>, Vec<&PlannedEffect>) =
            plan.iter().partition(|planned| matches!(planned.action, Action::CompleteTask { .. }));
        let teller = Teller { env, record: &order.record, round: order.occasion.round() };
        let mut effects =
            futures::future::join_all(at_once.into_iter().map(|planned| teller.carry_out(planned))).await;
        // One after the other: the training task comes after the welcome task, and waits with it.
        for task in tasks {
            if !is_delivered(task, &plan, &effects) {
                break;
            }
            effects.push(teller.carry_out(task).await);
        }
        Ok(Told { effects, mails: addressed(&plan) })
    }
}

/// The part of the effects plan that this occasion is about. Tenant and checklist have steps of their own.
fn plan(env: &Env, order: &TellOrder) -> Result<Vec<PlannedEffect>, StepError> {
    let (facts, decision) = judged(&order.record)?;
    let settings = &env.settings;
    Ok(match order.occasion {
        Occasion::Decided { .. } => {
            let mut plan = effects::of_decision(decision, facts, settings);
            // Finance was told the first time; the invoice is no more overdue for being judged again.
            let told = |label: &str| order.record.effects.iter().any(|effect| effect.label == label);
            plan.retain(|planned| planned.label != effects::FINANCE_ALERT || !told(planned.label));
            plan
        }
        Occasion::Refused => effects::of_refusal(facts, settings),
        Occasion::Fulfilled(owed) => {
            let mut plan = effects::of_fulfilment(facts, settings);
            plan.retain(|planned| is_due(&planned.action, owed));
            plan
        }
    })
}

/// Whether an effect of the fulfilment belongs to the telling, and is not done already.
fn is_due(action: &Action, owed: Owed) -> bool {
    match action {
        Action::CreateTenant { .. } | Action::CreateChecklist => false,
        Action::Post { .. } | Action::UpdateSalesforce => true,
        Action::Mail { message, .. } | Action::CompleteTask { after: message, .. } => match message {
            LetterKind::Welcome => owed.welcome,
            LetterKind::Training => owed.training,
            LetterKind::Blocked | LetterKind::Escalation | LetterKind::Success | LetterKind::Reminder => true,
        },
    }
}

/// Whether the mail a task stands for is known to be delivered.
fn is_delivered(task: &PlannedEffect, plan: &[PlannedEffect], effects: &[Effect]) -> bool {
    let Action::CompleteTask { after, .. } = &task.action else {
        return false;
    };
    let mail = plan
        .iter()
        .find(|planned| matches!(&planned.action, Action::Mail { message, .. } if message == after));
    let ended = mail.and_then(|mail| effects.iter().find(|effect| effect.label == mail.label));
    ended.is_some_and(|effect| effect.status == EffectStatus::Done)
}

fn addressed(plan: &[PlannedEffect]) -> Vec<LetterKind> {
    plan.iter()
        .filter_map(|planned| match &planned.action {
            Action::Mail { message, to: Some(_) } => Some(*message),
            Action::Mail { to: None, .. }
            | Action::CreateTenant { .. }
            | Action::CreateChecklist
            | Action::Post { .. }
            | Action::CompleteTask { .. }
            | Action::UpdateSalesforce => None,
        })
        .collect()
}

impl Occasion {
    fn round(self) -> u32 {
        match self {
            Self::Decided { round } => round,
            Self::Refused | Self::Fulfilled(_) => 1,
        }
    }
}

/// The label of an effect in a round: a later round's message is another message, with a key of its own.
fn label_in(label: &str, round: u32) -> String {
    match round {
        1 => label.to_owned(),
        later => format!("{label}_{later}"),
    }
}

/// Posts one message outside any plan.
pub(super) async fn post_alone(
    env: &Env,
    record: &RunRecord,
    label: String,
    (message, channel): (PostKind, &str),
) -> Effect {
    let key = key_of(record, &label);
    let ended = Teller { env, record, round: 1 }.post(message, channel, key).await;
    effect(label, "notify.post_message", ended)
}

struct Teller<'a> {
    env: &'a Env,
    record: &'a RunRecord,
    round: u32,
}

impl Teller<'_> {
    async fn carry_out(&self, planned: &PlannedEffect) -> Effect {
        let label = label_in(planned.label, self.round);
        let key = key_of(self.record, &label);
        let ended = match &planned.action {
            Action::Post { message, channel } => self.post(*message, channel, key).await,
            Action::Mail { message, to: Some(to) } => self.mail(*message, to, key).await,
            Action::Mail { to: None, .. } => Err(no_recipient()),
            Action::CompleteTask { code, .. } => self.complete(code, key).await,
            Action::UpdateSalesforce => self.update_salesforce(key).await,
            Action::CreateTenant { .. } | Action::CreateChecklist => Err(not_a_message(planned.label)),
        };
        effect(label, planned.tool, ended)
    }

    async fn post(&self, message: PostKind, channel: &str, key: IdempotencyKey) -> Result<Ended, ApiError> {
        let value = self.button_value(message).await;
        let rendered = messages::slack(message, &self.case(), value.as_deref());
        let args = PostMessageArgs {
            channel: channel.to_owned(),
            text: Personal(rendered.text),
            blocks: Some(rendered.blocks),
            idempotency_key: key,
        };
        self.env.coordinator.call::<PostMessage>(&self.env.scope(self.record), &args).await.map(Ended::of)
    }

    /// What the buttons of an escalation carry; none where there are no buttons.
    async fn button_value(&self, message: PostKind) -> Option<String> {
        let has_buttons = message == PostKind::Escalation && self.env.settings.approval_endpoint.is_some();
        let approval_id = self.record.approval_id.as_deref().filter(|_| has_buttons)?;
        let approval = self.env.store.approvals().get(approval_id).await.ok()??;
        Some(token::seal(&approval, &self.env.signing_key))
    }

    async fn mail(&self, message: LetterKind, to: &Email, key: IdempotencyKey) -> Result<Ended, ApiError> {
        let unusable = |code: &str, why: &str| {
            ApiError::new(System::Notify, ErrorType::ServerError, "send_email", code, why)
        };
        let rendered = messages::mail(message, &self.case())
            .map_err(|error| unusable("TEMPLATE", &error.to_string()))?;
        let tenant = self.record.tenant.as_ref().map(|tenant| &tenant.tenant_id);
        let once_key = tenant.and_then(|tenant_id| customer_mail_key(tenant_id, message)).transpose();
        let once_key = once_key.map_err(|error| unusable("UNUSABLE_KEY", &error.to_string()))?;
        let args = SendEmailArgs {
            to: to.clone(),
            subject: Personal(rendered.subject),
            text: Personal(rendered.text),
            html: Some(Personal(rendered.html)),
            idempotency_key: key,
            once_key,
        };
        self.env.coordinator.call::<SendEmail>(&self.env.scope(self.record), &args).await.map(Ended::of)
    }

    async fn complete(&self, code: &str, key: IdempotencyKey) -> Result<Ended, ApiError> {
        let tenant = self.record.tenant.as_ref().map_or("", |tenant| tenant.tenant_id.as_str());
        let scope = self.env.scope(self.record);
        let task_id = complete_task(&self.env.coordinator, &scope, (tenant, code), key).await?;
        Ok(Ended::done(Some(task_id.to_string())))
    }

    async fn update_salesforce(&self, key: IdempotencyKey) -> Result<Ended, ApiError> {
        let args = UpdateStatusArgs {
            account_id: self.record.request.account_id.clone(),
            status: OnboardingStatus::Provisioned,
            run_id: self.record.run_id.clone(),
            idempotency_key: key,
        };
        self.env.coordinator.call::<UpdateOnboardingStatus>(&self.env.scope(self.record), &args).await?;
        Ok(Ended::done(None))
    }

    fn case(&self) -> Case<'_> {
        Case { record: self.record, settings: &self.env.settings }
    }
}

/// How a call that answered ended.
struct Ended {
    status: EffectStatus,
    reference: Option<String>,
    message_id: Option<String>,
}

impl Ended {
    fn done(reference: Option<String>) -> Self {
        Self { status: EffectStatus::Done, reference, message_id: None }
    }

    fn of(delivery: Delivery) -> Self {
        let status = match delivery.status {
            DeliveryStatus::Sent => EffectStatus::Done,
            DeliveryStatus::Queued => EffectStatus::Queued,
            DeliveryStatus::Unknown => EffectStatus::Unknown,
        };
        Self { status, reference: delivery.reference, message_id: Some(delivery.message_id) }
    }
}

fn effect(label: String, tool: &str, ended: Result<Ended, ApiError>) -> Effect {
    let tool = tool.to_owned();
    match ended {
        Ok(Ended { status, reference, message_id }) => {
            Effect { label, tool, status, reference, error: None, message_id }
        }
        Err(error) => {
            let happened = error.may_have_happened();
            let status = if happened { EffectStatus::Unknown } else { EffectStatus::Failed };
            Effect { label, tool, status, reference: None, error: Some(error), message_id: None }
        }
    }
}

fn no_recipient() -> ApiError {
    let message = "the contract names no signatory of the customer with a mail address";
    ApiError::new(System::Notify, ErrorType::Validation, "send_email", "NO_RECIPIENT", message)
}

fn not_a_message(label: &str) -> ApiError {
    ApiError::new(
        System::Notify,
        ErrorType::Validation,
        label,
        "NOT_A_MESSAGE",
        "this effect has a step of its own",
    )
}

#[cfg(test)]
mod tests {
    use super::{Ended, effect};
    use gangway_protocol::run::EffectStatus;
    use gangway_protocol::{ApiError, ErrorType, System};

    #[test]
    fn what_may_have_happened_is_unknown_and_what_did_not_has_failed() {
        let (label, tool) = ("salesforce_status", "salesforce.update_onboarding_status");
        let ended = |error: ApiError| effect(label.to_owned(), tool, Err::<Ended, _>(error)).status;
        let error = |error_type| ApiError::new(System::Salesforce, error_type, "op", "CODE", "words");
        for lost in [ErrorType::ServerError, ErrorType::Network, ErrorType::Timeout] {
            assert_eq!(ended(error(lost)), EffectStatus::Unknown, "{lost:?}");
            assert_eq!(ended(error(lost).unsent()), EffectStatus::Failed, "{lost:?}");
        }
        for refused in [ErrorType::Authentication, ErrorType::Validation, ErrorType::RateLimit] {
            assert_eq!(ended(error(refused)), EffectStatus::Failed, "{refused:?}");
        }
    }
}
