//! Watching blocked runs: reminds those who have not signed, and asks for a new run once a contract is executed.
//!
//! Runs from a schedule, as often as one likes: a reminder is keyed by contract and three-day window, a request by
//! the run that was blocked, so that each happens once. It only looks at runs the contract itself blocked; a run
//! blocked by something else would be blocked again, and asked for again, forever.

use gangway_protocol::facts::Contract;
use gangway_protocol::tools::clm::{
    ContractLookup, ContractsArgs, GetContracts, ListPendingSignatures, MAX_CONTRACTS, PendingArgs,
    PendingSignature, PendingSignatures, ReminderArgs, SendReminder,
};
use gangway_protocol::tools::onboarding::{
    BlockedRun, ListBlocked, ListBlockedArgs, RequestRun, RequestRunArgs,
};
use gangway_protocol::{AccountId, ApiError, ContractId, ErrorType, IdempotencyKey, RunId, System};
use gangway_toolbelt::{Scope, Toolbelt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Days between sending and the first reminder, and between reminders.
pub const REMINDER_DAYS: u16 = 3;
/// Rules a newly executed contract can settle: no contract, or one not executed.
const SETTLED_BY_EXECUTION: [&str; 2] = ["CON-001", "CON-002"];

/// A reminder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reminded {
    /// The account.
    pub account_id: AccountId,
    /// The contract.
    pub contract_id: ContractId,
    /// How many were reminded.
    pub reminded: u32,
}

/// A run asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requested {
    /// The account.
    pub account_id: AccountId,
    /// The run that was blocked.
    pub blocked_run: RunId,
    /// The new one.
    pub new_run: RunId,
}

/// What one watch saw and did. Failures stop nothing: the next watch tries again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WatchReport {
    /// How many runs are blocked by their contract.
    pub watched: u32,
    /// Reminders this watch sent; may be empty. One an earlier watch sent in the same window is not news.
    pub reminded: Vec<Reminded>,
    /// Runs asked for; may be empty.
    pub requested: Vec<Requested>,
    /// Failed calls; may be empty.
    pub errors: Vec<ApiError>,
}

/// Looks once at every run its contract blocks.
pub async fn watch(belt: &Toolbelt, scope: &Scope) -> WatchReport {
    let mut report = WatchReport::default();
    let blocked = match blocked_by_contract(belt, scope).await {
        Ok(blocked) => blocked,
        Err(error) => {
            report.errors.push(error);
            return report;
        }
    };
    report.watched = u32::try_from(blocked.len()).unwrap_or(u32::MAX);
    if blocked.is_empty() {
        return report;
    }
    let pending = PendingArgs { older_than_days: Some(REMINDER_DAYS) };
    let (contracts, pending) = futures::join!(
        contracts_of(belt, scope, &blocked),
        belt.call::<ListPendingSignatures>(scope, &pending)
    );
    let waiting =
        pending.unwrap_or_else(|error| PendingSignatures { contracts: Vec::new(), errors: vec![error] });
    report.errors.extend(waiting.errors);
    let contracts = readable(contracts, &mut report);
    for run in &blocked {
        match contracts.get(&run.run.account_id) {
            Some(contract) if contract.is_executed() => request(belt, scope, run, &mut report).await,
            Some(contract) => remind(belt, scope, (run, contract, &waiting.contracts), &mut report).await,
            None => {}
        }
    }
    report
}

/// Every run that its contract blocks, from all pages: whatever else blocks older ones must not hide them.
async fn blocked_by_contract(belt: &Toolbelt, scope: &Scope) -> Result<Vec<BlockedRun>, ApiError> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = belt.call::<ListBlocked>(scope, &ListBlockedArgs { after }).await?;
        after = page.runs.last().filter(|_| page.more).map(|last| last.run.run_id.clone());
        found.extend(of_contract(page.runs));
        if after.is_none() {
            return Ok(found);
        }
    }
}

fn of_contract(runs: Vec<BlockedRun>) -> Vec<BlockedRun> {
    runs.into_iter()
        .filter(|run| run.because.iter().any(|rule| SETTLED_BY_EXECUTION.contains(&rule.as_str())))
        .collect()
}

async fn contracts_of(
    belt: &Toolbelt,
    scope: &Scope,
    blocked: &[BlockedRun],
) -> Result<Vec<ContractLookup>, ApiError> {
    let mut lookups = Vec::new();
    for chunk in blocked.chunks(MAX_CONTRACTS) {
        let account_ids = chunk.iter().map(|run| run.run.account_id.clone()).collect();
        lookups.extend(belt.call::<GetContracts>(scope, &ContractsArgs { account_ids }).await?.contracts);
    }
    Ok(lookups)
}

