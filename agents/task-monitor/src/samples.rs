//! A task for the tests of this crate.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use gangway_protocol::ids::TaskId;
use gangway_protocol::redact::Email;
use gangway_protocol::task::{Contacts, Task, TaskCategory, TaskOwner, TaskStatus};
use gangway_protocol::{AccountId, TenantId};
use jiff::civil::{Date, date};

/// The day the sample's checklist was made.
pub(crate) const MADE_ON: Date = date(2026, 1, 5);

/// An open CS task of ACME-001.
pub(crate) fn task(code: &str) -> Task {
    Task {
        task_id: TaskId::parse(format!("tnt-acme-001:{code}")).unwrap(),
        code: code.to_owned(),
        tenant_id: TenantId::parse("tnt-acme-001").unwrap(),
        account_id: AccountId::parse("ACME-001").unwrap(),
        title: "Schedule kickoff call".to_owned(),
        category: TaskCategory::CsTeam,
        owner: TaskOwner::Cs,
        status: TaskStatus::Pending,
        due_date: MADE_ON,
        after: Vec::new(),
        note: None,
        completed_on: None,
        created_on: MADE_ON,
        contacts: Contacts {
            cs: Email::parse("cs@northwind.example").unwrap(),
            customer: None,
            manager: None,
            director: None,
        },
    }
}
