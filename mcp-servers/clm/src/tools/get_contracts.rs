//! `clm.get_contracts`: the contracts of many accounts in as few calls as possible. How is `contracts`' knowledge.
//!
//! A contract that cannot be read or asked for fails its own entry only; the call fails if every one did.

use std::sync::Arc;

use gangway_governance::Server;
use gangway_protocol::tools::clm::{ContractLookup, ContractsArgs, ContractsFound, GetContracts};
use gangway_protocol::{ApiError, RecordKind};

use crate::connection::DocuSign;
use crate::contracts::of_accounts;

pub(crate) fn add(server: Server, docusign: Arc<DocuSign>) -> Server {
    server.tool::<GetContracts, _, _>(move |args, call| {
        let docusign = docusign.clone();
        async move {
            get(&docusign, call.operation, args).await.map_err(|error| error.hiding(&[RecordKind::Contract]))
        }
    })
}

async fn get(
    docusign: &DocuSign,
    operation: &'static str,
    args: ContractsArgs,
) -> Result<ContractsFound, ApiError> {
    let ids = args.account_ids;
    let found = of_accounts(docusign, operation, ids.clone()).await;
    // A contract whose fields nobody can read is an answer about that contract; an answer that never came is not.
    let is_unanswered = |error: &ApiError| error.http_status.is_some() || error.retryable;
    if found.iter().all(|found| found.as_ref().is_err_and(is_unanswered))
        && let Some(Err(error)) = found.first()
    {
        return Err(error.clone());
    }
    let contracts = ids.into_iter().zip(found).map(|(account_id, found)| match found {
        Ok(contract) => ContractLookup { account_id, contract, error: None },
        Err(error) => {
            let error = error.hiding(&[RecordKind::Contract]);
            ContractLookup { account_id, contract: None, error: Some(error) }
        }
    });
    Ok(ContractsFound { contracts: contracts.collect() })
}
