//! The decision and what it was made from. Made only by the decision core; read by everybody.

use crate::{ApiError, Finding};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// Nothing stands against it: the tenant is made.
    Proceed,
    /// A person decides.
    Escalate,
    /// It cannot go on until source data change.
    Block,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proceed => "PROCEED",
            Self::Escalate => "ESCALATE",
            Self::Block => "BLOCK",
        })
    }
}

/// How bad it looks, by count of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// At most three warnings.
    Low,
    /// More than three warnings.
    Medium,
    /// One or two violations.
    High,
    /// Any API error, or more than two violations.
    Critical,
}

impl fmt::Display for RiskLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// Which rules decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleSetRef {
    /// Name, e.g. `builtin`.
    pub id: String,
    /// Version of that name.
    pub version: String,
    /// Digest of the rule set's canonical form.
    pub digest: String,
}

/// The decision on one account at one date.
///
/// Shape: findings and API errors in a fixed order (rule, then evidence; system, then operation), each list may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// What happens next.
    pub outcome: Outcome,
    /// Findings that block.
    pub violations: Vec<Finding>,
    /// Findings that escalate.
    pub warnings: Vec<Finding>,
    /// Calls that failed.
    pub api_errors: Vec<ApiError>,
    /// How bad it looks.
    pub risk_level: RiskLevel,
    /// The rules that decided.
    pub rule_set: RuleSetRef,
    /// Digest of the facts they saw.
    pub facts_digest: String,
    /// The date they judged by, UTC.
    pub as_of: Date,
}
