//! What people are told: one file per kind of message, all pure functions of a run and the settings.
//!
//! Nothing here sends. Text from source systems is bounded and escaped on its way in ([`wording`]) or by the HTML
//! template; customers' mails never speak of findings, errors or other internal matters.

mod blocked;
pub mod case;
mod escalation;
mod finance_alert;
pub mod letter;
mod parked;
pub mod post;
mod reminder;
mod success;
#[cfg(test)]
mod tests;
mod training;
mod welcome;
pub mod wording;

pub use case::Case;
pub(crate) use finance_alert::has_overdue_invoice;
pub use letter::Mail;
pub use post::SlackMessage;

use gangway_protocol::{AccountId, CorrelationId, RunId, RunRecord};
use serde::{Deserialize, Serialize};

/// The ids that tie a message to its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The account.
    pub account_id: AccountId,
    /// The run.
    pub run_id: RunId,
    /// The correlation id.
    pub correlation_id: CorrelationId,
}

impl Trail {
    /// The ids of a run.
    #[must_use]
    pub fn of(record: &RunRecord) -> Self {
        Self {
            account_id: record.request.account_id.clone(),
            run_id: record.run_id.clone(),
            correlation_id: record.request.correlation_id.clone(),
        }
    }
}

/// The Slack messages there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostKind {
    /// BLOCK, to the alerts channel.
    Blocked,
    /// ESCALATE, to the onboarding channel.
    Escalation,
    /// The tenant exists, to the onboarding channel.
    Success,
    /// An invoice is overdue, to finance.
    FinanceAlert,
    /// The run cannot go on by itself, to the alerts channel.
    Parked,
    /// An approval still waits, to the onboarding channel.
    Reminder,
}

/// The mails there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    /// BLOCK, to customer success.
    Blocked,
    /// ESCALATE, to customer success.
    Escalation,
    /// The tenant exists, to the account owner.
    Success,
    /// Welcome, to the customer.
    Welcome,
    /// Training, to the customer.
    Training,
    /// An approval still waits, to customer success.
    Reminder,
}

impl LetterKind {
    /// The kind of its report file, `email_<kind>`.
    #[must_use]
    pub fn report_kind(self) -> &'static str {
        match self {
            Self::Blocked => "email_blocked",
            Self::Escalation => "email_escalation",
            Self::Success => "email_success",
            Self::Welcome => "email_welcome",
            Self::Training => "email_training",
            Self::Reminder => "email_reminder",
        }
    }
}

/// The Slack message of that kind. `button_value` is what the buttons of an escalation carry; without it, it has none.
#[must_use]
pub fn slack(kind: PostKind, case: &Case<'_>, button_value: Option<&str>) -> SlackMessage {
    let post = match kind {
        PostKind::Blocked => blocked::post(case),
        PostKind::Escalation => escalation::post(case, button_value),
        PostKind::Success => success::post(case),
        PostKind::FinanceAlert => finance_alert::post(case),
        PostKind::Parked => parked::post(case),
        PostKind::Reminder => reminder::post(case),
    };
    post.render(&Trail::of(case.record))
}

/// The mail of that kind.
///
/// # Errors
/// As [`letter::Letter::render`].
pub fn mail(kind: LetterKind, case: &Case<'_>) -> Result<Mail, askama::Error> {
    let letter = match kind {
        LetterKind::Blocked => blocked::letter(case),
        LetterKind::Escalation => escalation::letter(case),
        LetterKind::Success => success::letter(case),
        LetterKind::Welcome => welcome::letter(case),
        LetterKind::Training => training::letter(case),
        LetterKind::Reminder => reminder::letter(case),
    };
    letter.render(&Trail::of(case.record))
}
