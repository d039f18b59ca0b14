//! `gangway audit`: its flags and help.

use super::Json;
use clap::{Args, Subcommand};
use gangway_protocol::{AccountId, CorrelationId, RunId};
use gangway_store::AuditEnding;
use jiff::Timestamp;
use std::path::PathBuf;

/// `gangway audit …`
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Show the newest entries.
    Tail {
        /// How many.
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        lines: u32,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Show the entries that match everything that is given, newest first.
    Search(SearchArgs),
    /// Write the audit to a file that can be verified anywhere, closed by a checkpoint made for it.
    Export {
        /// A file that is not there yet.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Only what came at or after this time, e.g. 2026-03-01T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        since: Option<Timestamp>,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Check that nothing was changed, removed, added, reordered, cut off or written anew; exit 1 if anything was.
    Verify(AuditVerifyArgs),
    /// Print the public key that checkpoints are verified with, for auditors.
    Key(Json),
}

/// `gangway audit search`
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Only this actor's: agent:coordinator, person:NAME, host:CLIENT SUBJECT, local:NAME, process:service; a bare name finds whoever goes by it.
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Only of this tool or act, e.g. provision.create_tenant or approvals.decide.
    #[arg(long)]
    pub tool: Option<String>,
    /// Only this run's.
    #[arg(long)]
    pub run: Option<RunId>,
    /// Only of this account: its runs' entries, and calls that name it.
    #[arg(long)]
    pub account: Option<AccountId>,
    /// Only with this correlation id.
    #[arg(long, value_name = "ID")]
    pub correlation_id: Option<CorrelationId>,
    /// Only those that ended so: intent, ok, failed, refused.
    #[arg(long, value_parser = parse_ending)]
    pub outcome: Option<AuditEnding>,
    /// Only at or after this time, e.g. 2026-03-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub since: Option<Timestamp>,
    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    pub until: Option<Timestamp>,
    /// Only with this text anywhere in the entry, capitals or not.
    #[arg(long)]
    pub text: Option<String>,
    /// Only older than this entry: where the page before ended.
    #[arg(long, value_name = "NUMBER")]
    pub before: Option<i64>,
    /// At most this many.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}

/// `gangway audit verify`
#[derive(Debug, Args)]
pub struct AuditVerifyArgs {
    /// An export; the audit of the data folder when absent. Nothing but the files named here is read for it.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Checkpoints that were kept elsewhere; those of the configuration when the data folder's audit is verified.
    #[arg(long, value_name = "FILE")]
    pub checkpoints: Option<PathBuf>,
    /// Public keys in PEM form, one or several; needed for an export.
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}

fn parse_ending(text: &str) -> Result<AuditEnding, String> {
    AuditEnding::named(text)
        .ok_or_else(|| format!("one of {}", AuditEnding::ALL.map(AuditEnding::name).join(", ")))
}
