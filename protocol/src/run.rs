//! The run record: everything one onboarding run was asked, saw, decided and did.

use crate::advice::{Advice, PromptRef};
use crate::record_id::{ACCOUNT, RecordId};
use crate::redact::scrub;
use crate::tenant::Tenant;
use crate::trace::TraceParent;
use crate::{AccountId, ApiError, CorrelationId, Decision, Facts, OpportunityId, RuleSetRef, RunId};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What set a run off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Trigger {
    /// A person at the command line.
    Cli,
    /// The demo.
    Demo,
    /// Many accounts at once.
    Batch,
    /// An MCP tool call.
    Mcp,
    /// A signed webhook.
    Webhook,
    /// A timer.
    Schedule,
    /// A person or program over the HTTP API.
    Api,
}

/// A request to onboard one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunRequest {
    /// The account.
    pub account_id: AccountId,
    /// The opportunity; the newest Closed Won one when absent.
    #[serde(default)]
    pub opportunity_id: Option<OpportunityId>,
    /// Given by the caller, or made.
    pub correlation_id: CorrelationId,
    /// Day to judge by, UTC; the day the run starts when absent.
    #[serde(default)]
    pub as_of: Option<Date>,
    /// What set it off.
    pub trigger: Trigger,
    /// Who asked.
    pub requested_by: String,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum RunState {
    /// Gathering and deciding.
    Assessing,
    /// A person must approve.
    AwaitingApproval,
    /// Making the tenant and telling people.
    Fulfilling,
    /// Done: the customer has a tenant.
    Completed,
    /// Blocked; only changed source data and a new run help.
    Blocked,
    /// Cannot go on by itself; the record says why.
    Parked,
}

impl RunState {
    /// Every state, in the order a run may pass them.
    pub const ALL: [Self; 6] = [
        Self::Assessing,
        Self::AwaitingApproval,
        Self::Fulfilling,
        Self::Completed,
        Self::Blocked,
        Self::Parked,
    ];

    /// The name as it stands in JSON and in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Assessing => "assessing",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Fulfilling => "fulfilling",
            Self::Completed => "completed",
            Self::Blocked => "blocked",
            Self::Parked => "parked",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// Whether the account is taken by this run.
    #[must_use]
    pub fn is_live(self) -> bool {
        match self {
            Self::Assessing | Self::AwaitingApproval | Self::Fulfilling => true,
            Self::Completed | Self::Blocked | Self::Parked => false,
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How an effect ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectStatus {
    /// It happened, once.
    Done,
    /// A message was accepted and is delivered later by the outbox.
    Queued,
    /// The answer was lost: it may or may not have happened, and was not repeated.
    Unknown,
    /// It did not happen.
    Failed,
}

impl EffectStatus {
    /// The name as it stands in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Queued => "queued",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

/// Something the run did to the outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// Label within the run, also the tail of its idempotency key, e.g. `create_tenant`.
    pub label: String,
    /// The tool that did it.
    pub tool: String,
    /// How it ended.
    pub status: EffectStatus,
    /// The receiver's reference (tenant id, message timestamp, mail id), when it gave one.
    #[serde(default)]
    pub reference: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<ApiError>,
    /// A message's row in the outbox, which tells how it stands now.
    #[serde(default)]
    pub message_id: Option<String>,
}

/// A report file of a run; `file` is its name inside the reports folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportRef {
    /// `run_report`, `email_blocked`, `email_escalation`, `email_success`, `email_welcome`, `audit` …
    pub kind: String,
    /// File name.
    pub file: String,
}

/// The versions a run was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Versions {
    /// Version of Gangway.
    pub agent: String,
    /// Version of the workflow's step sequence; a journal is only replayed by the same.
    pub workflow: String,
    /// The rules; null until decided.
    #[serde(default)]
    pub rule_set: Option<RuleSetRef>,
    /// Digest of all tool contracts.
    pub tool_contracts: String,
    /// Adviser: `rules`, or provider and model, e.g. `openai/gpt-4o-mini`.
    pub adviser: String,
    /// The prompt the model was asked with; null until then, and without a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<PromptRef>,
}

/// One run, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Its id.
    pub run_id: RunId,
    /// What was asked; the account stands here under its business id as soon as that is known.
    pub request: RunRequest,
    /// The Salesforce id by which the account was asked for; null when it was asked for by its business id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_as: Option<AccountId>,
    /// Where it stands.
    pub state: RunState,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When the record last changed.
    pub updated_at: Timestamp,
    /// The day it is judged by, UTC.
    pub as_of: Date,
    /// The trace every call made for it belongs to: the one of the request that set it off, else its own. Null in
    /// records of before traces were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
    /// What was gathered; null until then.
    #[serde(default)]
    pub facts: Option<Facts>,
    /// What was decided; null until then.
    #[serde(default)]
    pub decision: Option<Decision>,
    /// What the rules advise; null until then.
    #[serde(default)]
    pub advice: Option<Advice>,
    /// The same in a model's words; null without a model and until it was asked. For reading only: no effect carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worded_advice: Option<Advice>,
    /// The approval that is awaited or was given.
    #[serde(default)]
    pub approval_id: Option<String>,
    /// Until when that approval can be given.
    #[serde(default)]
    pub approval_expires_at: Option<Timestamp>,
    /// The tenant, once there is one.
    #[serde(default)]
    pub tenant: Option<Tenant>,
    /// What was done, in order; may be empty.
    #[serde(default)]
    pub effects: Vec<Effect>,
    /// Report files; may be empty.
    #[serde(default)]
    pub reports: Vec<ReportRef>,
    /// The versions it was made with.
    pub versions: Versions,
    /// Why it is parked.
    #[serde(default)]
    pub parked_because: Option<String>,
}

impl RunRecord {
    /// The advice a person should read: a model's words where there are some, else the rules'.
    #[must_use]
    pub fn advice_to_read(&self) -> Option<&Advice> {
        self.worded_advice.as_ref().or(self.advice.as_ref())
    }

    /// The same run as part of a trace that began elsewhere; of its own where there is none.
    #[must_use]
    pub fn within(mut self, trace: Option<TraceParent>) -> Self {
        self.traceparent = trace.or(self.traceparent);
        self
    }

    /// Enters the business id of the account, remembering the Salesforce id it was asked for by.
    pub fn identify(&mut self, account_id: AccountId) {
        if self.request.account_id != account_id {
            self.asked_as = Some(std::mem::replace(&mut self.request.account_id, account_id));
        }
    }

    /// The account's Salesforce id, as Salesforce said, or as it was asked for by.
    #[must_use]
    pub fn salesforce_id(&self) -> Option<RecordId> {
        let account = self.facts.as_ref().and_then(|facts| facts.account.as_ref());
        let said = account.and_then(|account| RecordId::parse(account.id.as_deref()?, ACCOUNT));
        let asked = || self.asked_as.as_ref().unwrap_or(&self.request.account_id).record_id();
        said.or_else(asked)
    }

    /// Whether it is a run of this account, by whichever of its names.
    #[must_use]
    pub fn is_of(&self, account_id: &AccountId) -> bool {
        let same_record = |id: RecordId| self.salesforce_id().is_some_and(|ours| ours.names(id.as_str()));
        let is_same_name = self.request.account_id.as_str().eq_ignore_ascii_case(account_id.as_str());
        is_same_name || account_id.record_id().is_some_and(same_record)
    }

    /// The record with a reason why it cannot go on; the reason is scrubbed.
    #[must_use]
    pub fn parked(mut self, reason: &str) -> Self {
        self.state = RunState::Parked;
        self.parked_because = Some(scrub(reason, 500));
        self
    }
}
