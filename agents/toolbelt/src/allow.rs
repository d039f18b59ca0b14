//! Which agent may call which tool: one table, and nothing else.

use gangway_protocol::Agent;

/// What an agent may call: a tool's canonical name, or a server's name with `.*` for all its tools.
fn allowed(agent: Agent) -> &'static [&'static str] {
    match agent {
        Agent::Coordinator => {
            &["salesforce.*", "provision.*", "tasks.create_checklist", "tasks.update_status", "notify.*"]
        }
        Agent::Contract => &["clm.*", "onboarding.list_blocked", "onboarding.request_run"],
        Agent::Finance => &["netsuite.*"],
        Agent::TaskMonitor => &["tasks.*", "notify.*"],
    }
}

/// Whether an agent may call this tool. Every server asks its own policy again.
#[must_use]
pub fn may_call(agent: Agent, tool: &str) -> bool {
    allowed(agent).iter().any(|entry| match entry.strip_suffix('*') {
        Some(server) => tool.starts_with(server),
        None => tool == *entry,
    })
}

#[cfg(test)]
mod tests;
