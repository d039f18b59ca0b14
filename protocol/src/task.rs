//! The onboarding checklist's tasks as records. The table of the fourteen tasks lives with the tasks server.

use crate::ids::TaskId;
use crate::redact::Email;
use crate::{AccountId, TenantId};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum TaskStatus {
    /// Not begun.
    Pending,
    /// Begun.
    InProgress,
    /// Done.
    Completed,
    /// Cannot go on until somebody helps.
    Blocked,
    /// Does not apply to this tier.
    Skipped,
}

impl TaskStatus {
    /// The name as it stands in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
        }
    }

    /// Whether nothing more is to be done.
    #[must_use]
    pub fn is_settled(self) -> bool {
        match self {
            Self::Completed | Self::Skipped => true,
            Self::Pending | Self::InProgress | Self::Blocked => false,
        }
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What kind of work a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum TaskCategory {
    /// The system does it.
    Automated,
    /// Customer success does it.
    CsTeam,
    /// The customer does it.
    Customer,
    /// Marks the end.
    Milestone,
}

/// Who a task belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum TaskOwner {
    /// Gangway itself.
    System,
    /// Customer success.
    Cs,
    /// The customer.
    Customer,
}

impl TaskOwner {
    /// The name as it stands in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Cs => "cs",
            Self::Customer => "customer",
        }
    }
}

/// Who to write to about a checklist. Stands on the checklist, so that escalation needs no lookup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contacts {
    /// The CS person: account owner, else the configured CS address.
    pub cs: Email,
    /// The customer's signatory; null when the contract names none.
    #[serde(default)]
    pub customer: Option<Email>,
    /// Second rung of the escalation ladder.
    #[serde(default)]
    pub manager: Option<Email>,
    /// Third rung.
    #[serde(default)]
    pub director: Option<Email>,
}

/// One task of one checklist. Dates are UTC calendar days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// `tenant_id:code`.
    pub task_id: TaskId,
    /// `T001` to `T014`.
    pub code: String,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The account.
    pub account_id: AccountId,
    /// What is to be done.
    pub title: String,
    /// Kind of work.
    pub category: TaskCategory,
    /// Whose it is.
    pub owner: TaskOwner,
    /// Where it stands.
    pub status: TaskStatus,
    /// Day it is due.
    pub due_date: Date,
    /// Codes of the tasks it comes after; may be empty.
    pub after: Vec<String>,
    /// Last note somebody left.
    #[serde(default)]
    pub note: Option<String>,
    /// Day it was completed.
    #[serde(default)]
    pub completed_on: Option<Date>,
    /// Day the checklist was made.
    pub created_on: Date,
    /// Who to write to.
    pub contacts: Contacts,
}

/// How an onboarding goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Health {
    /// Nothing to worry about.
    OnTrack,
    /// Slipping.
    AtRisk,
    /// Stuck.
    Stalled,
    /// The last milestone is done.
    Completed,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnTrack => "on_track",
            Self::AtRisk => "at_risk",
            Self::Stalled => "stalled",
            Self::Completed => "completed",
        })
    }
}
