//! Who calls: one of our agents, a person, a host with a token of its own, or whoever launched the process.
//!
//! Given by whoever opens the connection or proved at its door, never read from the call. Two principals are the same only
//! if their rights are: what is shared within one, such as a batch of reads, never crosses a difference in rights.

use gangway_protocol::{Actor, Agent, IdempotencyKey, Person, System};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Longest name of a client, a subject or a launched process.
const LONGEST_NAME: usize = 128;

/// What kind of caller it is, with what its rights hang on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One of our agents.
    Agent(Agent),
    /// A person, by an API key or at the command line.
    Person(Person),
    /// A host, by an OAuth access token.
    Host {
        /// The OAuth client.
        client: String,
        /// Whom it acts for.
        subject: String,
        /// What the token was issued for.
        scopes: BTreeSet<String>,
    },
    /// Whoever launched the process, or reaches it on this machine unnamed: by the name the launch gave.
    Local(String),
}

/// What a caller may do at most, whatever the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Reads only.
    Reads,
    /// Reads and writes.
    Writes,
}

/// A name that could be taken for somebody else's, or spoil a record. It is not repeated: it may be anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this cannot name a caller: 1 to {LONGEST_NAME} visible ASCII characters, no agent's name")]
pub struct BadName;

/// Who calls. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal(Arc<Identity>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Identity {
    actor: Actor,
    kind: Kind,
    reach: Reach,
    only: Option<System>,
}

impl Principal {
    /// An agent.
    #[must_use]
    pub fn agent(agent: Agent) -> Self {
        Self::made(Actor::agent(agent), Kind::Agent(agent))
    }

    /// A person.
    #[must_use]
    pub fn person(person: Person) -> Self {
        Self::made(person.actor(), Kind::Person(person))
    }

    /// A host's OAuth client, acting for a subject, with the scopes of its token.
    ///
    /// # Errors
    /// One of the names is not fit to stand in a record.
    pub fn host(client: &str, subject: &str, scopes: BTreeSet<String>) -> Result<Self, BadName> {
        let (client, subject) = (plain(client)?, plain(subject)?);
        let actor = Actor::host(&client, &subject);
        Ok(Self::made(actor, Kind::Host { client, subject, scopes }))
    }

    /// Whoever launched this process, by the name its launch gave.
    ///
    /// # Errors
    /// The name is not fit to stand in a record, or is an agent's.
    pub fn local(name: &str, reach: Reach) -> Result<Self, BadName> {
        let name = plain(name)?;
        if Agent::named(&name).is_some() {
            return Err(BadName);
        }
        Ok(Self::made(Actor::local(&name), Kind::Local(name)).within(reach))
    }

    /// The same, doing at most this.
    #[must_use]
    pub fn within(self, reach: Reach) -> Self {
        Self(Arc::new(Identity { reach, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same, with the tools of one system only: what a token made for one server opens.
    #[must_use]
    pub fn only(self, system: System) -> Self {
        Self(Arc::new(Identity { only: Some(system), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// As the audit keeps it: `agent:coordinator`, `person:Ada`, `host:CLIENT SUBJECT`, `local:NAME`.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.0.actor
    }

    /// What kind of caller.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// What it may do at most.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.0.reach
    }

    /// The one system whose tools it may call, if there is such a bound.
    #[must_use]
    pub fn only_system(&self) -> Option<System> {
        self.0.only
    }

    /// Whether it is a host with a token of its own.
    #[must_use]
    pub fn is_host(&self) -> bool {
        matches!(self.0.kind, Kind::Host { .. })
    }

    /// The person, if it is one.
    #[must_use]
    pub fn as_person(&self) -> Option<&Person> {
        match &self.0.kind {
            Kind::Person(person) => Some(person),
            Kind::Agent(_) | Kind::Host { .. } | Kind::Local(_) => None,
        }
    }

    /// An idempotency key this caller gave, as its own: nobody takes another's key, or gets the answer to it. Our agents
    /// have theirs in common and as they are, for a run's steps go on in whichever process takes it up.
    #[must_use]
    pub fn own_key(&self, key: IdempotencyKey) -> IdempotencyKey {
        match self.0.kind {
            Kind::Agent(_) => key,
            Kind::Person(_) | Kind::Host { .. } | Kind::Local(_) => key.within(&self.key_space()),
        }
    }

    /// The name space of its keys. Keys outlive releases: another form than that of the first would let a repeat do twice
    /// what it names, so it does not follow the audit's.
    #[must_use]
    pub fn key_space(&self) -> String {
        match &self.0.kind {
            Kind::Agent(agent) => agent.name().to_owned(),
            Kind::Person(person) => format!("person {}", person.name),
            Kind::Host { client, subject, .. } => format!("host {client} {subject}"),
            Kind::Local(name) => name.clone(),
        }
    }

    fn made(actor: Actor, kind: Kind) -> Self {
        Self(Arc::new(Identity { actor, kind, reach: Reach::Writes, only: None }))
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.actor.fmt(f)
    }
}

/// No blanks: `host:a b` is then read in one way only.
fn plain(name: &str) -> Result<String, BadName> {
    let is_plain =
        (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain { Ok(name.to_owned()) } else { Err(BadName) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

    use super::{Principal, Reach};
    use gangway_protocol::{Agent, Person, Role};

    #[test]
    fn nobody_can_take_anothers_name() {
        for name in ["coordinator", "person Ada", "host a b", "", "tab\t", "naïve", &"x".repeat(129)] {
            assert!(Principal::local(name, Reach::Reads).is_err(), "{name:?}");
        }
        assert_eq!(Principal::local("stdio", Reach::Reads).unwrap().to_string(), "local:stdio");
        assert!(Principal::host("a b", "c", [].into()).is_err(), "host a b c would be ambiguous");
        assert_eq!(Principal::agent(Agent::Contract).to_string(), "agent:contract-agent");
    }

    #[test]
    fn the_same_name_with_other_rights_is_another_principal() {
        let ada = |role| {
            Principal::person(Person { name: "Ada".to_owned(), roles: [role].into(), domains: [].into() })
        };
        assert_eq!(ada(Role::Cs), ada(Role::Cs));
        assert_ne!(ada(Role::Cs), ada(Role::Viewer));
        assert_ne!(ada(Role::Cs), ada(Role::Cs).within(Reach::Reads));
        let host = |scope: &str| Principal::host("c", "s", [scope.to_owned()].into()).unwrap();
        assert_ne!(host("a"), host("b"));
    }
}
