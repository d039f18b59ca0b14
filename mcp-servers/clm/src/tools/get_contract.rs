//! `clm.get_contract`: one contract, by account (the newest) or by its own id. Contracts of several accounts that one
//! caller asks for at the same moment are looked up together: see `contracts`.

use std::sync::Arc;

use gangway_governance::vendor::Errand;
use gangway_governance::{Coalescer, Server};
use gangway_protocol::facts::Contract;
use gangway_protocol::tools::clm::{ContractArgs, ContractFound, GetContract};
use gangway_protocol::{AccountId, ApiError, ContractId, RecordKind};

use crate::choice::newest;
use crate::connection::DocuSign;
use crate::contracts::Contracts;
use crate::errors::{bad_arguments, unreadable};
use crate::mapping;
use crate::query::Filter;
use crate::settings::Settings;
use crate::wire::Envelope;

pub(crate) fn add(server: Server, docusign: Arc<DocuSign>, contracts: Coalescer<Contracts>) -> Server {
    server.tool::<GetContract, _, _>(move |args, call| {
        let (docusign, contracts) = (docusign.clone(), contracts.clone());
        async move {
            let found = match whose(call.operation, args) {
                Ok(Whose::Account(account_id)) => contracts.get(&call.principal, account_id).await,
                Ok(Whose::Contract(contract_id)) => {
                    let envelope = numbered(&docusign, call.operation, contract_id.as_str()).await;
                    envelope.and_then(|envelope| read(&docusign.settings, call.operation, envelope.as_ref()))
                }
                Err(error) => Err(error),
            };
            found
                .map(|contract| ContractFound { contract })
                .map_err(|error| error.hiding(&[RecordKind::Contract]))
        }
    })
}

/// By what a contract is asked for.
enum Whose {
    Account(AccountId),
    Contract(ContractId),
}

fn whose(operation: &'static str, args: ContractArgs) -> Result<Whose, ApiError> {
    match (args.account_id, args.contract_id) {
        (Some(account_id), None) => Ok(Whose::Account(account_id)),
        (None, Some(contract_id)) => Ok(Whose::Contract(contract_id)),
        (None, None) | (Some(_), Some(_)) => {
            Err(bad_arguments(operation, "give exactly one of account_id and contract_id"))
        }
    }
}

/// The contract an envelope is.
pub(crate) fn read(
    settings: &Settings,
    operation: &'static str,
    envelope: Option<&Envelope>,
) -> Result<Option<Contract>, ApiError> {
    let contract = envelope.map(|envelope| mapping::contract(envelope, settings)).transpose();
    contract.map_err(|cause| unreadable(operation, &cause))
}

/// The envelope that is an account's contract.
pub(crate) async fn of_account(
    docusign: &DocuSign,
    operation: &'static str,
    account_id: &str,
) -> Result<Option<Envelope>, ApiError> {
    let errand = Errand::about_account(operation, account_id);
    by_field(docusign, errand, &docusign.settings.fields.account_id, account_id).await
}

/// The envelope with this contract id; an envelope id is taken too.
pub(crate) async fn numbered(
    docusign: &DocuSign,
    operation: &'static str,
    contract_id: &str,
) -> Result<Option<Envelope>, ApiError> {
    if is_guid(contract_id)
        && let Some(envelope) = docusign.envelope(operation, contract_id).await?
    {
        return Ok(Some(envelope));
    }
    let errand = Errand::about_some_account(operation);
    by_field(docusign, errand, &docusign.settings.fields.contract_id, contract_id).await
}

async fn by_field(
    docusign: &DocuSign,
    errand: Errand,
    name: &str,
    value: &str,
) -> Result<Option<Envelope>, ApiError> {
    let filter = Filter::Field { name, value };
    let envelopes = docusign.list(errand, &filter, docusign.settings.search_from).await?;
    Ok(newest(&envelopes, name, value).cloned())
}

/// What DocuSign's own ids look like.
fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::is_guid;

    #[test]
    fn only_a_guid_is_taken_for_an_envelope_id() {
        assert!(is_guid("b7dde771-ab04-5071-a5de-e787157290e1"));
        for text in
            ["CLM-CTR-001", "", "b7dde771-ab04-5071-a5de-e787157290e", "g7dde771-ab04-5071-a5de-e787157290e1"]
        {
            assert!(!is_guid(text), "{text}");
        }
    }
}
