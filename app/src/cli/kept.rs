//! Commands over what is kept: runs, tasks, tenants, messages, keys.

use super::Json;
use clap::Subcommand;
use gangway_protocol::task::{TaskOwner, TaskStatus};
use gangway_protocol::{AccountId, Domain, Role, RunId, RunState, TenantId};
use gangway_store::OutboxState;

/// `gangway runs …`
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List runs, newest first.
    List {
        /// Only this account's.
        #[arg(long)]
        account: Option<AccountId>,
        /// Only in this state: assessing, awaiting_approval, fulfilling, completed, blocked, parked.
        #[arg(long, value_parser = parse_state)]
        state: Option<RunState>,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Show one run whole.
    Show {
        /// The run.
        run: RunId,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Finish what was begun before a crash: one run, or all of them.
    Resume {
        /// The run; all unfinished ones when absent. A parked run is tried again when named.
        run: Option<RunId>,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
}

/// `gangway tasks …`
#[derive(Debug, Subcommand)]
pub enum TasksCommand {
    /// List tasks by due date.
    List {
        /// Only this owner's: system, cs, customer.
        #[arg(long, value_parser = parse_owner)]
        owner: Option<TaskOwner>,
        /// Only this account's.
        #[arg(long)]
        account: Option<AccountId>,
        /// Only with this status: pending, in_progress, completed, blocked, skipped.
        #[arg(long, value_parser = parse_status)]
        status: Option<TaskStatus>,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
}

/// `gangway tenants …`
#[derive(Debug, Subcommand)]
pub enum TenantsCommand {
    /// List tenants.
    List(Json),
    /// Issue a tenant's API credentials: shown once, stored hashed; issuing again replaces them.
    Credentials {
        /// The tenant.
        tenant: TenantId,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Switch a tenant off.
    Suspend {
        /// The tenant.
        tenant: TenantId,
        /// Why, for the audit.
        #[arg(long)]
        reason: String,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
}

/// `gangway outbox …`
#[derive(Debug, Subcommand)]
pub enum OutboxCommand {
    /// List messages, newest first.
    List {
        /// Only in this state: queued, sending, sent, unknown, dead, dropped.
        #[arg(long, value_parser = parse_outbox_state)]
        state: Option<OutboxState>,
        /// Only this run's.
        #[arg(long)]
        run: Option<RunId>,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Show one message with its text.
    Show {
        /// The message.
        message: String,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Put messages back to be sent, then deliver what is due; without an id only the latter.
    Retry {
        /// The messages: dead, unknown, or queued for later.
        messages: Vec<String>,
        /// Needed for a message of unknown fate: you made sure that it did not arrive.
        #[arg(long)]
        yes_it_did_not_arrive: bool,
        /// Why, for the audit.
        #[arg(long)]
        reason: Option<String>,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Say what became of a message, so that nobody waits for it any more.
    #[command(group(clap::ArgGroup::new("verdict").required(true).args(["delivered", "drop"])))]
    Settle {
        /// The message.
        message: String,
        /// It arrived; what waited for it goes on.
        #[arg(long)]
        delivered: bool,
        /// It is not to be sent any more.
        #[arg(long)]
        drop: bool,
        /// Why, for the audit.
        #[arg(long)]
        reason: String,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
}

/// `gangway keys …`
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key: shown once, stored hashed.
    Create {
        /// Who will act with it: stands in audit, approvals and runs. One usable key per name.
        #[arg(long, value_parser = parse_name)]
        name: String,
        /// What they may do: viewer, cs, approver, admin, auditor. May be given several times.
        #[arg(long, required = true, value_parser = parse_role)]
        role: Vec<Role>,
        /// What an approver may approve: account, user, opportunity, contract, invoice, finance, chain. All when absent.
        #[arg(long, value_parser = parse_domain)]
        domain: Vec<Domain>,
        /// Days until it ends; it does not end by itself when absent.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        expires: Option<u32>,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// List keys, newest first; no secrets.
    List(Json),
    /// Take a key back; at once, in every process.
    Revoke {
        /// Id of the key, the part after gwk_.
        key: String,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
}

fn parse_state(text: &str) -> Result<RunState, String> {
    RunState::named(text).ok_or_else(|| format!("one of {}", RunState::ALL.map(RunState::name).join(", ")))
}

fn parse_outbox_state(text: &str) -> Result<OutboxState, String> {
    OutboxState::named(text)
        .ok_or_else(|| format!("one of {}", OutboxState::ALL.map(OutboxState::name).join(", ")))
}

fn parse_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let is_fit = (1..=80).contains(&name.len()) && !name.chars().any(char::is_control);
    is_fit.then(|| name.to_owned()).ok_or_else(|| "1 to 80 bytes, no line breaks".to_owned())
}

fn parse_role(text: &str) -> Result<Role, String> {
    Role::named(text).ok_or_else(|| format!("one of {}", Role::ALL.map(Role::name).join(", ")))
}

fn parse_domain(text: &str) -> Result<Domain, String> {
    Domain::named(text).ok_or_else(|| format!("one of {}", Domain::ALL.map(Domain::name).join(", ")))
}

fn parse_owner(text: &str) -> Result<TaskOwner, String> {
    let all = [TaskOwner::System, TaskOwner::Cs, TaskOwner::Customer];
    all.into_iter()
        .find(|owner| owner.name() == text)
        .ok_or_else(|| format!("one of {}", all.map(TaskOwner::name).join(", ")))
}

fn parse_status(text: &str) -> Result<TaskStatus, String> {
    let all = [
        TaskStatus::Pending,
        TaskStatus::InProgress,
        TaskStatus::Completed,
        TaskStatus::Blocked,
        TaskStatus::Skipped,
    ];
    all.into_iter()
        .find(|status| status.name() == text)
        .ok_or_else(|| format!("one of {}", all.map(TaskStatus::name).join(", ")))
}
