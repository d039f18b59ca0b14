//! `contract_agent.assess`: the state of one contract now, for whoever asks.

use crate::gather::{ContractFindings, gather};
use gangway_protocol::AccountId;
use gangway_protocol::facts::Contract;
use gangway_protocol::tools::onboarding::ContractAssessment;
use gangway_toolbelt::{Scope, Toolbelt};

/// Reads the account's contract and says whether it is executed and how many have not signed.
pub async fn assess(belt: &Toolbelt, scope: &Scope, account_id: &AccountId) -> ContractAssessment {
    assessment(gather(belt, scope, account_id).await)
}

fn assessment(findings: ContractFindings) -> ContractAssessment {
    let contract = findings.contract;
    ContractAssessment {
        executed: contract.as_ref().is_some_and(Contract::is_executed),
        unsigned: contract.as_ref().map_or(0, unsigned),
        error: findings.errors.into_iter().next(),
        contract,
    }
}

fn unsigned(contract: &Contract) -> u32 {
    let signatories = contract.signatories.iter().flatten();
    let unsigned = signatories.filter(|signatory| signatory.signed != Some(true)).count();
    u32::try_from(unsigned).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::assessment;
    use crate::gather::ContractFindings;
    use gangway_protocol::facts::{Contract, Signatory};

    fn signatory(signed: Option<bool>) -> Signatory {
        Signatory { signed, ..Signatory::default() }
    }

    #[test]
    fn counts_everybody_who_is_not_known_to_have_signed() {
        let contract = Contract {
            status: Some(" executed ".to_owned()),
            signatories: Some(vec![signatory(Some(true)), signatory(Some(false)), signatory(None)]),
            ..Contract::default()
        };
        let seen = assessment(ContractFindings { contract: Some(contract), errors: Vec::new() });
        assert_eq!((seen.executed, seen.unsigned), (true, 2));
    }

    #[test]
    fn a_contract_that_is_missing_or_of_unknown_status_is_not_executed() {
        assert!(!assessment(ContractFindings::default()).executed);
        for status in [None, Some(""), Some("SENT"), Some("EXECUTED?")] {
            let contract = Contract { status: status.map(str::to_owned), ..Contract::default() };
            assert!(!assessment(ContractFindings { contract: Some(contract), errors: Vec::new() }).executed);
        }
    }
}
