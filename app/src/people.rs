//! Who acts, and what they may do: the person of an API key, or whoever works at this machine.
//!
//! Which role permits which action is one pure table, the same for HTTP and the command line. Whether a person may
//! decide one certain approval is decided where approvals are.

use crate::api_keys;
use anyhow::{Result, bail};
use gangway_protocol::actor::may_name_a_person;
use gangway_protocol::{Person, Role};
use gangway_store::Store;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use std::collections::BTreeSet;
use std::fmt;

/// What somebody may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Read runs, approvals, tasks, tenants and the feed; names and addresses of people masked.
    Read,
    /// See the names and addresses in facts, tasks and messages, and read reports, which hold both.
    SeePeople,
    /// Start runs, and try parked ones again.
    StartRuns,
    /// Change a task's status.
    UpdateTasks,
    /// Decide on approvals.
    Decide,
    /// Read the audit.
    ReadAudit,
    /// Look after messages that did not go out as they should.
    SettleMessages,
    /// Make and revoke keys; switch the demo's errors on and off.
    Administer,
}

impl Action {
    /// Every action.
    #[cfg(test)]
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::SeePeople,
        Self::StartRuns,
        Self::UpdateTasks,
        Self::Decide,
        Self::ReadAudit,
        Self::SettleMessages,
        Self::Administer,
    ];

    /// What is done, to be read after "may not".
    fn words(self) -> &'static str {
        match self {
            Self::Read => "read runs, approvals and tasks",
            Self::SeePeople => "read what names people, such as reports",
            Self::StartRuns => "start runs",
            Self::UpdateTasks => "change tasks",
            Self::Decide => "decide on approvals",
            Self::ReadAudit => "read the audit",
            Self::SettleMessages => "settle messages",
            Self::Administer => "administer this installation",
        }
    }

    /// The roles that permit it, admin apart, who may do everything.
    fn roles(self) -> &'static [Role] {
        match self {
            Self::Read => &[Role::Viewer, Role::Cs, Role::Approver, Role::Auditor],
            Self::SeePeople => &[Role::Cs, Role::Approver],
            Self::StartRuns | Self::UpdateTasks | Self::SettleMessages => &[Role::Cs],
            Self::Decide => &[Role::Approver],
            Self::ReadAudit => &[Role::Auditor],
            Self::Administer => &[],
        }
    }

    /// The names of the roles that permit it, for people.
    pub fn permitted_to(self) -> String {
        let mut names: Vec<&str> = self.roles().iter().map(|role| role.name()).collect();
        names.push(Role::Admin.name());
        names.join(", ")
    }
}

/// Somebody asked for what none of their roles permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPermitted {
    name: String,
    action: Action,
}

impl fmt::Display for NotPermitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, action } = self;
        write!(
            f,
            "{name} may not {}; a key with one of these roles may: {}",
            action.words(),
            action.permitted_to()
        )
    }
}

impl std::error::Error for NotPermitted {}

/// Whether one of the person's roles permits the action.
pub fn permits(person: &Person, action: Action) -> bool {
    person.roles.contains(&Role::Admin) || action.roles().iter().any(|role| person.roles.contains(role))
}

/// Refuses what none of the person's roles permits.
pub fn require(person: &Person, action: Action) -> Result<(), NotPermitted> {
    match permits(person, action) {
        true => Ok(()),
        false => Err(NotPermitted { name: person.name.clone(), action }),
    }
}

/// Who acts at the command line, if that person may do this.
pub async fn acting(key: Option<&SecretString>, store: &Store, action: Action) -> Result<Person> {
    let person = acting_person(key, store).await?;
    require(&person, action)?;
    Ok(person)
}

/// Who acts at the command line: the person of `GANGWAY_API_KEY` if that is given, else whoever works at this machine.
/// The latter can read the database file anyway, so is an admin.
pub async fn acting_person(key: Option<&SecretString>, store: &Store) -> Result<Person> {
    let Some(key) = key else { return Ok(local_person()) };
    match api_keys::person_of(store, key, Timestamp::now()).await? {
        Ok(found) => Ok(found.person),
        Err(refusal) => {
            store.audit().append(refusal.record("command line", Timestamp::now())).await?;
            bail!("GANGWAY_API_KEY opens nothing: {refusal}")
        }
    }
}

/// Reads a name from the configuration: it stands in approvals and in the audit, as the names of people with keys do.
pub fn persons_name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let name = String::deserialize(from)?;
    match may_name_a_person(&name) {
        true => Ok(name),
        false => {
            Err(D::Error::custom(format!("{name:?} is no name of a person: give it as on their API key")))
        }
    }
}

/// The operating system's user, as an admin.
pub fn local_person() -> Person {
    let name = std::env::var("USER").ok().filter(|name| may_name_a_person(name));
    Person {
        name: name.unwrap_or_else(|| "operator".to_owned()),
        roles: BTreeSet::from([Role::Admin]),
        domains: BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, permits, require};
    use gangway_protocol::{Person, Role};

    fn person(roles: &[Role]) -> Person {
        Person { name: "Ada".to_owned(), roles: roles.iter().copied().collect(), domains: [].into() }
    }

    #[test]
    fn each_role_permits_what_the_table_says() {
        use Action::{
            Administer, Decide, Read, ReadAudit, SeePeople, SettleMessages, StartRuns, UpdateTasks,
        };
        let table: [(Role, &[Action]); 5] = [
            (Role::Viewer, &[Read]),
            (Role::Cs, &[Read, SeePeople, StartRuns, UpdateTasks, SettleMessages]),
            (Role::Approver, &[Read, SeePeople, Decide]),
            (Role::Auditor, &[Read, ReadAudit]),
            (
                Role::Admin,
                &[Read, SeePeople, StartRuns, UpdateTasks, Decide, ReadAudit, SettleMessages, Administer],
            ),
        ];
        for (role, permitted) in table {
            for action in Action::ALL {
                let may = permits(&person(&[role]), action);
                assert_eq!(may, permitted.contains(&action), "{role} {action:?}");
            }
        }
    }

    #[test]
    fn roles_add_up_and_no_role_permits_nothing() {
        let both = person(&[Role::Cs, Role::Approver]);
        assert!(permits(&both, Action::StartRuns) && permits(&both, Action::Decide));
        assert!(Action::ALL.into_iter().all(|action| !permits(&person(&[]), action)));
    }

    #[test]
    fn a_refusal_names_who_may() {
        let refused = require(&person(&[Role::Viewer]), Action::StartRuns);
        let says = refused.err().map(|refused| refused.to_string());
        let expected = "Ada may not start runs; a key with one of these roles may: cs, admin";
        assert_eq!(says.as_deref(), Some(expected));
    }
}
