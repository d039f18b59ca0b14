//! Contracts of the CLM tools.

use super::{Access, Contract, Known, Rerun, Tool};
use crate::facts;
use crate::{AccountId, ApiError, ContractId, IdempotencyKey, System};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most account ids one `get_contracts` takes.
pub const MAX_CONTRACTS: usize = 200;

/// Names one contract: exactly one of the two ids.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ContractArgs {
    /// Business id of the account: its newest contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// The CLM's contract id, e.g. CLM-CTR-001.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_id: Option<ContractId>,
}

/// One contract, or null.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ContractFound {
    /// The contract; null when there is none.
    pub contract: Option<facts::Contract>,
}

/// `clm.get_contract`
pub struct GetContract;
impl Tool for GetContract {
    type Args = ContractArgs;
    type Output = ContractFound;
    const CONTRACT: Contract = Contract {
        system: System::Clm,
        name: "clm.get_contract",
        title: "Get a contract",
        description: "Reads one contract from the CLM with status, dates, tier and every signatory, by account id (the newest) or by contract id; give exactly one of them. contract is null when there is none. For several accounts use clm.get_contracts; to remind who has not signed, clm.send_reminder. One vendor call.",
        access: Access::Read,
        open_world: true,
    };
}

/// Names many accounts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ContractsArgs {
    /// Business ids, 1 to 200.
    #[schemars(length(min = 1, max = 200))]
    pub account_ids: Vec<AccountId>,
}

/// What was found for one account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ContractLookup {
    /// The account asked for.
    pub account_id: AccountId,
    /// Its newest contract; null when there is none, or when it could not be read.
    pub contract: Option<facts::Contract>,
    /// Why its contract could not be read; null when it could, or when there is none.
    #[serde(default)]
    pub error: Option<ApiError>,
}

/// What was found for many accounts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ContractsFound {
    /// One entry per account, in the order asked.
    pub contracts: Vec<ContractLookup>,
}

/// `clm.get_contracts`
pub struct GetContracts;
impl Tool for GetContracts {
    type Args = ContractsArgs;
    type Output = ContractsFound;
    const CONTRACT: Contract = Contract {
        system: System::Clm,
        name: "clm.get_contracts",
        title: "Get the contracts of many accounts",
        description: "Reads the newest contract of up to 200 accounts in as few vendor calls as possible. One entry per account, in the order asked; contract is null where there is none, and error says where one cannot be read.",
        access: Access::Read,
        open_world: true,
    };
}

/// How old.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PendingArgs {
    /// Only contracts sent at least this many days ago, 0 to 365; 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 365))]
    pub older_than_days: Option<u16>,
}

/// A contract that waits for signatures.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PendingSignature {
    /// The CLM's contract id.
    pub contract_id: String,
    /// The account it names; null when it names none.
    pub account_id: Option<String>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Whole days since then.
    pub days_waiting: i64,
    /// Those who have not signed.
    pub unsigned: Vec<facts::Signatory>,
}

/// Contracts that wait, longest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PendingSignatures {
    /// The contracts; may be empty.
    pub contracts: Vec<PendingSignature>,
    /// Waiting contracts that could not be read, each named in its message; may be empty.
    #[serde(default)]
    pub errors: Vec<ApiError>,
}

/// `clm.list_pending_signatures`
pub struct ListPendingSignatures;
impl Tool for ListPendingSignatures {
    type Args = PendingArgs;
    type Output = PendingSignatures;
    const CONTRACT: Contract = Contract {
        system: System::Clm,
        name: "clm.list_pending_signatures",
        title: "List contracts waiting for signatures",
        description: "Lists sent contracts of the last 365 days that somebody has not signed yet, longest wait first, at most 200; older_than_days narrows it. Gives contract and account id, days waiting and who is awaited; contracts that cannot be read are listed in errors. A reminder goes out with clm.send_reminder.",
        access: Access::Read,
        open_world: true,
    };
}

/// Whom to remind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReminderArgs {
    /// The CLM's contract id.
    pub contract_id: ContractId,
    /// Same key, same answer; the reminder is sent once.
    pub idempotency_key: IdempotencyKey,
}

/// What was sent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReminderSent {
    /// The contract.
    pub contract_id: ContractId,
    /// How many signatories were reminded.
    pub reminded: u32,
}

/// `clm.send_reminder`
pub struct SendReminder;
impl Tool for SendReminder {
    type Args = ReminderArgs;
    type Output = ReminderSent;
    const CONTRACT: Contract = Contract {
        system: System::Clm,
        name: "clm.send_reminder",
        title: "Remind signatories",
        description: "Asks the CLM to mail everybody who has not signed this contract, and says how many that were. People outside get mail: use it only when a person wants it. Sent once per idempotency key; if the answer is lost it says so and is not repeated. clm.list_pending_signatures gives contract ids.",
        // DocuSign has no key of its own for a resend.
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Unsafe },
        open_world: true,
    };
}

/// All CLM tools.
#[must_use]
pub fn known() -> Vec<Known> {
    vec![
        Known::of::<GetContract>(),
        Known::of::<GetContracts>(),
        Known::of::<ListPendingSignatures>(),
        Known::of::<SendReminder>(),
    ]
}
