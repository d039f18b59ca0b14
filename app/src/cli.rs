//! The command line: every command, its flags and its help. Parses; does nothing.

mod advice;
mod approvals;
mod audit;
mod kept;
mod policy;
mod rules;
mod schedule;

pub use advice::{EvalArgs, EvalProvider, LlmCommand, PromptsCommand};
pub use approvals::{ApprovalsCommand, DecisionArgs};
pub use audit::{AuditCommand, AuditVerifyArgs, SearchArgs};
pub use kept::{KeysCommand, OutboxCommand, RunsCommand, TasksCommand, TenantsCommand};
pub use policy::{ExplainArgs, PolicyCommand};
pub use rules::{ReplayArgs, RulesCommand, RulesFile};
pub use schedule::{BackupArgs, RestoreArgs, ScheduleCommand};

use crate::commands::bench::Scenario;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};
use gangway_protocol::{AccountId, CorrelationId, OpportunityId};
use jiff::civil::Date;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Takes an enterprise customer from deal closed to working tenant.
///
/// Without any configuration every vendor is simulated inside the process. Configuration comes from gangway.toml
/// and GANGWAY_* variables; data live in GANGWAY_DATA_DIR (default: gangway-data).
#[derive(Debug, Parser)]
#[command(name = "gangway", version, propagate_version = true, disable_help_subcommand = true)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
pub struct Globals {
    /// Configuration file; a missing default file is no error. Paths in it are relative to it.
    // An empty variable is what a host leaves of a setting nobody filled in: as good as none.
    #[arg(long, global = true, env = "GANGWAY_CONFIG", value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub config: Option<PathBuf>,
    /// Folder of the database, the reports and the engine lock.
    #[arg(long, global = true, env = "GANGWAY_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Prints one JSON document instead of a table.
#[derive(Debug, Clone, Copy, Args)]
pub struct Json {
    /// Print JSON instead of text for people.
    #[arg(long)]
    pub json: bool,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run every demo account against the in-process simulator, in a fresh data folder.
    Demo(Json),
    /// Run one account's onboarding.
    Run(RunArgs),
    /// Run many accounts: the demo's, or those of a file.
    RunAll(RunAllArgs),
    /// Decide on facts read as JSON lines from standard input; nothing else is read or written.
    Decide(DecideArgs),
    /// Run the service: webhooks, HTTP API, approvals, schedules, workers.
    Serve(ServeArgs),
    /// Rules: check, list, explain, shadow, activate, roll back.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Decide stored runs again: by their own rules, or by a candidate.
    Replay(ReplayArgs),
    /// Serve one MCP server on standard input and output, or over HTTP.
    Mcp(McpArgs),
    /// Look for overdue onboarding tasks and blocked contracts as scheduled, until stopped, and remind people; for those
    /// who do not run gangway serve.
    Monitor(MonitorArgs),
    /// The service's jobs: when they run, how they ended, run one now.
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Copy the data folder, also while the service runs, for gangway restore.
    Backup(BackupArgs),
    /// Make the data folder from a backup. What was under way in it waits for a person then.
    Restore(RestoreArgs),
    /// Serve the simulated vendors on their own.
    Simulate(SimulateArgs),
    /// Runs: list, show, resume.
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Onboarding tasks.
    #[command(subcommand)]
    Tasks(TasksCommand),
    /// Approvals: list, show, approve, reject.
    #[command(subcommand)]
    Approvals(ApprovalsCommand),
    /// Tenants: list, issue credentials, suspend.
    #[command(subcommand)]
    Tenants(TenantsCommand),
    /// Messages and how they stand: queued, unknown, dead.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// The audit of every call and act: show, search, export, verify.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Calls to the language model that words advice.
    #[command(subcommand)]
    Llm(LlmCommand),
    /// The prompts a model is asked with.
    #[command(subcommand)]
    Prompts(PromptsCommand),
    /// Put a set of cases to a model, or to a recording of one, and count how usable its answers are.
    Eval(EvalArgs),
    /// Keys of the HTTP API: make, list, revoke.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Who may call which tool: check, show, explain.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print configuration for MCP hosts.
    Config(ConfigArgs),
    /// Check each configured system: reachable, and our credentials accepted.
    Doctor(Json),
    /// Measure throughput, latency, vendor calls and memory.
    Bench(BenchArgs),
}

/// `gangway run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Business id of the account, e.g. ACME-001.
    pub account: AccountId,
    /// Salesforce opportunity id; the newest Closed Won one when absent.
    #[arg(long, value_name = "ID")]
    pub opportunity: Option<OpportunityId>,
    /// Ties the run to your own records; made when absent. The same id again gives the same run.
    #[arg(long, value_name = "ID")]
    pub correlation_id: Option<CorrelationId>,
    /// Judge as of this day (UTC) instead of today.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}

/// Runs that `run-all` has in flight: so many that reads meet often enough to share a vendor's calls.
pub const RUN_ALL_IN_FLIGHT: u16 = 256;

/// `gangway run-all`
#[derive(Debug, Args)]
pub struct RunAllArgs {
    /// Account ids, one a line; a header line `account_id` and further comma-separated columns are allowed. `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Runs in flight at once.
    #[arg(long, value_name = "N", default_value_t = RUN_ALL_IN_FLIGHT, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub in_flight: u16,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}

/// `gangway decide`
#[derive(Debug, Args)]
pub struct DecideArgs {
    /// Decide by the rules of this file instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Judge as of this day (UTC) instead of today.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
}

/// `gangway serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Listen here instead of at serve.listen (127.0.0.1:8700). Port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
}

/// An MCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ServerName {
    /// Salesforce CRM.
    Salesforce,
    /// Contracts (DocuSign).
    Clm,
    /// NetSuite ERP.
    Netsuite,
    /// Tenant provisioning.
    Provision,
    /// Onboarding tasks.
    Tasks,
    /// Slack, mail, paging.
    Notify,
    /// The agents themselves.
    Onboarding,
    /// All of them in one.
    All,
}

