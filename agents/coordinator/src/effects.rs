//! The effects plan: what a decision leads to, as values, before anything is done.
//!
//! Pure: facts, decision, settings in, an ordered list out. The steps carry out exactly this list, so its digest says
//! what an approver approved. Labels are part of idempotency keys and never change within a workflow version.

use crate::contacts;
use crate::messages::{LetterKind, PostKind};
use crate::settings::Settings;
use gangway_protocol::redact::Email;
use gangway_protocol::{Decision, Facts, Outcome, Tier};
use serde::Serialize;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Make the tenant; the tier is null when only the approver can name it.
    CreateTenant {
        /// The contract's tier.
        tier: Option<Tier>,
    },
    /// Make the checklist.
    CreateChecklist,
    /// Post to a Slack channel.
    Post {
        /// Which message.
        message: PostKind,
        /// Where.
        channel: String,
    },
    /// Send a mail.
    Mail {
        /// Which mail.
        message: LetterKind,
        /// To whom; null when the records name nobody, which the run shows as a failed effect.
        to: Option<Email>,
    },
    /// Complete a task of the checklist, once the mail it stands for is delivered.
    CompleteTask {
        /// Code of the task.
        code: &'static str,
        /// The mail.
        after: LetterKind,
    },
    /// Write the status to Salesforce.
    UpdateSalesforce,
}

/// One thing that will be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedEffect {
    /// Tail of its idempotency key.
    pub label: &'static str,
    /// The tool that does it.
    pub tool: &'static str,
    /// What is done.
    pub action: Action,
}

/// Code of the task that stands for the welcome mail.
pub const WELCOME_TASK: &str = "T003";
/// Code of the task that stands for the training mail.
pub const TRAINING_TASK: &str = "T004";
/// Label of what finance is told.
pub const FINANCE_ALERT: &str = "slack_finance";
/// Label of the welcome mail.
pub const WELCOME_MAIL: &str = "email_welcome";
/// Label of the training mail.
pub const TRAINING_MAIL: &str = "email_training";

/// Whom a decision is told to, before anything is made. PROCEED is told once the tenant exists.
#[must_use]
pub fn of_decision(decision: &Decision, facts: &Facts, settings: &Settings) -> Vec<PlannedEffect> {
    let cs = contacts::customer_success(facts, settings);
    let channels = &settings.channels;
    let mut plan = match decision.outcome {
        Outcome::Proceed => Vec::new(),
        Outcome::Escalate => vec![
            post("slack_escalation", PostKind::Escalation, &channels.onboarding),
            mail("email_escalation", LetterKind::Escalation, Some(cs)),
        ],
        Outcome::Block => vec![
            post("slack_blocked", PostKind::Blocked, &channels.alerts),
            mail("email_blocked", LetterKind::Blocked, Some(cs)),
        ],
    };
    if crate::messages::has_overdue_invoice(decision) {
        plan.push(post(FINANCE_ALERT, PostKind::FinanceAlert, &channels.finance));
    }
    plan
}

/// Whom it is told to that an approval was rejected or ran out.
#[must_use]
pub fn of_refusal(facts: &Facts, settings: &Settings) -> Vec<PlannedEffect> {
    vec![
        post("slack_blocked", PostKind::Blocked, &settings.channels.alerts),
        mail("email_blocked", LetterKind::Blocked, Some(contacts::customer_success(facts, settings))),
    ]
}

/// What taking the customer in consists of.
#[must_use]
pub fn of_fulfilment(facts: &Facts, settings: &Settings) -> Vec<PlannedEffect> {
    let customer = contacts::customer(facts);
    let tier = facts.contract.as_ref().and_then(|contract| Tier::named(contract.tier.as_deref()?));
    let cs = contacts::customer_success(facts, settings);
    vec![
        effect("create_tenant", "provision.create_tenant", Action::CreateTenant { tier }),
        effect("create_checklist", "tasks.create_checklist", Action::CreateChecklist),
        post("slack_success", PostKind::Success, &settings.channels.onboarding),
        mail("email_success", LetterKind::Success, Some(cs)),
        mail(WELCOME_MAIL, LetterKind::Welcome, customer.clone()),
        mail(TRAINING_MAIL, LetterKind::Training, customer),
        effect("salesforce_status", "salesforce.update_onboarding_status", Action::UpdateSalesforce),
        complete("task_welcome", WELCOME_TASK, LetterKind::Welcome),
        complete("task_training", TRAINING_TASK, LetterKind::Training),
    ]
}

fn effect(label: &'static str, tool: &'static str, action: Action) -> PlannedEffect {
    PlannedEffect { label, tool, action }
}

fn post(label: &'static str, message: PostKind, channel: &str) -> PlannedEffect {
    effect(label, "notify.post_message", Action::Post { message, channel: channel.to_owned() })
}

fn mail(label: &'static str, message: LetterKind, to: Option<Email>) -> PlannedEffect {
    effect(label, "notify.send_email", Action::Mail { message, to })
}

fn complete(label: &'static str, code: &'static str, after: LetterKind) -> PlannedEffect {
    effect(label, "tasks.update_status", Action::CompleteTask { code, after })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{of_decision, of_fulfilment, of_refusal};
    use crate::samples;
    use gangway_protocol::canonical::digest;

    fn labels(plan: &[super::PlannedEffect]) -> Vec<&'static str> {
        plan.iter().map(|effect| effect.label).collect()
    }

    #[test]
    fn a_decision_is_told_to_those_it_concerns() {
        let settings = samples::settings();
        let told = |record: &gangway_protocol::RunRecord| {
            let plan =
                of_decision(record.decision.as_ref().unwrap(), record.facts.as_ref().unwrap(), &settings);
            labels(&plan)
        };
        assert!(told(&samples::proceeding()).is_empty());
        assert_eq!(told(&samples::blocked()), ["slack_blocked", "email_blocked"]);
        assert_eq!(told(&samples::escalated()), ["slack_escalation", "email_escalation", "slack_finance"]);
    }

    #[test]
    fn labels_are_unique_within_everything_one_run_may_do() {
        let (record, settings) = (samples::escalated(), samples::settings());
        let facts = record.facts.as_ref().unwrap();
        let mut all = labels(&of_decision(record.decision.as_ref().unwrap(), facts, &settings));
        all.extend(labels(&of_fulfilment(facts, &settings)));
        all.extend(labels(&of_refusal(facts, &settings)));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_digest_changes_with_the_recipient() {
        let (record, settings) = (samples::proceeding(), samples::settings());
        let mut facts = record.facts.unwrap();
        let before = digest(&of_fulfilment(&facts, &settings)).unwrap();
        facts.contract.as_mut().unwrap().signatories = None;
        assert_ne!(before, digest(&of_fulfilment(&facts, &settings)).unwrap());
    }
}
