//! Advice: words about a decision. It can explain and suggest; nothing turns it into a decision, a fact or a grant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who gave the advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdviceSource {
    /// The rule-based adviser; no model is configured.
    Rules,
    /// The rule-based adviser in a model's place: none could be asked, or its answer could not be used.
    RulesInstead,
    /// A model worded it. Owners, priorities, codes and resolutions are the rules' all the same.
    Model,
}

/// A prompt: a versioned text, named by file and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromptRef {
    /// Its name, e.g. `adviser-1`.
    pub name: String,
    /// Digest of its text.
    pub digest: String,
}

/// How urgent an action is; lower sorts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before anything else.
    Urgent,
    /// Today.
    High,
    /// This week.
    Normal,
}

/// One thing a person should do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdvisedAction {
    /// How urgent.
    pub priority: Priority,
    /// Who: CS, Finance, IT/DevOps, Legal, Sales Ops and so on.
    pub owner: String,
    /// What to do, one sentence.
    pub action: String,
    /// The rule or error code it answers.
    pub because: String,
}

/// An API error in plain English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReading {
    /// The system that failed.
    pub system: String,
    /// Its code.
    pub error_code: String,
    /// What it means, for somebody who has never seen the code.
    pub meaning: String,
    /// Who mends it.
    pub owner: String,
    /// How.
    pub resolution: String,
}

/// What the adviser says about one decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// Who says it.
    pub source: AdviceSource,
    /// Two or three sentences for a CS person.
    pub summary: String,
    /// What it means for the business.
    pub business_impact: String,
    /// How long mending usually takes, in words.
    pub resolution_time: String,
    /// What to do, most urgent first; may be empty.
    pub actions: Vec<AdvisedAction>,
    /// API errors explained; one per error of the decision, same order.
    pub error_readings: Vec<ErrorReading>,
    /// What was left out of a model's answer, or why there is none, in plain words; empty without a model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
