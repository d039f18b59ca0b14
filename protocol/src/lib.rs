//! The ground every other room stands on: what crosses a process boundary or is stored.
//!
//! Records, identifiers, money, findings, decisions, the run record, the error taxonomy,
//! the tool contracts, the grant and the audit's checkpoints. It does no I/O, awaits nothing and reads no clock:
//! a time or a source of randomness is always handed in (the id of an audit record apart).

pub mod actor;
pub mod advice;
pub mod agent;
pub mod api_error;
pub mod audit;
pub mod canonical;
pub mod checkpoint;
pub mod crash_point;
pub mod decision;
pub mod facts;
pub mod finding;
pub mod grant;
pub mod ids;
pub mod llm_call;
pub mod money;
pub mod offers;
pub mod person;
pub mod record_id;
pub mod redact;
pub mod run;
pub mod task;
pub mod tenant;
pub mod tools;
pub mod trace;

pub use actor::Actor;
pub use advice::{Advice, AdviceSource, AdvisedAction, PromptRef};
pub use agent::Agent;
pub use api_error::{ApiError, ErrorType, RecordKind, System};
pub use decision::{Decision, Outcome, RiskLevel, RuleSetRef};
pub use facts::Facts;
pub use finding::{Domain, Evidence, Finding, RuleId, Severity};
pub use ids::{AccountId, ContractId, CorrelationId, IdempotencyKey, OpportunityId, RunId, TenantId};
pub use llm_call::{CallPurpose, CallVerdict, LlmCall, Spent};
pub use money::{Currency, Money, Rate};
pub use person::{Person, Role, same_person};
pub use run::{RunRecord, RunState};
pub use tenant::Tier;
pub use trace::TraceParent;