/// The contracts by account. One that could not be read is reported and left for the next watch; the others go on.
fn readable(
    lookups: Result<Vec<ContractLookup>, ApiError>,
    report: &mut WatchReport,
) -> HashMap<AccountId, Contract> {
    let mut contracts = HashMap::new();
    match lookups {
        Ok(lookups) => {
            for lookup in lookups {
                report.errors.extend(lookup.error);
                contracts.extend(lookup.contract.map(|contract| (lookup.account_id, contract)));
            }
        }
        Err(error) => report.errors.push(error),
    }
    contracts
}

async fn request(belt: &Toolbelt, scope: &Scope, blocked: &BlockedRun, report: &mut WatchReport) {
    let (account_id, blocked_run) = (blocked.run.account_id.clone(), blocked.run.run_id.clone());
    let args = RequestRunArgs {
        account_id: account_id.clone(),
        reason: "The contract that blocked the last run is executed now.".to_owned(),
        idempotency_key: IdempotencyKey::of_step(&blocked_run, "contract_executed"),
    };
    match belt.call::<RequestRun>(scope, &args).await {
        Ok(started) => {
            report.requested.push(Requested { account_id, blocked_run, new_run: started.run.run_id });
        }
        Err(error) => report.errors.push(error),
    }
}

async fn remind(
    belt: &Toolbelt,
    scope: &Scope,
    (blocked, contract, waiting): (&BlockedRun, &Contract, &[PendingSignature]),
    report: &mut WatchReport,
) {
    let Some(pending) = waiting.iter().find(|pending| Some(&pending.contract_id) == contract.id.as_ref())
    else {
        return;
    };
    let args = match reminder(pending) {
        Ok(args) => args,
        Err(error) => return report.errors.push(error),
    };
    match belt.call_noting_repeats::<SendReminder>(scope, &args).await {
        Ok(answered) if answered.replayed => {}
        Ok(answered) => report.reminded.push(Reminded {
            account_id: blocked.run.account_id.clone(),
            contract_id: answered.output.contract_id,
            reminded: answered.output.reminded,
        }),
        Err(error) => report.errors.push(error),
    }
}

/// The reminder of the window the contract is in: days 3 to 5 after sending are one, 6 to 8 the next. The sending
/// time is part of the key, so that a contract sent anew begins anew.
fn reminder(pending: &PendingSignature) -> Result<ReminderArgs, ApiError> {
    let unusable = |message: String| {
        ApiError::new(System::Clm, ErrorType::Validation, "send_reminder", "UNUSABLE_CONTRACT_ID", &message)
    };
    let contract_id =
        ContractId::parse(&*pending.contract_id).map_err(|error| unusable(error.to_string()))?;
    let window = pending.days_waiting / i64::from(REMINDER_DAYS);
    let key = format!("reminder/{contract_id}/{}/{window}", pending.sent_at.as_second());
    let idempotency_key = IdempotencyKey::parse(key).map_err(|error| unusable(error.to_string()))?;
    Ok(ReminderArgs { contract_id, idempotency_key })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{of_contract, reminder};
    use gangway_protocol::tools::clm::PendingSignature;
    use gangway_protocol::tools::onboarding::BlockedRun;
    use serde_json::json;

    fn pending(days_waiting: i64) -> PendingSignature {
        serde_json::from_value(json!({
            "contract_id": "CLM-CTR-002", "account_id": "BETA-002", "sent_at": "2026-03-01T09:00:00Z",
            "days_waiting": days_waiting, "unsigned": []}))
        .unwrap()
    }

    fn blocked_by(rule: &str) -> BlockedRun {
        serde_json::from_value(json!({"contract_id": null, "because": [rule], "run": {
            "run_id": "run-1", "account_id": "A-1", "correlation_id": "c-1", "state": "blocked", "outcome": "BLOCK",
            "risk_level": "high", "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z"}}))
        .unwrap()
    }

    #[test]
    fn each_three_day_window_has_one_key() {
        let key = |days| reminder(&pending(days)).unwrap().idempotency_key;
        assert_eq!(key(3), key(5));
        assert_ne!(key(5), key(6));
        assert_eq!(key(6), key(8));
    }

    #[test]
    fn a_contract_sent_anew_is_reminded_anew() {
        let mut again = pending(3);
        again.sent_at = "2026-03-20T09:00:00Z".parse().unwrap();
        assert_ne!(reminder(&again).unwrap().idempotency_key, reminder(&pending(3)).unwrap().idempotency_key);
    }

    #[test]
    fn a_contract_id_that_is_none_is_an_error_not_a_call() {
        let mut odd = pending(3);
        odd.contract_id = "x/../y".to_owned();
        assert_eq!(reminder(&odd).unwrap_err().error_code, "UNUSABLE_CONTRACT_ID");
    }

    #[test]
    fn only_runs_that_an_executed_contract_could_free_are_watched() {
        let runs = ["CON-001", "CON-002", "CON-004", "OPP-002", "SERVER_ERROR"].map(blocked_by);
        assert_eq!(of_contract(runs.to_vec()).len(), 2);
    }
}
