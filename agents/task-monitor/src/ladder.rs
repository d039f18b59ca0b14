//! Who is reminded of an overdue task, and when (DESIGN section 5): the team at once, their manager from day 2, the
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
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{Rung, due_reminders};
    use crate::samples::task;
    use Rung::{Customer, Director, Manager, Team};
    use gangway_protocol::redact::Email;
    use gangway_protocol::task::{Contacts, Task, TaskOwner};

    /// Rungs and who stands on them.
    type Expected = &'static [(Rung, &'static str)];

    fn contacts(customer: bool, manager: bool, director: bool) -> Contacts {
        let known = |known: bool, name: &str| {
            known.then(|| Email::parse(format!("{name}@northwind.example")).unwrap())
        };
        Contacts {
            cs: known(true, "cs").unwrap(),
            customer: known(customer, "customer"),
            manager: known(manager, "manager"),
            director: known(director, "director"),
        }
    }

    fn due(owner: TaskOwner, contacts: Contacts, days_overdue: i32) -> Vec<(Rung, String)> {
        let task = Task { owner, contacts, ..task("T005") };
        let name = |to: Email| String::from(to).split('@').next().unwrap().to_owned();
        due_reminders(&task, days_overdue).into_iter().map(|due| (due.rung, name(due.to))).collect()
    }

    fn named(expected: &[(Rung, &str)]) -> Vec<(Rung, String)> {
        expected.iter().map(|(rung, name)| (*rung, (*name).to_owned())).collect()
    }

    #[test]
    fn the_ladder_is_climbed_on_day_two_and_day_four() {
        let team: &[(Rung, &str)] = &[(Team, "cs")];
        let manager: &[(Rung, &str)] = &[(Team, "cs"), (Manager, "manager")];
        let director: &[(Rung, &str)] = &[(Team, "cs"), (Manager, "manager"), (Director, "director")];
        for (days, expected) in
            [(-1, &[][..]), (0, &[]), (1, team), (2, manager), (3, manager), (4, director), (40, director)]
        {
            assert_eq!(
                due(TaskOwner::Cs, contacts(true, true, true), days),
                named(expected),
                "{days} days overdue"
            );
        }
    }

    #[test]
    fn a_customers_task_also_reminds_the_customer_if_known() {
        assert_eq!(
            due(TaskOwner::Customer, contacts(true, true, true), 1),
            named(&[(Customer, "customer"), (Team, "cs")])
        );
        assert_eq!(due(TaskOwner::Customer, contacts(false, true, true), 1), named(&[(Team, "cs")]));
        assert_eq!(due(TaskOwner::System, contacts(true, true, true), 1), named(&[(Team, "cs")]));
    }

    #[test]
    fn a_task_of_the_system_climbs_no_ladder() {
        assert_eq!(due(TaskOwner::System, contacts(true, true, true), 9), named(&[(Team, "cs")]));
        assert_eq!(due(TaskOwner::System, contacts(true, false, false), 9), named(&[(Team, "cs")]));
    }

    #[test]
    fn a_missing_rung_falls_to_the_next_lower_known_contact_and_nobody_is_written_to_twice_at_once() {
        let table: [(bool, bool, i32, Expected); 6] = [
            (false, false, 1, &[(Team, "cs")]),
            (false, false, 2, &[(Manager, "cs")]),
            (false, false, 4, &[(Director, "cs")]),
            (true, false, 4, &[(Team, "cs"), (Director, "manager")]),
            (false, true, 2, &[(Manager, "cs")]),
            (false, true, 4, &[(Manager, "cs"), (Director, "director")]),
        ];
        for (manager, director, days, expected) in table {
            let due = due(TaskOwner::Cs, contacts(false, manager, director), days);
            assert_eq!(due, named(expected), "manager {manager}, director {director}, day {days}");
        }
    }
}
