//! Why a ballot counts for nothing, in words for the person who cast it.

use gangway_protocol::{Domain, Outcome, RunId, RunState, Tier};
use gangway_store::ApprovalState;
use jiff::Timestamp;

/// Why a ballot was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The person has not the role.
    #[error("{name} is no approver; an administrator can give the role approver")]
    NotAnApprover {
        /// Who.
        name: String,
    },
    /// The person approves for other domains.
    #[error(
        "{name} may not decide on findings about {}; ask an approver for these domains, or an administrator",
        domains(.missing)
    )]
    OtherDomains {
        /// Who.
        name: String,
        /// What is not theirs.
        missing: Vec<Domain>,
    },
    /// The person asked for the run.
    #[error(
        "{name} asked for run {run_id} and may not decide on it; somebody else must, with a key of their own in GANGWAY_API_KEY: gangway keys create --name NAME --role approver makes one"
    )]
    OwnRun {
        /// Who.
        name: String,
        /// The run.
        run_id: RunId,
    },
    /// Somebody was faster.
    #[error("it was already {} by {by} at {}", settled(*.state), minute(*.at))]
    Settled {
        /// Approved or rejected.
        state: ApprovalState,
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Too late.
    #[error("it expired at {}; start a new run of the account", minute(*.at))]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// A newer one stands in its place, or none is needed any more.
    #[error("approval {approval_id} is void: {why}; look whether the run asks for a new one")]
    Void {
        /// The approval.
        approval_id: String,
        /// What differed.
        why: String,
    },
    /// BLOCK and PROCEED are not a person's to decide.
    #[error(
        "run {run_id} is decided {}: only ESCALATE can be approved; correct the source data and start a new run",
        outcome.map_or_else(|| "nothing yet".to_owned(), |outcome| outcome.to_string())
    )]
    NotEscalated {
        /// The run.
        run_id: RunId,
        /// Its outcome.
        outcome: Option<Outcome>,
    },
    /// The run does not wait for it.
    #[error(
        "run {run_id} is {state} and waits for no decision on this approval; look at the run again, for it may wait for one soon, or for another approval"
    )]
    NotAwaited {
        /// The run.
        run_id: RunId,
        /// Where it stands.
        state: RunState,
    },
    /// Blank.
    #[error("a decision needs a reason: say in a sentence why")]
    NoReason,
    /// The contract's tier is unknown and the approver names none.
    #[error("the contract names no known tier: name Enterprise, Growth or Starter with the approval")]
    NoTier,
    /// The approver names another tier than the contract, or than the first approver.
    #[error("the tier is {known} and an approval cannot make it {named}; correct the contract instead")]
    OtherTier {
        /// The tier that stands.
        known: Tier,
        /// The tier named.
        named: Tier,
    },
    /// Two people are needed, not one twice.
    #[error("{name} approved at {}; a deal of this size needs a second person", minute(*.at))]
    SamePersonTwice {
        /// Who.
        name: String,
        /// When.
        at: Timestamp,
    },
    /// Not a value of ours, or not for what is asked now.
    #[error("the approval's one-time value is not genuine; open the approval again")]
    TokenForged,
    /// Used before by the same person.
    #[error("the approval's one-time value was used before; open the approval again")]
    TokenUsed,
    /// No such approval.
    #[error("there is no approval {0}; gangway approvals list shows what waits")]
    Absent(String),
}

/// What a caller can do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedKind {
    /// Somebody else may (403).
    Forbidden,
    /// Things stand differently by now (409).
    Conflict,
    /// The ballot must be filled in differently (422).
    Invalid,
    /// There is nothing of that name (404).
    Absent,
}

impl Refused {
    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> RefusedKind {
        match self {
            Self::NotAnApprover { .. } | Self::OtherDomains { .. } | Self::OwnRun { .. } => {
                RefusedKind::Forbidden
            }
            Self::SamePersonTwice { .. } | Self::TokenForged => RefusedKind::Forbidden,
            Self::Settled { .. } | Self::Expired { .. } | Self::Void { .. } => RefusedKind::Conflict,
            Self::NotEscalated { .. } | Self::NotAwaited { .. } | Self::TokenUsed => RefusedKind::Conflict,
            Self::NoReason | Self::NoTier | Self::OtherTier { .. } => RefusedKind::Invalid,
            Self::Absent(_) => RefusedKind::Absent,
        }
    }

    /// A code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAnApprover { .. } => "NOT_AN_APPROVER",
            Self::OtherDomains { .. } => "OTHER_DOMAINS",
            Self::OwnRun { .. } => "OWN_RUN",
            Self::Settled { .. } => "ALREADY_DECIDED",
            Self::Expired { .. } => "EXPIRED",
            Self::Void { .. } => "VOID",
            Self::NotEscalated { .. } => "NOT_ESCALATED",
            Self::NotAwaited { .. } => "NOT_AWAITED",
            Self::NoReason => "NO_REASON",
            Self::NoTier => "NO_TIER",
            Self::OtherTier { .. } => "OTHER_TIER",
            Self::SamePersonTwice { .. } => "SAME_PERSON_TWICE",
            Self::TokenForged => "TOKEN_FORGED",
            Self::TokenUsed => "TOKEN_USED",
            Self::Absent(_) => "NOT_FOUND",
        }
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn settled(state: ApprovalState) -> &'static str {
    state.name()
}

fn domains(missing: &[Domain]) -> String {
    missing.iter().map(|domain| domain.name()).collect::<Vec<_>>().join(", ")
}
