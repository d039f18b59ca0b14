//! Resources: a read tool's answer under an address.
//!
//! An address is a URI whose variables are whole segments, named like the tool's arguments. Our ids hold no character
//! that a URI would have to escape; whatever is escaped is therefore no id and refused by the tool's schema.

use serde_json::{Map, Value};

/// A resource, or with variables in its address a family of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// URI or URI template, e.g. `gangway://accounts/{account_id}/decision`.
    pub address: &'static str,
    /// Unique name.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// What it holds, for models and people.
    pub description: &'static str,
    /// The read tool whose answer it is; the address's variables are its arguments.
    pub tool: &'static str,
    /// The field of the answer that is null when there is nothing at this address.
    pub absent_if_null: Option<&'static str>,
}

/// Every resource; fixed addresses before families, because the first that fits is read.
pub const RESOURCES: &[Resource] = &[
    Resource {
        address: "gangway://blocked",
        name: "blocked_accounts",
        title: "Blocked accounts",
        description: "Accounts whose newest run is blocked, oldest first, with the rules and errors that block them.",
        tool: "onboarding.list_blocked",
        absent_if_null: None,
    },
    Resource {
        address: "gangway://approvals",
        name: "waiting_approvals",
        title: "Approvals that wait for a person",
        description: "Customer, amount, findings, who has decided and until when, newest first.",
        tool: "onboarding.list_approvals",
        absent_if_null: None,
    },
    Resource {
        address: "gangway://accounts/{account_id}/decision",
        name: "account_decision",
        title: "Latest decision of an account",
        description: "The account's newest run: outcome, findings, API errors, and who should do what next, in plain words.",
        tool: "onboarding.explain",
        absent_if_null: None,
    },
    Resource {
        address: "gangway://runs/{run_id}",
        name: "run",
        title: "Onboarding run",
        description: "One run whole: request, facts, findings, decision, advice, effects, reports and versions.",
        tool: "onboarding.get_run",
        absent_if_null: Some("run"),
    },
    Resource {
        address: "gangway://accounts/{account_id}/salesforce",
        name: "salesforce_bundle",
        title: "Salesforce records of an account",
        description: "Account, owner, the opportunity that counts and its Salesforce contract, read now.",
        tool: "salesforce.get_onboarding_bundle",
        absent_if_null: Some("account"),
    },
    Resource {
        address: "gangway://accounts/{account_id}/contract",
        name: "account_contract",
        title: "Contract of an account",
        description: "The newest contract in the CLM, read now: status, dates, tier, and every signatory with whether they signed.",
        tool: "clm.get_contract",
        absent_if_null: Some("contract"),
    },
    Resource {
        address: "gangway://signatures/pending",
        name: "pending_signatures",
        title: "Contracts waiting for signatures",
        description: "Sent contracts of the last 365 days that somebody has not signed, longest wait first, read now.",
        tool: "clm.list_pending_signatures",
        absent_if_null: None,
    },
    Resource {
        address: "gangway://accounts/{account_id}/invoice",
        name: "account_invoice",
        title: "Newest invoice of an account",
        description: "Status, total, amount remaining, dates and the contract it names, as NetSuite has it now.",
        tool: "netsuite.get_invoice",
        absent_if_null: Some("invoice"),
    },
    Resource {
        address: "gangway://tenants",
        name: "tenants",
        title: "Tenants",
        description: "The first 100 tenants by id, with tier and status.",
        tool: "provision.list_tenants",
        absent_if_null: None,
    },
    Resource {
        address: "gangway://tenants/{account_id}",
        name: "tenant",
        title: "Tenant of an account",
        description: "The tenant made for the account: id, tier, entitlements, status. No secret is in it.",
        tool: "provision.get_tenant",
        absent_if_null: Some("tenant"),
    },
    Resource {
        address: "gangway://tasks/overdue",
        name: "overdue_tasks",
        title: "Overdue tasks",
        description: "Tasks due before today and neither completed nor skipped, longest overdue first, of all tenants that are not suspended.",
        tool: "tasks.get_overdue",
        absent_if_null: None,
    },
    Resource {
        address: "gangway://tenants/{account_id}/checklist",
        name: "checklist",
        title: "Onboarding checklist of an account",
        description: "The fourteen tasks by due date: owner, status, what each comes after. Empty when there is no checklist yet.",
        tool: "tasks.list",
        absent_if_null: None,
    },
    Resource {
        address: "gangway://tenants/{account_id}/progress",
        name: "progress",
        title: "Onboarding progress of an account",
        description: "Tasks total, completed and skipped, and percent done of those that apply.",
        tool: "tasks.get_progress",
        absent_if_null: None,
    },
    Resource {
        address: "gangway://tenants/{account_id}/next",
        name: "next_actions",
        title: "What can be done next for an account",
        description: "Tasks that can be worked on now: open, and everything they come after is settled.",
        tool: "tasks.get_next_actions",
        absent_if_null: None,
    },
];

impl Resource {
    /// The names of the variables in its address, in order.
    pub fn variables(&self) -> impl Iterator<Item = &'static str> {
        self.address.split('/').filter_map(variable)
    }

    /// Whether the address names a family.
    #[must_use]
    pub fn is_family(&self) -> bool {
        self.variables().next().is_some()
    }

    /// The tool's arguments, if `uri` is one of this resource's addresses.
    #[must_use]
    pub fn arguments_of(&self, uri: &str) -> Option<Map<String, Value>> {
        if uri.split('/').count() != self.address.split('/').count() {
            return None;
        }
        let mut arguments = Map::new();
        for (segment, pattern) in uri.split('/').zip(self.address.split('/')) {
            match variable(pattern) {
                Some(name) if !segment.is_empty() => {
                    arguments.insert(name.to_owned(), Value::from(segment));
                }
                None if segment == pattern => {}
                Some(_) | None => return None,
            }
        }
        Some(arguments)
    }

    /// The address with its variables filled in; none if one is missing.
    #[must_use]
    pub fn address_with<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
        let segments: Option<Vec<&str>> = self
            .address
            .split('/')
            .map(|segment| variable(segment).map_or(Some(segment), &value_of))
            .collect();
        segments.map(|segments| segments.join("/"))
    }
}

fn variable(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}
