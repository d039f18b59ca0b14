//! The two things a rule names: whom it is about, and which tools. Limits name callers by the same words.

use crate::access::principal::{Kind, Principal};
use gangway_protocol::{Agent, Role};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whom a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    /// `agent:NAME`.
    Agent(Agent),
    /// `person:NAME`.
    Person(String),
    /// `role:NAME`: every person with it.
    Role(Role),
    /// `host`: every host.
    AnyHost,
    /// `host:CLIENT`.
    Host(String),
    /// `scope:NAME`: every host whose token has it.
    Scope(String),
    /// `local`: whoever launched a server.
    AnyLocal,
    /// `local:NAME`.
    Local(String),
}

impl Subject {
    /// Reads a word of a rule.
    ///
    /// # Errors
    /// What may be written instead.
    pub fn read(word: &str) -> Result<Self, String> {
        let named = |name: &str| if name.is_empty() { None } else { Some(name.to_owned()) };
        let read = match word.split_once(':') {
            None if word == "host" => Some(Self::AnyHost),
            None if word == "local" => Some(Self::AnyLocal),
            Some(("agent", name)) => Agent::named(name).map(Self::Agent),
            Some(("role", name)) => Role::named(name).map(Self::Role),
            Some(("person", name)) => named(name).map(Self::Person),
            Some(("host", name)) => named(name).map(Self::Host),
            Some(("scope", name)) => named(name).map(Self::Scope),
            Some(("local", name)) => named(name).map(Self::Local),
            None | Some(_) => None,
        };
        read.ok_or_else(|| {
            let agents = Agent::ALL.map(Agent::name).join(", ");
            let roles = Role::ALL.map(Role::name).join(", ");
            format!(
                "{word:?} names nobody: write agent:NAME ({agents}), role:NAME ({roles}), person:NAME, host, host:CLIENT, scope:SCOPE, local or local:NAME"
            )
        })
    }

    /// Whether it means everybody of a kind, not somebody by name.
    #[must_use]
    pub fn is_group(&self) -> bool {
        match self {
            Self::Role(_) | Self::AnyHost | Self::Scope(_) | Self::AnyLocal => true,
            Self::Agent(_) | Self::Person(_) | Self::Host(_) | Self::Local(_) => false,
        }
    }

    /// Whether a caller is meant.
    #[must_use]
    pub fn is(&self, principal: &Principal) -> bool {
        match (self, principal.kind()) {
            (Self::Agent(meant), Kind::Agent(agent)) => meant == agent,
            (Self::Person(meant), Kind::Person(person)) => *meant == person.name,
            (Self::Role(meant), Kind::Person(person)) => person.roles.contains(meant),
            (Self::AnyHost, Kind::Host { .. }) | (Self::AnyLocal, Kind::Local(_)) => true,
            (Self::Host(meant), Kind::Host { client, .. }) => meant == client,
            (Self::Scope(meant), Kind::Host { scopes, .. }) => scopes.contains(meant),
            (Self::Local(meant), Kind::Local(name)) => meant == name,
            (_, Kind::Agent(_) | Kind::Person(_) | Kind::Host { .. } | Kind::Local(_)) => false,
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = String;
    fn try_from(word: String) -> Result<Self, String> {
        Self::read(&word)
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(agent) => write!(f, "agent:{}", agent.name()),
            Self::Person(name) => write!(f, "person:{name}"),
            Self::Role(role) => write!(f, "role:{}", role.name()),
            Self::AnyHost => f.write_str("host"),
            Self::Host(client) => write!(f, "host:{client}"),
            Self::Scope(scope) => write!(f, "scope:{scope}"),
            Self::AnyLocal => f.write_str("local"),
            Self::Local(name) => write!(f, "local:{name}"),
        }
    }
}

/// Tools by name: `*`, `salesforce.*`, or one tool's canonical name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolPattern {
    /// Every tool.
    All,
    /// Every tool of a family; holds the dot at its end.
    Family(String),
    /// One.
    One(String),
}

impl ToolPattern {
    /// Reads a word of a rule; any text is a pattern, of no tool perhaps.
    #[must_use]
    pub fn read(word: &str) -> Self {
        match word.strip_suffix('*') {
            Some("") => Self::All,
            Some(family) if family.ends_with('.') => Self::Family(family.to_owned()),
            Some(_) | None => Self::One(word.to_owned()),
        }
    }

    /// Whether a tool is meant.
    #[must_use]
    pub fn matches(&self, tool: &str) -> bool {
        match self {
            Self::All => true,
            Self::Family(family) => tool.starts_with(family.as_str()),
            Self::One(name) => tool == name,
        }
    }
}