/// How tool names are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NameStyle {
    /// salesforce.get_account
    Dotted,
    /// salesforce_get_account, for hosts that reject dots (Claude Desktop).
    Underscore,
}

/// `gangway mcp`
#[derive(Debug, Args)]
pub struct McpArgs {
    /// Which server.
    #[arg(value_enum)]
    pub server: ServerName,
    /// Serve streamable HTTP at this loopback address (path /mcp) instead of standard input and output. Port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    pub http: Option<SocketAddr>,
    /// Spelling of tool names in lists; both are understood in calls.
    #[arg(long, value_enum, default_value_t = NameStyle::Dotted)]
    pub tool_names: NameStyle,
    /// Name of the host that launches this server, for the audit and the policy (local:NAME).
    #[arg(long = "as", value_name = "NAME", env = "GANGWAY_PRINCIPAL")]
    pub name: Option<String>,
    /// Let whoever launches this server write too, as far as the policy allows; without it, its tools only read.
    #[arg(long, conflicts_with = "http")]
    pub allow_writes: bool,
}

/// `gangway monitor`
#[derive(Debug, Args)]
pub struct MonitorArgs {
    /// Look once and exit; 3 when something is overdue.
    #[arg(long)]
    pub once: bool,
    /// Judge as of this day (UTC) instead of today.
    #[arg(long, value_name = "DATE", requires = "once")]
    pub as_of: Option<Date>,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}

/// `gangway simulate`
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// HTTP port of all vendors; a free one when absent.
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Also serve HTTPS with this certificate chain and key (PEM).
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"])]
    pub tls: Option<Vec<PathBuf>>,
    /// Seed of random faults.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Added to every answer.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub latency_ms: u64,
    /// Keep the ledger of effects in this file, across restarts.
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Make this many further healthy accounts, SYN-000001 and on.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub synthetic: u32,
    /// Load further account files from this folder.
    #[arg(long, value_name = "DIR")]
    pub accounts: Option<PathBuf>,
}

/// `gangway config …`
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Which host.
    #[command(subcommand)]
    pub host: ConfigCommand,
    /// Let the host write too, as far as the policy allows; without it, what it launches only reads.
    #[arg(long, global = true)]
    pub allow_writes: bool,
}

/// A host with a format of its own.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// For Claude Desktop: the content of claude_desktop_config.json.
    ClaudeDesktop,
    /// For Claude Code: the content of a project's .mcp.json.
    ClaudeCode,
    /// For Visual Studio Code: the content of a workspace's .vscode/mcp.json.
    Vscode,
}

/// `gangway bench`
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// What is measured.
    #[arg(long, value_enum, default_value = "load")]
    pub scenario: Scenario,
    /// Webhooks of the intake scenario.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    pub events: u32,
    /// Fail, too, when the intake scenario misses its goals (acknowledgements, /healthz, memory), or the batch scenario uses
    /// too little of what NetSuite allows.
    #[arg(long)]
    pub goals: bool,
    /// Connections of the intake scenario.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub connections: u16,
    /// Runs at full load.
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub runs: u32,
    /// Runs in flight at full load: 64, or as many as run-all has in the batch scenario.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub in_flight: Option<u16>,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}
