//! Contracts of the agents' own tools.

use super::{Access, Contract, Known, Rerun, Tool};
use crate::facts::Invoice;
use crate::ids::TaskId;
use crate::run::{RunRecord, RunState};
use crate::task::Health;
use crate::{
    AccountId, ApiError, CorrelationId, Finding, IdempotencyKey, OpportunityId, Outcome, RiskLevel, RunId,
    System,
};
use crate::{facts, tools::netsuite};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The run to start.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StartRunArgs {
    /// The account's business id.
    pub account_id: AccountId,
    /// The opportunity; the newest Closed Won one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opportunity_id: Option<OpportunityId>,
    /// Ties the run to the caller's own records; made when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// Same key, same answer.
    pub idempotency_key: IdempotencyKey,
}

/// A run in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunSummary {
    /// The run.
    pub run_id: RunId,
    /// Its account.
    pub account_id: AccountId,
    /// Its correlation id.
    pub correlation_id: CorrelationId,
    /// Where it stands.
    pub state: RunState,
    /// What was decided; null until then.
    pub outcome: Option<Outcome>,
    /// How bad it looks; null until decided.
    pub risk_level: Option<RiskLevel>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The run started, or found.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RunStarted {
    /// The run, finished as far as it goes by itself.
    pub run: RunSummary,
    /// False when a live run, or one with this correlation id, was there already.
    pub started: bool,
}

/// `onboarding.start_run`
pub struct StartRun;
impl Tool for StartRun {
    type Args = StartRunArgs;
    type Output = RunStarted;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "onboarding.start_run",
        title: "Start an onboarding run",
        description: "Gathers the facts of one account, decides PROCEED, ESCALATE or BLOCK, and acts on it: PROCEED makes the tenant and writes to people, ESCALATE asks a person to approve. Answers when the run rests, usually within seconds, with its state and outcome. An account has one live run: a second request gives the first run. To only look, use onboarding.explain; after a block, onboarding.request_run.",
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Harmless },
        open_world: true,
    };
}

/// The run asked for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestRunArgs {
    /// The account's business id.
    pub account_id: AccountId,
    /// What changed, one sentence, at most 300 characters.
    #[schemars(length(min = 1, max = 300))]
    pub reason: String,
    /// Same key, same answer.
    pub idempotency_key: IdempotencyKey,
}

/// `onboarding.request_run`
pub struct RequestRun;
impl Tool for RequestRun {
    type Args = RequestRunArgs;
    type Output = RunStarted;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "onboarding.request_run",
        title: "Ask for a new run of a blocked account",
        description: "Starts a fresh run for an account whose last run was blocked, because source data changed (for instance the contract was executed); reason says what. Refused with NOT_BLOCKED if the newest run is not blocked. Answers like onboarding.start_run.",
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Harmless },
        open_world: true,
    };
}

/// Names a run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RunArgs {
    /// The run.
    pub run_id: RunId,
}

/// One run, or null.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RunFound {
    /// The whole record; null when there is none.
    pub run: Option<RunRecord>,
}

/// `onboarding.get_run`
pub struct GetRun;
impl Tool for GetRun {
    type Args = RunArgs;
    type Output = RunFound;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "onboarding.get_run",
        title: "Get a run",
        description: "Reads one run whole by its run_id: request, facts, findings, decision, advice, effects, reports and versions; run is null when there is none. It is long: for the reasons in words use onboarding.explain. onboarding.list_runs gives run ids.",
        access: Access::Read,
        open_world: false,
    };
}

/// Which runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListRunsArgs {
    /// Only this account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Only in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<RunState>,
    /// At most this many, 1 to 200; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

/// Runs, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RunList {
    /// The runs; may be empty.
    pub runs: Vec<RunSummary>,
}

/// `onboarding.list_runs`
pub struct ListRuns;
impl Tool for ListRuns {
    type Args = ListRunsArgs;
    type Output = RunList;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "onboarding.list_runs",
        title: "List runs",
        description: "Lists runs in a line each (ids, state, outcome, risk, times), newest first, narrowed by account or state. 50 unless limit says otherwise, at most 200. For one run whole use onboarding.get_run.",
        access: Access::Read,
        open_world: false,
    };
}

/// Which page.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListBlockedArgs {
    /// The page after this run: the last one of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<RunId>,
}

/// A blocked account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BlockedRun {
    /// Its newest run.
    pub run: RunSummary,
    /// Rules and error codes that block it.
    pub because: Vec<String>,
    /// The contract it was judged on; null when there was none.
    pub contract_id: Option<String>,
}

/// Blocked accounts, oldest block first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BlockedRuns {
    /// At most 200; may be empty.
    pub runs: Vec<BlockedRun>,
    /// Whether there are more: after the last of these.
    pub more: bool,
}

/// `onboarding.list_blocked`
pub struct ListBlocked;
impl Tool for ListBlocked {
    type Args = ListBlockedArgs;
    type Output = BlockedRuns;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "onboarding.list_blocked",
        title: "List blocked accounts",
        description: "Lists accounts whose newest run is blocked, oldest first, with the rules and errors that block them. At most 200 a page; after names the last run of the page before. For what one of them needs use onboarding.explain; once its source data changed, onboarding.request_run.",
        access: Access::Read,
        open_world: false,
    };
}

