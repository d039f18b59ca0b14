//! A finding: one rule that fired, with its evidence, who mends it and how.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A rule's name, e.g. `OPP-002`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct RuleId(pub String);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The part of the deal a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// The Salesforce account.
    Account,
    /// The account owner.
    User,
    /// The opportunity.
    Opportunity,
    /// The contract.
    Contract,
    /// The invoices.
    Invoice,
    /// Amounts and currencies across systems.
    Finance,
    /// Whether the records of different systems belong together.
    Chain,
}

impl Domain {
    /// Every domain.
    pub const ALL: [Self; 7] = [
        Self::Account,
        Self::User,
        Self::Opportunity,
        Self::Contract,
        Self::Invoice,
        Self::Finance,
        Self::Chain,
    ];

    /// The name as it stands in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::User => "user",
            Self::Opportunity => "opportunity",
            Self::Contract => "contract",
            Self::Invoice => "invoice",
            Self::Finance => "finance",
            Self::Chain => "chain",
        }
    }

    /// The domain of that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|domain| domain.name() == text)
    }
}

/// Whether a finding blocks or asks for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Blocks.
    Violation,
    /// Escalates.
    Warning,
}

/// What was seen. `field` is the path inside the facts, `value` the value there as text, absent when it is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Path inside the facts, e.g. `opportunity.stage` or `invoices[INV-1].due_date`.
    pub field: String,
    /// The value found there; null when missing.
    pub value: Option<String>,
}

/// One rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// Its domain.
    pub domain: Domain,
    /// Violation or warning.
    pub severity: Severity,
    /// One sentence for people.
    pub message: String,
    /// What was seen.
    pub evidence: Evidence,
    /// Who mends it: CS, Finance, Legal, Sales Ops, IT/DevOps.
    pub owner: String,
    /// What mends it.
    pub resolution: String,
}
