//! A person (or a program acting under a person's key) who uses Gangway: name, roles, the domains they may approve.
//!
//! Says who somebody is and what a role permits in general; whether one approval may be given by one person is decided
//! where approvals are.

use crate::{Actor, Domain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Role {
    /// Reads runs, approvals and tasks.
    Viewer,
    /// Starts runs and works the task list.
    Cs,
    /// Decides on approvals of their domains.
    Approver,
    /// Everything, keys included.
    Admin,
    /// Reads everything, the audit included; changes nothing.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Cs, Self::Approver, Self::Admin, Self::Auditor];

    /// The name as it stands in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Cs => "cs",
            Self::Approver => "approver",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Unique among the people of an installation; stands in audit, approvals and runs.
    pub name: String,
    /// May be empty: then nothing is permitted.
    pub roles: BTreeSet<Role>,
    /// Domains whose findings this person may approve; empty = all. Only means something to an approver.
    #[serde(default)]
    pub domains: BTreeSet<Domain>,
}

impl Person {
    /// As the audit names the person.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::person(&self.name)
    }

    /// Whether one of the person's roles is `role`, or is admin.
    #[must_use]
    pub fn may_act_as(&self, role: Role) -> bool {
        self.roles.contains(&role) || self.roles.contains(&Role::Admin)
    }
}

/// A name as it is compared: neither case nor space around it makes another person, in any alphabet.
#[must_use]
pub fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Whether two names are one person's. Whoever counts people, or keeps them apart, asks here.
#[must_use]
pub fn same_person(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

#[cfg(test)]
mod tests {
    use super::{Person, Role, same_person};
    use std::collections::BTreeSet;

    #[test]
    fn case_and_space_make_nobody_somebody_else_in_any_alphabet() {
        for one in ["Änne", "änne", " ÄNNE "] {
            assert!(same_person(one, "änne"), "{one:?}");
        }
        assert!(!same_person("Anne", "Änne") && !same_person("Ann", "Anne"));
    }

    #[test]
    fn an_admin_may_act_as_everybody_and_nobody_else_may() {
        let person =
            |role| Person { name: "Ada".to_owned(), roles: BTreeSet::from([role]), domains: BTreeSet::new() };
        for role in Role::ALL {
            assert!(person(Role::Admin).may_act_as(role));
            assert_eq!(person(Role::Auditor).may_act_as(role), role == Role::Auditor);
            assert_eq!(Role::named(role.name()), Some(role));
        }
    }
}