/// Names an account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountArgs {
    /// The account's business id.
    pub account_id: AccountId,
}

/// Why an account was decided so.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// Its newest decided run; null when it was never decided.
    pub run: Option<RunSummary>,
    /// In plain words.
    pub summary: String,
    /// What fired; may be empty.
    pub findings: Vec<Finding>,
    /// What failed; may be empty.
    pub api_errors: Vec<ApiError>,
    /// What to do next, by whom; may be empty.
    pub next_steps: Vec<String>,
}

/// `onboarding.explain`
pub struct Explain;
impl Tool for Explain {
    type Args = AccountArgs;
    type Output = Explanation;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "onboarding.explain",
        title: "Explain an account's decision",
        description: "Says in plain words why an account's newest run was decided as it was, what stands against it, and who should do what next; says so if it was never run. Use it first for any question about one account: it reads what was decided and changes nothing. For the current source data use contract_agent.assess or finance_agent.assess.",
        access: Access::Read,
        open_world: false,
    };
}

/// What the contract agent sees.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ContractAssessment {
    /// The contract; null when there is none.
    pub contract: Option<facts::Contract>,
    /// Executed or signed.
    pub executed: bool,
    /// How many have not signed.
    pub unsigned: u32,
    /// The failure, when the CLM could not be read.
    pub error: Option<ApiError>,
}

/// `contract_agent.assess`
pub struct ContractAssess;
impl Tool for ContractAssess {
    type Args = AccountArgs;
    type Output = ContractAssessment;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "contract_agent.assess",
        title: "Ask the contract agent",
        description: "Reads an account's contract now and says whether it is executed and who has not signed. Decides nothing and changes no run: compare with onboarding.explain, and ask for a new decision with onboarding.request_run.",
        access: Access::Read,
        open_world: true,
    };
}

/// What the finance agent sees.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FinanceAssessment {
    /// The invoices; may be empty.
    pub invoices: Vec<Invoice>,
    /// Failures; may be empty.
    pub errors: Vec<ApiError>,
}

/// `finance_agent.assess`
pub struct FinanceAssess;
impl Tool for FinanceAssess {
    type Args = netsuite::InvoicesArgs;
    type Output = FinanceAssessment;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "finance_agent.assess",
        title: "Ask the finance agent",
        description: "Reads every invoice of up to 200 accounts now, each with status, total, amount remaining and due date; failures are listed in errors. Decides nothing and changes no run: ask for a new decision with onboarding.request_run.",
        access: Access::Read,
        open_world: true,
    };
}

/// By which day.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SweepArgs {
    /// The day to judge by, UTC; today when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Date>,
    /// Same key, same answer.
    pub idempotency_key: IdempotencyKey,
}

/// One reminder of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reminder {
    /// The task.
    pub task_id: TaskId,
    /// Days overdue.
    pub days_overdue: i32,
    /// Rung of the ladder: team, manager or director; customer for the reminder of a task of theirs.
    pub rung: String,
    /// Whether it was sent, is unknown, or failed.
    pub status: crate::run::EffectStatus,
}

/// One onboarding's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantHealth {
    /// The account.
    pub account_id: AccountId,
    /// How it goes.
    pub health: Health,
    /// Percent done.
    pub percent: u32,
    /// How many tasks are overdue.
    pub overdue: u32,
}

/// What a sweep saw and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SweepReport {
    /// The day judged by.
    pub as_of: Date,
    /// Every onboarding not completed, by account; may be empty.
    pub tenants: Vec<TenantHealth>,
    /// What this sweep sent or tried to send; what an earlier one sent is left out. May be empty.
    pub reminders: Vec<Reminder>,
    /// How many tasks are overdue in all.
    pub overdue: u32,
}

/// `task_monitor.sweep`
pub struct Sweep;
impl Tool for Sweep {
    type Args = SweepArgs;
    type Output = SweepReport;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "task_monitor.sweep",
        title: "Sweep overdue tasks",
        description: "Works out the health of every onboarding and reminds people of overdue tasks: the team at once, their manager from day 2, the director from day 4. Each task and rung is written to once, so a second sweep of a day writes nothing. It writes to people: to only look, use tasks.get_overdue.",
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Harmless },
        open_world: true,
    };
}

/// All the agents' tools.
#[must_use]
pub fn known() -> Vec<Known> {
    vec![
        Known::of::<StartRun>(),
        Known::of::<RequestRun>(),
        Known::of::<GetRun>(),
        Known::of::<ListRuns>(),
        Known::of::<ListBlocked>(),
        Known::of::<Explain>(),
        Known::of::<super::approvals::ListApprovals>(),
        Known::of::<super::approvals::DecideApproval>(),
        Known::of::<ContractAssess>(),
        Known::of::<FinanceAssess>(),
        Known::of::<Sweep>(),
    ]
}
