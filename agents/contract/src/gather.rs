//! One account's contract: the facts, or why they are unknown.

use gangway_protocol::facts::Contract;
use gangway_protocol::tools::clm::{ContractArgs, GetContract};
use gangway_protocol::{AccountId, ApiError, RecordKind};
use gangway_toolbelt::{Scope, Toolbelt};

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContractFindings {
    /// The account's newest contract; null when there is none, or when it could not be read.
    pub contract: Option<Contract>,
    /// Failed calls; at most one, and it hides the contract.
    pub errors: Vec<ApiError>,
}

/// Reads the account's contract; one tool call. A failure is part of the findings.
pub async fn gather(belt: &Toolbelt, scope: &Scope, account_id: &AccountId) -> ContractFindings {
    let args = ContractArgs { account_id: Some(account_id.clone()), contract_id: None };
    match belt.call::<GetContract>(scope, &args).await {
        Ok(found) => ContractFindings { contract: found.contract, errors: Vec::new() },
        Err(error) => {
            ContractFindings { contract: None, errors: vec![error.hiding(&[RecordKind::Contract])] }
        }
    }
}
