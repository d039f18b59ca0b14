//! Contracts of the task-list tools.

use super::{Access, Contract, Known, Rerun, Tool};
use crate::ids::TaskId;
use crate::redact::Personal;
use crate::task::{Contacts, Task, TaskOwner, TaskStatus};
use crate::{AccountId, IdempotencyKey, System, TenantId, Tier};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The checklist to make.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreateChecklistArgs {
    /// The account's business id.
    pub account_id: AccountId,
    /// The tenant it is for.
    pub tenant_id: TenantId,
    /// Decides which tasks are skipped.
    pub tier: Tier,
    /// Who to write to.
    #[schemars(extend("x-redact" = "personal"))]
    pub contacts: Contacts,
    /// Same key, same answer; the checklist is made once per tenant.
    pub idempotency_key: IdempotencyKey,
}

/// The checklist, made now or before.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Checklist {
    /// Its fourteen tasks, by code.
    pub tasks: Vec<Task>,
    /// False when the tenant already had it.
    pub created: bool,
}

/// `tasks.create_checklist`
pub struct CreateChecklist;
impl Tool for CreateChecklist {
    type Args = CreateChecklistArgs;
    type Output = Checklist;
    const CONTRACT: Contract = Contract {
        system: System::Tasks,
        name: "tasks.create_checklist",
        title: "Create the onboarding checklist",
        description: "Makes a tenant's fourteen onboarding tasks with owners, due dates and order, or gives the ones it already has. Tasks the tier does not include are skipped; T001 and T002 are completed by the tenant's creation.",
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Harmless },
        open_world: false,
    };
}

/// The change to make.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UpdateStatusArgs {
    /// `tenant_id:code`, e.g. tnt-acme-001:T005.
    pub task_id: TaskId,
    /// The new status.
    pub status: TaskStatus,
    /// A note for colleagues, at most 1,000 characters. Needed to reopen a settled task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub note: Option<Personal>,
    /// Same key, same answer.
    pub idempotency_key: IdempotencyKey,
}

/// The changed task.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TaskUpdated {
    /// The task as it is now.
    pub task: Task,
}

/// `tasks.update_status`
pub struct UpdateStatus;
impl Tool for UpdateStatus {
    type Args = UpdateStatusArgs;
    type Output = TaskUpdated;
    const CONTRACT: Contract = Contract {
        system: System::Tasks,
        name: "tasks.update_status",
        title: "Update a task",
        description: "Moves a task (tenant_id:code, e.g. tnt-acme-001:T005) to pending, in_progress, completed, blocked or skipped. A task cannot start or complete before the tasks it comes after are settled; reopening a settled task needs a note. Gives the task as it stands; tasks.get_next_actions says what can be worked on.",
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Harmless },
        open_world: false,
    };
}

/// Which tasks.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListArgs {
    /// Only this account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Only this owner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TaskOwner>,
    /// Only with this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskStatus>,
    /// The page after this task: the last one of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<TaskId>,
}

/// Tasks, by due date.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TaskList {
    /// At most 1,000 tasks; may be empty.
    pub tasks: Vec<Task>,
    /// Whether there are more: after the last of these.
    pub more: bool,
}

/// `tasks.list`
pub struct List;
impl Tool for List {
    type Args = ListArgs;
    type Output = TaskList;
    const CONTRACT: Contract = Contract {
        system: System::Tasks,
        name: "tasks.list",
        title: "List tasks",
        description: "Lists onboarding tasks by due date, narrowed by account, owner (system, cs, customer) or status; without an account, none of suspended tenants. At most 1,000 a page; after names the last task of the page before. For late ones use tasks.get_overdue, for what can be done now tasks.get_next_actions.",
        access: Access::Read,
        open_world: false,
    };
}

/// By which day, and whose.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct OverdueArgs {
    /// The day to judge by, UTC; today when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Date>,
    /// Only this owner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TaskOwner>,
    /// The page after this task: the last one of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<TaskId>,
}

/// A task past its due date.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OverdueTask {
    /// The task.
    pub task: Task,
    /// Whole days since it was due, at least 1.
    pub days_overdue: i32,
}

/// Overdue tasks, longest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OverdueTasks {
    /// The day judged by.
    pub as_of: Date,
    /// At most 1,000 tasks; may be empty.
    pub tasks: Vec<OverdueTask>,
    /// Whether there are more: after the last of these.
    pub more: bool,
}

/// `tasks.get_overdue`
pub struct GetOverdue;
impl Tool for GetOverdue {
    type Args = OverdueArgs;
    type Output = OverdueTasks;
    const CONTRACT: Contract = Contract {
        system: System::Tasks,
        name: "tasks.get_overdue",
        title: "List overdue tasks",
        description: "Lists tasks due before a day (today unless as_of says otherwise, UTC) and neither completed nor skipped (blocked ones count), longest overdue first; none of suspended tenants. At most 1,000 a page; after names the last task of the page before. Writes to nobody: task_monitor.sweep does.",
        access: Access::Read,
        open_world: false,
    };
}

/// Names an account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountArgs {
    /// The account's business id.
    pub account_id: AccountId,
}

/// What can be done now.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NextActions {
    /// Tasks that are open and whose predecessors are settled, by due date; may be empty.
    pub tasks: Vec<Task>,
}

/// `tasks.get_next_actions`
pub struct GetNextActions;
impl Tool for GetNextActions {
    type Args = AccountArgs;
    type Output = NextActions;
    const CONTRACT: Contract = Contract {
        system: System::Tasks,
        name: "tasks.get_next_actions",
        title: "List what can be done next",
        description: "Lists an account's tasks that can be worked on now: open, and everything they come after is settled. Empty when there is no checklist or all is done. Mark progress with tasks.update_status.",
        access: Access::Read,
        open_world: false,
    };
}

/// How far an onboarding is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// The account.
    pub account_id: AccountId,
    /// All tasks.
    pub total: u32,
    /// Completed ones.
    pub completed: u32,
    /// Skipped ones.
    pub skipped: u32,
    /// completed / (total − skipped), rounded down, 0 to 100; 0 without tasks.
    pub percent: u32,
}

/// `tasks.get_progress`
pub struct GetProgress;
impl Tool for GetProgress {
    type Args = AccountArgs;
    type Output = Progress;
    const CONTRACT: Contract = Contract {
        system: System::Tasks,
        name: "tasks.get_progress",
        title: "Get an account's progress",
        description: "Counts an account's tasks: total, completed, skipped and percent done of those that apply. All zero when it has no checklist. The tasks themselves are in tasks.list.",
        access: Access::Read,
        open_world: false,
    };
}

/// All task-list tools.
#[must_use]
pub fn known() -> Vec<Known> {
    vec![
        Known::of::<CreateChecklist>(),
        Known::of::<UpdateStatus>(),
        Known::of::<List>(),
        Known::of::<GetOverdue>(),
        Known::of::<GetNextActions>(),
        Known::of::<GetProgress>(),
    ]
}
