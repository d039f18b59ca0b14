//! The policy's commands.

use super::Json;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `gangway policy …`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Check a policy file and say what is wrong with it, by line.
    Check {
        /// The file.
        file: PathBuf,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Print the rules in force, the built-in ones included, and their digest.
    Show(Json),
    /// Say whether somebody may call a tool, and which rule says so. Exit 1 when not.
    Explain(ExplainArgs),
}

/// `gangway policy explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// As in a policy file: agent:NAME, role:NAME, person:NAME, host:CLIENT, scope:SCOPE, local.
    pub principal: String,
    /// The tool, e.g. salesforce.get_account.
    pub tool: String,
    /// Its arguments as JSON; without them the question is whether any would do, and which rules look at them.
    #[arg(long, value_name = "JSON")]
    pub args: Option<String>,
    /// As launched without --allow-writes.
    #[arg(long)]
    pub read_only: bool,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}
