//! Who did something, in the one form that is kept of it: `agent:coordinator`, `person:dana`, `host:CLIENT SUBJECT`.
//!
//! What stands in the audit is made here and nowhere else. Who somebody is, and what they may do, is not decided here.

use crate::Agent;
use crate::person::folded;
use std::fmt;
use std::sync::Arc;

/// The kinds of actors, as they stand before the colon. A rule of the policy names callers by the same words.
const KINDS: [&str; 7] = ["agent", "person", "host", "local", "process", "webhook", "slack"];

/// Who did something, or asked for it. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor(Arc<str>);

impl Actor {
    /// One of our agents.
    #[must_use]
    pub fn agent(agent: Agent) -> Self {
        Self::of("agent", agent.name())
    }

    /// A person, by name.
    #[must_use]
    pub fn person(name: &str) -> Self {
        Self::of("person", name)
    }

    /// A host's OAuth client and whom it acts for; neither holds a blank.
    #[must_use]
    pub fn host(client: &str, subject: &str) -> Self {
        Self::of("host", &format!("{client} {subject}"))
    }

    /// Whoever launched a process or reaches it on this machine, by the name of the launch.
    #[must_use]
    pub fn local(name: &str) -> Self {
        Self::of("local", name)
    }

    /// A process of ours that acts by itself: `service`, `mcp clm`.
    #[must_use]
    pub fn process(name: &str) -> Self {
        Self::of("process", name)
    }

    /// A sender of webhooks whose signature was good.
    #[must_use]
    pub fn webhook(sender: &str) -> Self {
        Self::of("webhook", sender)
    }

    /// A user of Slack, by Slack's id, who is none of the people known here.
    #[must_use]
    pub fn slack(user: &str) -> Self {
        Self::of("slack", user)
    }

    /// Nobody who proved anything, in words such as `no key of ours`; they hold no colon, so never read as a name.
    #[must_use]
    pub fn nobody(words: &'static str) -> Self {
        Self(words.into())
    }

    /// As it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(kind: &str, name: &str) -> Self {
        Self(format!("{kind}:{name}").into())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every form in which whoever is meant by `text` may be kept: with their kind; as rows of before this form have them,
/// `person dana` or the bare name; and of every kind where only a name is given.
#[must_use]
pub fn forms(text: &str) -> Vec<String> {
    let (kinds, name) = match split(text) {
        Some((kind, name)) => (vec![kind], name),
        None => (KINDS.to_vec(), text),
    };
    let kept = kinds.into_iter().flat_map(|kind| [format!("{kind}:{name}"), format!("{kind} {name}")]);
    kept.chain([name.to_owned()]).collect()
}

/// Whether a person may go by this name: it cannot be read as an agent's, or as any actor's as it is kept now or was before.
#[must_use]
pub fn may_name_a_person(name: &str) -> bool {
    let name = folded(name);
    let is_plain = !name.is_empty() && !name.chars().any(|letter| letter == ':' || letter.is_control());
    is_plain && Agent::named(&name).is_none() && split(&name).is_none() && !KINDS.contains(&name.as_str())
}

/// Kind and name, where there are both.
fn split(text: &str) -> Option<(&'static str, &str)> {
    let (word, name) = text.split_once([':', ' '])?;
    KINDS.into_iter().find(|kind| *kind == word).map(|kind| (kind, name))
}

#[cfg(test)]
mod tests {
    use super::{Actor, forms, may_name_a_person};
    use crate::Agent;

    #[test]
    fn nobody_takes_the_name_of_an_agent_or_of_an_actor_of_another_kind() {
        for agent in Agent::ALL {
            for taken in [Actor::agent(agent).as_str(), agent.name(), &agent.name().to_uppercase()] {
                assert!(!may_name_a_person(taken), "{taken}");
            }
        }
        for taken in
            ["", "  ", "person:dana", "host desk ada", "Slack U1", "webhook acme", "local", "a:b", "a\nb"]
        {
            assert!(!may_name_a_person(taken), "{taken:?}");
        }
        for free in ["dana", "Dana Kim", "Änne", "hostess", "dana@example.com", "coordinator of CS"] {
            assert!(may_name_a_person(free), "{free}");
        }
    }

    #[test]
    fn whoever_is_looked_for_is_found_in_the_form_of_now_and_of_before() {
        let finds = |asked: &str, kept: &str| forms(asked).iter().any(|form| form == kept);
        for asked in ["person:dana", "person dana", "dana"] {
            for kept in [Actor::person("dana").as_str(), "person dana", "dana"] {
                assert!(finds(asked, kept), "{asked} {kept}");
            }
        }
        assert!(finds("agent:coordinator", "coordinator") && finds("coordinator", "agent:coordinator"));
        assert!(
            finds("host:desk ada", "host desk ada") && finds("service", Actor::process("service").as_str())
        );
        assert!(!finds("person:dana", "local:dana") && !finds("agent:coordinator", "person:coordinator"));
    }
}
