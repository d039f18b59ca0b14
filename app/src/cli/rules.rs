//! `gangway rules …` and `gangway replay`, as they are typed.

use super::Json;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::path::PathBuf;

/// A rules file, where other rules than those in force are meant.
#[derive(Debug, Args)]
pub struct RulesFile {
    /// The rules of this file instead of those in force.
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
}

/// `gangway rules …`
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Check a rules file: what is wrong with it, what it weakens, where its rules could not be judged.
    Check {
        /// The file.
        file: PathBuf,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// List every rule, and with --json the fields expressions may read.
    List {
        /// Whose rules.
        #[command(flatten)]
        of: RulesFile,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Explain one rule: when it fires, who mends it, how.
    Explain {
        /// Its name, e.g. OPP-002.
        rule: String,
        /// Whose rules.
        #[command(flatten)]
        of: RulesFile,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Say which rules are in force, since when and by whom, and what the shadow said.
    Status(Json),
    /// Let a candidate judge every new run beside the rules in force, without effect.
    Shadow {
        /// The candidate.
        #[arg(required_unless_present = "off")]
        file: Option<PathBuf>,
        /// End the shadow.
        #[arg(long, conflicts_with = "file")]
        off: bool,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Decide new runs by this file: of all accounts, or of a share of them.
    Activate {
        /// The file.
        file: PathBuf,
        /// Only this share of the accounts, 1% to 99%.
        #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
        canary: Option<u8>,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Go back to what was in force before the last activation.
    Rollback(Json),
}

/// `gangway replay`
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Decide by this candidate and show what would change; without it every run is decided by its own rules, and must
    /// come out byte for byte as it is stored.
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Only runs accepted on this day (UTC) or later.
    #[arg(long, value_name = "DATE")]
    pub since: Option<Date>,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}

fn parse_percent(text: &str) -> Result<u8, String> {
    match text.trim_end_matches('%').parse() {
        Ok(percent @ 1..=99) => Ok(percent),
        _ => Err("a whole share of the accounts, 1% to 99%; leave --canary out for all".to_owned()),
    }
}
