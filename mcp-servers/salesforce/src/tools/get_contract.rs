//! `salesforce.get_contract`: one contract record as Salesforce has it.

use std::sync::Arc;

use gangway_governance::Server;
use gangway_governance::vendor::Errand;
use gangway_protocol::ApiError;
use gangway_protocol::tools::salesforce::{ContractArgs, ContractFound, GetContract};

use crate::connection::{Deleted, Salesforce};
use crate::errors::{malformed_id, unreadable};
use crate::wire::ContractRow;
use crate::{mapping, query};
use gangway_protocol::record_id::{CONTRACT, RecordId};

/// Its errors hide no record: the contract that decisions are made from is the CLM's.
pub(crate) fn add(server: Server, salesforce: Arc<Salesforce>) -> Server {
    server.tool::<GetContract, _, _>(move |args, call| {
        let salesforce = salesforce.clone();
        async move { get(&salesforce, call.operation, args).await }
    })
}

async fn get(
    salesforce: &Salesforce,
    operation: &'static str,
    args: ContractArgs,
) -> Result<ContractFound, ApiError> {
    let text = args.contract_id.as_str();
    let id = RecordId::parse(text, CONTRACT).ok_or_else(|| malformed_id(operation, "contract", text))?;
    let rows: Vec<ContractRow> =
        salesforce.query(Errand::about_some_account(operation), &query::contract(&id), Deleted::Left).await?;
    let contract =
        rows.first().map(mapping::contract).transpose().map_err(|cause| unreadable(operation, &cause))?;
    Ok(ContractFound { contract })
}
