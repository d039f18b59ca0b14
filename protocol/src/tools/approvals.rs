//! Approvals as the agents' own server shows them: what waits for a person, and a person's decision.

use super::{Access, Contract, Rerun, Tool};
use crate::{AccountId, Domain, Finding, IdempotencyKey, Money, RunId, System, Tier};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One person's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalVote {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// An approval as people read it: who, what, why, how much, until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalSummary {
    /// Its id.
    pub approval_id: String,
    /// The run.
    pub run_id: RunId,
    /// The account.
    pub account_id: AccountId,
    /// The customer's name; the account id when Salesforce has none.
    pub customer: String,
    /// pending, approved, rejected, expired or void.
    pub state: String,
    /// Who asked for the run; may not decide.
    pub requested_by: String,
    /// The deal's size; null when Salesforce has none.
    pub amount: Option<Money>,
    /// Why a person is asked.
    pub because: Vec<Finding>,
    /// An approver must be one for all of these.
    pub domains: Vec<Domain>,
    /// The tier that will be provisioned; null: the approver must name it.
    pub tier: Option<Tier>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// From then on nobody can decide.
    pub expires_at: Timestamp,
    /// Who said yes so far.
    pub votes: Vec<ApprovalVote>,
    /// How many people must still say yes; 0 once it is settled.
    pub votes_needed: u32,
    /// Who settled it.
    pub decided_by: Option<String>,
    /// When it was settled.
    pub decided_at: Option<Timestamp>,
    /// Why it was decided so; for a void one, what had changed.
    pub reason: Option<String>,
}

/// Which approvals.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListApprovalsArgs {
    /// pending, approved, rejected, expired or void; pending when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `next_cursor` of the page before; the first page when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20))]
    pub cursor: Option<String>,
    /// At most this many, 1 to 200; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

/// A page of approvals, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalList {
    /// The approvals; may be empty.
    pub approvals: Vec<ApprovalSummary>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}

/// `onboarding.list_approvals`
pub struct ListApprovals;
impl Tool for ListApprovals {
    type Args = ListApprovalsArgs;
    type Output = ApprovalList;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "onboarding.list_approvals",
        title: "List approvals",
        description: "Lists approvals, newest first: customer, amount, why a person is asked, who has decided, until when. Those that wait unless state says otherwise; 50 a page unless limit says otherwise, at most 200; pass next_cursor as cursor to get the next page, it is null on the last. A decision is made with onboarding.decide_approval.",
        access: Access::Read,
        open_world: false,
    };
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ApprovalVerdict {
    /// Yes.
    Approve,
    /// No; final.
    Reject,
}

/// A decision to be confirmed by a person.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DecideApprovalArgs {
    /// The approval.
    #[schemars(length(min = 1, max = 120))]
    pub approval_id: String,
    /// approve or reject.
    pub verdict: ApprovalVerdict,
    /// Why, in the person's words.
    #[schemars(length(min = 1, max = 500))]
    pub reason: String,
    /// The tier, only where the contract names no known one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Same key, same answer.
    pub idempotency_key: IdempotencyKey,
}

/// How a decision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalDecisionStatus {
    /// A person confirmed it and it counts.
    Decided,
    /// Nothing is decided: a person must do it as `how` says.
    PendingApproval,
}

/// What became of a decision.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalDecision {
    /// Whether it counts.
    pub status: ApprovalDecisionStatus,
    /// The approval as it stands now.
    pub approval: ApprovalSummary,
    /// What happens next, or how a person decides.
    pub how: String,
}

/// `onboarding.decide_approval`
pub struct DecideApproval;
impl Tool for DecideApproval {
    type Args = DecideApprovalArgs;
    type Output = ApprovalDecision;
    const CONTRACT: Contract = Contract {
        system: System::Onboarding,
        name: "onboarding.decide_approval",
        title: "Decide on an approval",
        description: "Approves or rejects an approval of onboarding.list_approvals if the person at the host confirms it in a form; approving lets the run make the tenant and write to people, rejecting blocks it for good. A host that cannot show a form gets status pending_approval and how a person decides elsewhere: a model's word alone decides nothing.",
        access: Access::Write { key: "idempotency_key", destructive: true, rerun: Rerun::Harmless },
        open_world: true,
    };
}
