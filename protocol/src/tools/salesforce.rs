//! Contracts of the Salesforce tools.

use super::{Access, Contract, Known, Rerun, Tool};
use crate::facts::{Account, Opportunity, Owner};
use crate::{AccountId, ApiError, ContractId, IdempotencyKey, Money, OpportunityId, RunId, System};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most opportunities one `list_closed_won` gives.
pub const MAX_CLOSED_WON: u32 = 200;

/// Names one account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountArgs {
    /// Business id (e.g. ACME-001) or 15/18-character Salesforce id.
    pub account_id: AccountId,
}

/// One account, or null.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountFound {
    /// The account; null when it does not exist. A deleted account is given, with `is_deleted` true.
    pub account: Option<Account>,
}

/// `salesforce.get_account`
pub struct GetAccount;
impl Tool for GetAccount {
    type Args = AccountArgs;
    type Output = AccountFound;
    const CONTRACT: Contract = Contract {
        system: System::Salesforce,
        name: "salesforce.get_account",
        title: "Get a Salesforce account",
        description: "Reads one Salesforce account by business id (such as ACME-001) or Salesforce id. Gives id, name, deletion mark, billing country, industry and owner id; account is null when there is none. For owner, opportunity and contract too, use salesforce.get_onboarding_bundle; for several accounts salesforce.get_accounts. One vendor call.",
        access: Access::Read,
        open_world: true,
    };
}

/// Names one user.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UserArgs {
    /// 15/18-character Salesforce user id.
    #[schemars(length(min = 1, max = 18))]
    pub user_id: String,
}

/// One user, or null.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UserFound {
    /// The user; null when it does not exist.
    pub user: Option<Owner>,
}

/// `salesforce.get_user`
pub struct GetUser;
impl Tool for GetUser {
    type Args = UserArgs;
    type Output = UserFound;
    const CONTRACT: Contract = Contract {
        system: System::Salesforce,
        name: "salesforce.get_user",
        title: "Get a Salesforce user",
        description: "Reads one Salesforce user, such as an account's owner_id, by Salesforce id: name, mail, active or not, profile, title, department and manager; user is null when there is none. One vendor call.",
        access: Access::Read,
        open_world: true,
    };
}

/// Names an account and perhaps one of its opportunities.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DealArgs {
    /// Business id (e.g. ACME-001) or 15/18-character Salesforce id.
    pub account_id: AccountId,
    /// Salesforce opportunity id. When absent: the newest Closed Won opportunity, else the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opportunity_id: Option<OpportunityId>,
}

/// One opportunity, or null.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OpportunityFound {
    /// The opportunity; null when there is none.
    pub opportunity: Option<Opportunity>,
}

/// `salesforce.get_opportunity`
pub struct GetOpportunity;
impl Tool for GetOpportunity {
    type Args = DealArgs;
    type Output = OpportunityFound;
    const CONTRACT: Contract = Contract {
        system: System::Salesforce,
        name: "salesforce.get_opportunity",
        title: "Get an account's opportunity",
        description: "Reads one opportunity of an account: the one named, else the newest Closed Won, else the newest. Gives stage, amount in minor units, close date and contract id; opportunity is null when there is none. To find won deals of all accounts use salesforce.list_closed_won. One vendor call.",
        access: Access::Read,
        open_world: true,
    };
}

/// Names one Salesforce contract.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ContractArgs {
    /// 15/18-character Salesforce contract id.
    pub contract_id: ContractId,
}

/// A contract as Salesforce has it (the CLM's word counts for decisions).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SalesforceContract {
    /// Salesforce id.
    pub id: Option<String>,
    /// Salesforce id of the account.
    pub account_id: Option<String>,
    /// Contract number.
    pub number: Option<String>,
    /// Salesforce's status, e.g. Activated, Draft.
    pub status: Option<String>,
    /// First day.
    pub start_date: Option<Date>,
    /// Last day.
    pub end_date: Option<Date>,
}

/// One Salesforce contract, or null.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ContractFound {
    /// The contract; null when it does not exist.
    pub contract: Option<SalesforceContract>,
}

/// `salesforce.get_contract`
pub struct GetContract;
impl Tool for GetContract {
    type Args = ContractArgs;
    type Output = ContractFound;
    const CONTRACT: Contract = Contract {
        system: System::Salesforce,
        name: "salesforce.get_contract",
        title: "Get a Salesforce contract",
        description: "Reads one contract record as Salesforce has it, by the contract_id of an opportunity; contract is null when there is none. Signatures and execution are not in it: ask clm.get_contract for those. One vendor call.",
        access: Access::Read,
        open_world: true,
    };
}

/// Everything Salesforce knows about one onboarding.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OnboardingBundle {
    /// The account; null when it does not exist.
    pub account: Option<Account>,
    /// Its business id, by which every other system knows it; null when its external-id field is empty.
    #[serde(default)]
    pub business_id: Option<String>,
    /// Its owner; null when unset or unknown.
    pub owner: Option<Owner>,
    /// The opportunity that counts; null when there is none.
    pub opportunity: Option<Opportunity>,
    /// The opportunity's Salesforce contract; null when unset or unknown.
    pub contract: Option<SalesforceContract>,
    /// Parts that failed while others succeeded; may be empty.
    pub errors: Vec<ApiError>,
}

