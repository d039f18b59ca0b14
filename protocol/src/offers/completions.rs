//! Completions: where the values come from that a host may suggest while a person types an argument.
//!
//! Only what our own store knows is suggested: asking a vendor at every key would cost more than it helps.

/// The values of an argument, taken from a read tool's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completion {
    /// The argument, of a prompt or in a resource's address.
    pub argument: &'static str,
    /// The tool that knows values.
    pub tool: &'static str,
    /// How many it is asked for, where it takes a `limit`.
    pub limit: Option<u32>,
    /// The list in its answer.
    pub list: &'static str,
    /// The field of each item that is a value.
    pub field: &'static str,
}

/// Every completion; the first whose tool the server has is used.
pub const COMPLETIONS: &[Completion] = &[
    Completion {
        argument: "account_id",
        tool: "onboarding.list_runs",
        limit: Some(200),
        list: "runs",
        field: "account_id",
    },
    Completion {
        argument: "account_id",
        tool: "provision.list_tenants",
        limit: None,
        list: "tenants",
        field: "account_id",
    },
    Completion {
        argument: "run_id",
        tool: "onboarding.list_runs",
        limit: Some(200),
        list: "runs",
        field: "run_id",
    },
];
