//! The four agents by name: on the client's side of a call, in the token an agent shows, in the policy and in the audit.
//!
//! What an agent may call is not said here: the toolbelt has its own list and every server its policy.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the four agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Agent {
    /// One account, end to end.
    Coordinator,
    /// Contract execution and signatures.
    Contract,
    /// Billing and payment state.
    Finance,
    /// Overdue tasks.
    TaskMonitor,
}

impl Agent {
    /// Every agent.
    pub const ALL: [Self; 4] = [Self::Coordinator, Self::Contract, Self::Finance, Self::TaskMonitor];

    /// The name in tokens, errors, logs, policy and audit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Contract => "contract-agent",
            Self::Finance => "finance-agent",
            Self::TaskMonitor => "task-monitor",
        }
    }

    /// The agent of that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|agent| agent.name() == text)
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Agent> for String {
    fn from(agent: Agent) -> Self {
        agent.name().to_owned()
    }
}

impl TryFrom<String> for Agent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::named(&text).ok_or_else(|| format!("{text:?} is none of the agents"))
    }
}

#[cfg(test)]
mod tests {
    use super::Agent;

    #[test]
    fn an_agent_is_found_by_its_name_and_by_no_other() {
        for agent in Agent::ALL {
            assert_eq!(Agent::named(agent.name()), Some(agent));
        }
        assert_eq!(Agent::named("Coordinator"), None);
    }
}
