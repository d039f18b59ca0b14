//! The fourteen onboarding tasks as data: who does what, by which day, after what.
//!
//! Data and the making of a checklist from it. How a task may move is `transition`'s business.

use gangway_protocol::ids::{IdError, TaskId};
use gangway_protocol::task::{Contacts, Task, TaskCategory, TaskOwner, TaskStatus};
use gangway_protocol::{AccountId, TenantId, Tier};
use jiff::ToSpan as _;
use jiff::civil::Date;

/// Code of the last milestone.
pub(crate) const MILESTONE: &str = "T014";

/// Which tiers a task is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tiers {
    Every,
    Enterprise,
    EnterpriseAndGrowth,
}

impl Tiers {
    fn include(self, tier: Tier) -> bool {
        match (self, tier) {
            (Self::Every, _) | (Self::Enterprise | Self::EnterpriseAndGrowth, Tier::Enterprise) => true,
            (Self::EnterpriseAndGrowth, Tier::Growth) => true,
            (Self::Enterprise, Tier::Growth | Tier::Starter) | (Self::EnterpriseAndGrowth, Tier::Starter) => {
                false
            }
        }
    }
}

/// How a task begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    /// Somebody has to do it.
    Open,
    /// The step that made the tenant did it: a checklist exists only after the tenant and its key do.
    Done,
}

/// One line of the table.
struct Line {
    code: &'static str,
    title: &'static str,
    category: TaskCategory,
    owner: TaskOwner,
    due_days: i64,
    after: &'static [&'static str],
    tiers: Tiers,
    begins: Begins,
}

use Begins::{Done, Open};
use TaskCategory::{Automated, CsTeam, Customer as ByCustomer, Milestone};
use TaskOwner::{Cs, Customer, System};
use Tiers::{Enterprise, EnterpriseAndGrowth, Every};

/// Every task but the milestone itself; skipped ones count as settled.
const ALL_OTHERS: &[&str] =
    &["T001", "T002", "T003", "T004", "T005", "T006", "T007", "T008", "T009", "T010", "T011", "T012", "T013"];

#[rustfmt::skip]
const TABLE: [Line; 14] = [
    Line { code: "T001", title: "Create tenant", category: Automated, owner: System, due_days: 0, after: &[], tiers: Every, begins: Done },
    Line { code: "T002", title: "Generate API credentials", category: Automated, owner: System, due_days: 0, after: &["T001"], tiers: Every, begins: Done },
    Line { code: "T003", title: "Send welcome email", category: Automated, owner: System, due_days: 0, after: &["T001"], tiers: Every, begins: Open },
    Line { code: "T004", title: "Send training materials", category: Automated, owner: System, due_days: 0, after: &["T003"], tiers: Every, begins: Open },
    Line { code: "T005", title: "Schedule kickoff call", category: CsTeam, owner: Cs, due_days: 1, after: &["T003"], tiers: Every, begins: Open },
    Line { code: "T006", title: "Conduct kickoff call", category: CsTeam, owner: Cs, due_days: 3, after: &["T005"], tiers: Every, begins: Open },
    Line { code: "T007", title: "Configure SSO", category: CsTeam, owner: Cs, due_days: 7, after: &["T006"], tiers: Enterprise, begins: Open },
    Line { code: "T008", title: "Create custom reports", category: CsTeam, owner: Cs, due_days: 10, after: &["T006"], tiers: EnterpriseAndGrowth, begins: Open },
    Line { code: "T009", title: "Verify login", category: ByCustomer, owner: Customer, due_days: 2, after: &["T003"], tiers: Every, begins: Open },
    Line { code: "T010", title: "Complete platform tour", category: ByCustomer, owner: Customer, due_days: 5, after: &["T009"], tiers: Every, begins: Open },
    Line { code: "T011", title: "Invite team", category: ByCustomer, owner: Customer, due_days: 7, after: &["T009"], tiers: Every, begins: Open },
    Line { code: "T012", title: "Create first campaign", category: ByCustomer, owner: Customer, due_days: 14, after: &["T010"], tiers: Every, begins: Open },
    Line { code: "T013", title: "30-day check-in", category: CsTeam, owner: Cs, due_days: 30, after: &["T006"], tiers: Every, begins: Open },
    Line { code: MILESTONE, title: "Onboarding complete", category: Milestone, owner: Cs, due_days: 45, after: ALL_OTHERS, tiers: Every, begins: Open },
];

/// Whose checklist it is.
#[derive(Debug, Clone)]
pub(crate) struct ChecklistOf {
    pub account_id: AccountId,
    pub tenant_id: TenantId,
    pub tier: Tier,
    pub contacts: Contacts,
}

/// Why a checklist could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChecklistError {
    /// The tenant id is so long that no task id fits.
    #[error("the tenant id leaves no room for task ids: {0}")]
    TaskId(#[from] IdError),
    /// The calendar ends before the last task is due.
    #[error("no due date {due_days} days after {today} exists")]
    DueDate { today: Date, due_days: i64 },
}

/// The fourteen tasks of a checklist made on `today` (UTC), by code.
pub(crate) fn checklist(of: &ChecklistOf, today: Date) -> Result<Vec<Task>, ChecklistError> {
    TABLE.iter().map(|line| task(line, of, today)).collect()
}

fn task(line: &Line, of: &ChecklistOf, today: Date) -> Result<Task, ChecklistError> {
    let due_date = today
        .checked_add(line.due_days.days())
        .map_err(|_| ChecklistError::DueDate { today, due_days: line.due_days })?;
    let (status, completed_on) = match (line.tiers.include(of.tier), line.begins) {
        (false, _) => (TaskStatus::Skipped, None),
        (true, Begins::Done) => (TaskStatus::Completed, Some(today)),
        (true, Begins::Open) => (TaskStatus::Pending, None),
    };
    Ok(Task {
        task_id: TaskId::parse(format!("{}:{}", of.tenant_id, line.code))?,
        code: line.code.to_owned(),
        tenant_id: of.tenant_id.clone(),
        account_id: of.account_id.clone(),
        title: line.title.to_owned(),
        category: line.category,
        owner: line.owner,
        status,
        due_date,
        after: line.after.iter().map(|code| (*code).to_owned()).collect(),
        note: None,
        completed_on,
        created_on: today,
        contacts: of.contacts.clone(),
    })
}

#[cfg(test)]
mod tests;
