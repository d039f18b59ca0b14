//! The four agents against every tool there is.

use super::{Agent, may_call};
use gangway_protocol::tools::describe_all;
use std::collections::BTreeSet;

/// Written out tool by tool, so that a new tool is on nobody's list until somebody puts it here.
fn expected(agent: Agent) -> BTreeSet<&'static str> {
    let tools: &[&str] = match agent {
        Agent::Coordinator => &[
            "salesforce.get_account",
            "salesforce.get_user",
            "salesforce.get_opportunity",
            "salesforce.get_contract",
            "salesforce.get_onboarding_bundle",
            "salesforce.get_accounts",
            "salesforce.list_closed_won",
            "salesforce.update_onboarding_status",
            "provision.create_tenant",
            "provision.suspend_tenant",
            "provision.get_tenant",
            "provision.list_tenants",
            "tasks.create_checklist",
            "tasks.update_status",
            "notify.post_message",
            "notify.send_email",
            "notify.page",
        ],
        Agent::Contract => &[
            "clm.get_contract",
            "clm.get_contracts",
            "clm.list_pending_signatures",
            "clm.send_reminder",
            "onboarding.list_blocked",
            "onboarding.request_run",
        ],
        Agent::Finance => &["netsuite.get_invoice", "netsuite.get_invoices", "netsuite.get_exchange_rate"],
        Agent::TaskMonitor => &[
            "tasks.create_checklist",
            "tasks.update_status",
            "tasks.list",
            "tasks.get_overdue",
            "tasks.get_next_actions",
            "tasks.get_progress",
            "notify.post_message",
            "notify.send_email",
            "notify.page",
        ],
    };
    tools.iter().copied().collect()
}

#[test]
fn each_agent_may_call_exactly_the_tools_of_the_design() {
    let tools = describe_all();
    let names: Vec<&str> =
        tools.iter().filter_map(|tool| tool.get("name").and_then(serde_json::Value::as_str)).collect();
    assert_eq!(names.len(), 39);
    for agent in Agent::ALL {
        let allowed: BTreeSet<&str> = names.iter().copied().filter(|name| may_call(agent, name)).collect();
        assert_eq!(allowed, expected(agent), "{}", agent.name());
    }
}

#[test]
fn a_name_that_only_looks_alike_is_not_allowed() {
    for name in ["netsuite", "netsuite_get_invoice", "netsuitex.get_invoice", "", "*", "task.list"] {
        assert!(Agent::ALL.iter().all(|agent| !may_call(*agent, name)), "{name}");
    }
}
