//! Which agent may call which tool: the table of DESIGN section 5, and nothing else.

/// One of the four agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// The name in errors, logs and the audit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Contract => "contract-agent",
            Self::Finance => "finance-agent",
            Self::TaskMonitor => "task-monitor",
        }
    }

    /// What it may call: a tool's canonical name, or a server's name with `.*` for all its tools.
    fn allowed(self) -> &'static [&'static str] {
        match self {
            Self::Coordinator => {
                &["salesforce.*", "provision.*", "tasks.create_checklist", "tasks.update_status", "notify.*"]
            }
            Self::Contract => &["clm.*", "onboarding.list_blocked", "onboarding.request_run"],
            Self::Finance => &["netsuite.*"],
            Self::TaskMonitor => &["tasks.*", "notify.*"],
        }
    }

    /// Whether it may call this tool.
    #[must_use]
    pub fn may_call(self, tool: &str) -> bool {
        self.allowed().iter().any(|entry| match entry.strip_suffix('*') {
            Some(server) => tool.starts_with(server),
            None => tool == *entry,
        })
    }
}

#[cfg(test)]
mod tests;
