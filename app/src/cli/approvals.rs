//! `gangway approvals …`: what can be said on the command line about approvals.

use super::Json;
use clap::{Args, Subcommand};
use gangway_protocol::Tier;
use gangway_store::ApprovalState;

/// `gangway approvals …`
#[derive(Debug, Subcommand)]
pub enum ApprovalsCommand {
    /// List approvals, newest first: those that wait, unless --state or --all says otherwise.
    List {
        /// Only in this state: pending, approved, rejected, expired, void.
        #[arg(long, value_parser = parse_state, conflicts_with = "all")]
        state: Option<ApprovalState>,
        /// In every state.
        #[arg(long)]
        all: bool,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Show one approval whole.
    Show {
        /// The approval.
        approval: String,
        /// How to print.
        #[command(flatten)]
        output: Json,
    },
    /// Approve: facts are fetched and judged again first, and what differs from what was asked voids the approval.
    Approve(DecisionArgs),
    /// Reject: final, the run is blocked.
    Reject(DecisionArgs),
}

/// A decision.
#[derive(Debug, Args)]
pub struct DecisionArgs {
    /// The approval.
    pub approval: String,
    /// Why, in a sentence.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Enterprise, Growth or Starter, where the contract names no known tier.
    #[arg(long, value_parser = parse_tier)]
    pub tier: Option<Tier>,
    /// How to print.
    #[command(flatten)]
    pub output: Json,
}

fn parse_state(text: &str) -> Result<ApprovalState, String> {
    let names = ApprovalState::ALL.map(ApprovalState::name).join(", ");
    ApprovalState::named(text).ok_or_else(|| format!("one of {names}"))
}

fn parse_tier(text: &str) -> Result<Tier, String> {
    Tier::named(text).ok_or_else(|| "one of Enterprise, Growth, Starter".to_owned())
}
