//! Who is written to on which day, and who stands in for a rung that is missing.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{Rung, due_reminders};
use crate::samples::task;
use Rung::{Customer, Director, Manager, Team};
use gangway_protocol::redact::Email;
use gangway_protocol::task::{Contacts, Task, TaskOwner};

/// Rungs and who stands on them.
type Expected = &'static [(Rung, &'static str)];

fn contacts(customer: bool, manager: bool, director: bool) -> Contacts {
    let known =
        |known: bool, name: &str| known.then(|| Email::parse(format!("{name}@northwind.example")).unwrap());
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
