//! Commands about the language model that words advice: its calls, its prompts, its evaluation.

use super::Json;
use crate::commands::eval::Floor;
use clap::{Args, Subcommand, ValueEnum};
use gangway_protocol::{CallVerdict, RunId};
use jiff::civil::Date;
use std::path::PathBuf;

/// `gangway llm …`
#[derive(Debug, Subcommand)]
pub enum LlmCommand {
    /// List calls, newest first.
    List {
        /// Only this run's.
        #[arg(long)]
        run: Option<RunId>,
        /// Only with this verdict: valid, invalid, refused, cut_off, too_late, failed.
        #[arg(long, value_parser = parse_verdict)]
        verdict: Option<CallVerdict>,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Show one call whole, as it was masked.
    Show {
        /// Its number in the list.
        call: u64,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Calls, tokens and cost by model, prompt and verdict.
    Stats {
        /// Only since this day (UTC).
        #[arg(long, value_name = "DATE")]
        since: Option<Date>,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
}

/// `gangway prompts …`
#[derive(Debug, Subcommand)]
pub enum PromptsCommand {
    /// List prompts with their digests.
    List(Json),
    /// Show how two prompts differ, line by line.
    Diff {
        /// The first.
        from: String,
        /// The second.
        to: String,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
}

/// A provider of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EvalProvider {
    /// An OpenAI-compatible endpoint.
    Openai,
    /// AWS Bedrock.
    Bedrock,
}

/// `gangway eval`
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// Folder of further cases beside the rules' own scenarios, each a .json file with as_of and facts; may be repeated.
    #[arg(long, value_name = "DIR")]
    pub cases: Vec<PathBuf>,
    /// Who answers, instead of the configured provider.
    #[arg(long, value_enum, conflicts_with = "recording")]
    pub provider: Option<EvalProvider>,
    /// Answer from this recording instead; a request it does not hold is a failure.
    #[arg(long, value_name = "FILE")]
    pub recording: Option<PathBuf>,
    /// Keep the answers in this file, as a recording.
    #[arg(long, value_name = "FILE", conflicts_with = "recording")]
    pub record: Option<PathBuf>,
    /// The prompt to ask with; the configured one when absent.
    #[arg(long, value_name = "PROMPT")]
    pub prompt: Option<String>,
    /// A second prompt, or else a second model of the same provider, to compare with.
    #[arg(long, value_name = "PROMPT_OR_MODEL")]
    pub compare: Option<String>,
    /// Fail when less than this percentage is reached: valid, grounded, owner or level, e.g. grounded=95; may be repeated.
    #[arg(long, value_name = "MEASURE=PERCENT")]
    pub at_least: Vec<Floor>,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}

fn parse_verdict(text: &str) -> Result<CallVerdict, String> {
    let all = CallVerdict::ALL;
    let named = all.into_iter().find(|verdict| verdict.name() == text);
    named.ok_or_else(|| format!("one of {}", all.map(CallVerdict::name).join(", ")))
}
