//! The only room that speaks SQL: runs, journal, approvals, tenants, tasks, outbox, idempotency answers, audit.
//!
//! One SQLite file per data folder, one writer thread per process with group commit, two reader threads. Every method
//! is async and returns when its write is committed, unless its name says otherwise. It decides nothing about
//! onboarding and reads no clock: every time is handed in.

mod api_keys;
mod approvals;
mod audit;
mod backup;
mod codec;
mod cursors;
mod error;
mod feed;
mod filter;
mod idempotency;
mod instance;
mod intake;
mod journal;
mod llm_calls;
mod open;
mod outbox;
mod pages;
mod reader;
mod restores;
mod retention;
mod rules;
mod runs;
mod schema;
mod seals;
mod store;
mod tasks;
mod tenants;
mod timers;
mod writer;

pub use api_keys::{ApiKey, ApiKeys, KeyRefusal, StoredKey};
pub use approvals::{Approval, ApprovalFilter, ApprovalState, Approvals, Docket, Vote};
pub use audit::{
    Audit, AuditBreak, AuditVerdict, Beginning, GENESIS, Inspected, Inspection, ToldRestore, Witness,
    inspect_export, link_hash,
};
pub use backup::{Checked, check_database, copy_database};
pub use cursors::Cursors;
pub use error::StoreError;
pub use feed::{Change, ChangeKind, Feed};
pub use idempotency::{Claim, Idempotency};
pub use intake::{InboundEvent, Intake, Receipt, Received};
pub use journal::{Journal, JournalEntry};
pub use llm_calls::{LlmCallFilter, LlmCalls, LlmTotals};
pub use outbox::{
    Channel, Deliverer, Due, NewMessage, Outbox, OutboxClaim, OutboxFilter, OutboxMessage, OutboxState,
    OutboxVerdict, SendEnd, Sending,
};
pub use pages::{ApprovalPage, AuditEnding, AuditPage, Direction, RunPage};
pub use restores::{Interrupted, Restore, Restores};
pub use retention::{Forgettable, Retention};
pub use rules::{Canary, KeptRuleSet, RuleChange, RuleOrder, Rules, RulesInForce, ShadowReport, ShadowedRun};
pub use runs::{Accepted, DecidedRun, RunFilter, Runs};
pub use schema::VERSION as SCHEMA_VERSION;
pub use seals::{Seal, SealStage, Seals};
pub use store::Store;
pub use tasks::{TaskFilter, TaskUpdate, Tasks, TenantsOf};
pub use tenants::Tenants;
pub use timers::{Timer, TimerEnd, Timers};
pub use writer::Pending;
