//! The two things a rule names: whom it is about, and which tools.

use crate::access::principal::{Kind, Principal};
use gangway_protocol::{Agent, Role};

/// Whom a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
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
