//! Who is reminded of an overdue task, and when: the team at once, their manager from day 2, the
//! director from day 4. Pure; it neither writes the words nor sends them.
//!
//! Days are days overdue, so "at once" is the first day after the due date. Every rung reached is due, each is sent once.
//! A customer's task also reminds the customer, once: a task may wait for somebody who has forgotten it, while the
//! escalation stays inside the house. A rung whose contact is unknown falls to the next lower known one; two rungs that
//! meet in one address become one message, that of the higher rung. Our own system's task (a customer's mail that did not
//! arrive) is told to the team only: it is a fault to look at, not somebody's work left undone.

use gangway_protocol::redact::Email;
use gangway_protocol::task::{Contacts, Task, TaskOwner};

/// A rung of the ladder, from the lowest to the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// The customer, of a task of theirs.
    Customer,
    /// Customer success.
    Team,
    /// Their manager.
    Manager,
    /// The director.
    Director,
}

impl Rung {
    /// The name in keys and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Team => "team",
            Self::Manager => "manager",
            Self::Director => "director",
        }
    }

    /// Days overdue from which on this rung is told.
    #[must_use]
    pub fn from_day(self) -> i32 {
        match self {
            Self::Customer | Self::Team => 0,
            Self::Manager => 2,
            Self::Director => 4,
        }
    }

    /// Who stands on this rung.
    fn contact(self, contacts: &Contacts) -> Option<&Email> {
        let manager = || contacts.manager.as_ref();
        match self {
            Self::Customer => contacts.customer.as_ref(),
            Self::Team => Some(&contacts.cs),
            Self::Manager => manager().or(Some(&contacts.cs)),
            Self::Director => contacts.director.as_ref().or_else(manager).or(Some(&contacts.cs)),
        }
    }
}

/// One message that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueReminder {
    /// The rung reached.
    pub rung: Rung,
    /// Who is written to.
    pub to: Email,
}

/// The messages due for a task that is `days_overdue`, lowest rung first. None for one that is not overdue.
#[must_use]
pub fn due_reminders(task: &Task, days_overdue: i32) -> Vec<DueReminder> {
    if days_overdue < 1 {
        return Vec::new();
    }
    let mut due: Vec<DueReminder> = Vec::new();
    for rung in [Rung::Director, Rung::Manager, Rung::Team, Rung::Customer] {
        let concerned = match rung {
            Rung::Customer => task.owner == TaskOwner::Customer,
            Rung::Team => true,
            Rung::Manager | Rung::Director => task.owner != TaskOwner::System,
        };
        if !concerned || days_overdue < rung.from_day() {
            continue;
        }
        if let Some(to) = rung.contact(&task.contacts)
            && !due.iter().any(|higher| higher.to == *to)
        {
            due.push(DueReminder { rung, to: to.clone() });
        }
    }
    due.reverse();
    due
}

#[cfg(test)]
mod tests;