/// `salesforce.get_onboarding_bundle`
pub struct GetOnboardingBundle;
impl Tool for GetOnboardingBundle {
    type Args = DealArgs;
    type Output = OnboardingBundle;
    const CONTRACT: Contract = Contract {
        system: System::Salesforce,
        name: "salesforce.get_onboarding_bundle",
        title: "Get account, owner, opportunity and contract at once",
        description: "Reads an account with its owner, the opportunity that counts and that opportunity's Salesforce contract in one composite round trip. Parts that do not exist are null; parts that failed are listed in errors. Prefer it to four single reads.",
        access: Access::Read,
        open_world: true,
    };
}

/// Names many accounts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountsArgs {
    /// Business or Salesforce ids, 1 to 200.
    #[schemars(length(min = 1, max = 200))]
    pub account_ids: Vec<AccountId>,
}

/// What was found for one id.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountLookup {
    /// The id asked for.
    pub account_id: AccountId,
    /// The account; null when it does not exist, or when nobody can say which it is.
    pub account: Option<Account>,
    /// Why nobody can say which account it is; null otherwise.
    #[serde(default)]
    pub error: Option<ApiError>,
}

/// What was found for many ids.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountsFound {
    /// One entry per id, in the order asked.
    pub accounts: Vec<AccountLookup>,
}

/// `salesforce.get_accounts`
pub struct GetAccounts;
impl Tool for GetAccounts {
    type Args = AccountsArgs;
    type Output = AccountsFound;
    const CONTRACT: Contract = Contract {
        system: System::Salesforce,
        name: "salesforce.get_accounts",
        title: "Get many Salesforce accounts",
        description: "Reads up to 200 accounts in as few vendor calls as possible. One entry per id asked for, in that order; account is null where there is none, and error says where an id is not unique.",
        access: Access::Read,
        open_world: true,
    };
}

/// Since when.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ClosedWonArgs {
    /// Only opportunities changed at or after this instant (RFC 3339).
    pub since: Timestamp,
    /// Of those changed in the very instant of since, only those whose id comes after this one: the last
    /// opportunity_id of the page before. All of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_opportunity_id: Option<OpportunityId>,
    /// At most this many, 1 to 200; 200 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

/// A won deal.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ClosedWon {
    /// Salesforce opportunity id.
    pub opportunity_id: String,
    /// The account's business id where it has one, else its Salesforce id.
    pub account_id: String,
    /// Deal size.
    pub amount: Option<Money>,
    /// Close date.
    pub close_date: Option<Date>,
    /// Last change, for the next `since`.
    pub changed_at: Timestamp,
}

/// Won deals, oldest change first; those of one instant by id.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ClosedWonList {
    /// The deals; may be empty.
    pub opportunities: Vec<ClosedWon>,
    /// Whether the limit cut the list; ask again with `since` = the last `changed_at` and `after_opportunity_id` = the
    /// last `opportunity_id`. Once it is false, begin the next round with the last `changed_at` alone: the deals of that
    /// instant come again, and one changed later within it is not missed.
    pub more: bool,
}

/// `salesforce.list_closed_won`
pub struct ListClosedWon;
impl Tool for ListClosedWon {
    type Args = ClosedWonArgs;
    type Output = ClosedWonList;
    const CONTRACT: Contract = Contract {
        system: System::Salesforce,
        name: "salesforce.list_closed_won",
        title: "List recently won deals",
        description: "Lists Closed Won opportunities changed since an instant, oldest change first, at most 200. Says whether there are more; the next page begins after the last change and id of this one. Use it to find deals that still need a run; onboarding.start_run starts one.",
        access: Access::Read,
        open_world: true,
    };
}

/// What Salesforce shows its users about an onboarding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum OnboardingStatus {
    /// A person must approve.
    AwaitingApproval,
    /// Blocked.
    Blocked,
    /// The tenant exists.
    Provisioned,
}

impl OnboardingStatus {
    /// The value written to Salesforce.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::AwaitingApproval => "Awaiting approval",
            Self::Blocked => "Blocked",
            Self::Provisioned => "Provisioned",
        }
    }
}

/// The status to write.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UpdateStatusArgs {
    /// Business id or Salesforce id.
    pub account_id: AccountId,
    /// The new status.
    pub status: OnboardingStatus,
    /// The run that led to it.
    pub run_id: RunId,
    /// Same key, same answer; the write happens once.
    pub idempotency_key: IdempotencyKey,
}

/// What was written.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StatusUpdated {
    /// The account.
    pub account_id: AccountId,
    /// Its status now.
    pub status: OnboardingStatus,
}

/// `salesforce.update_onboarding_status`
pub struct UpdateOnboardingStatus;
impl Tool for UpdateOnboardingStatus {
    type Args = UpdateStatusArgs;
    type Output = StatusUpdated;
    const CONTRACT: Contract = Contract {
        system: System::Salesforce,
        name: "salesforce.update_onboarding_status",
        title: "Write the onboarding status to Salesforce",
        description: "Sets the account's onboarding status and run id in Salesforce. Runs do it by themselves: call it only to mend a status a person found wrong. Writing the same status again changes nothing. One vendor call.",
        // A PATCH of the same fields to the same values is the same state.
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Harmless },
        open_world: true,
    };
}

/// All Salesforce tools.
#[must_use]
pub fn known() -> Vec<Known> {
    vec![
        Known::of::<GetAccount>(),
        Known::of::<GetUser>(),
        Known::of::<GetOpportunity>(),
        Known::of::<GetContract>(),
        Known::of::<GetOnboardingBundle>(),
        Known::of::<GetAccounts>(),
        Known::of::<ListClosedWon>(),
        Known::of::<UpdateOnboardingStatus>(),
    ]
}
