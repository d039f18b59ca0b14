//! `clm.get_contract`: one contract, by account (the newest) or by its own id.

use std::sync::Arc;

use gangway_governance::Server;
use gangway_protocol::tools::clm::{ContractArgs, ContractFound, GetContract};
use gangway_protocol::{ApiError, RecordKind};

use crate::choice::newest;
use crate::connection::DocuSign;
use crate::errors::{bad_arguments, unreadable};
use crate::mapping;
use crate::query::Filter;
use crate::wire::Envelope;

pub(crate) fn add(server: Server, docusign: Arc<DocuSign>) -> Server {
    server.tool::<GetContract, _, _>(move |args, call| {
        let docusign = docusign.clone();
        async move {
            get(&docusign, call.operation, args).await.map_err(|error| error.hiding(&[RecordKind::Contract]))
        }
    })
}

async fn get(
    docusign: &DocuSign,
    operation: &'static str,
    args: ContractArgs,
) -> Result<ContractFound, ApiError> {
    let envelope = match (&args.account_id, &args.contract_id) {
        (Some(account_id), None) => of_account(docusign, operation, account_id.as_str()).await?,
        (None, Some(contract_id)) => numbered(docusign, operation, contract_id.as_str()).await?,
        (None, None) | (Some(_), Some(_)) => {
            return Err(bad_arguments(operation, "give exactly one of account_id and contract_id"));
        }
    };
    let contract = envelope
        .map(|envelope| mapping::contract(&envelope, &docusign.settings))
        .transpose()
        .map_err(|cause| unreadable(operation, &cause))?;
    Ok(ContractFound { contract })
}

/// The envelope that is an account's contract.
pub(crate) async fn of_account(
    docusign: &DocuSign,
    operation: &'static str,
    account_id: &str,
) -> Result<Option<Envelope>, ApiError> {
    by_field(docusign, operation, &docusign.settings.fields.account_id, account_id).await
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
    by_field(docusign, operation, &docusign.settings.fields.contract_id, contract_id).await
}

async fn by_field(
    docusign: &DocuSign,
    operation: &'static str,
    name: &str,
    value: &str,
) -> Result<Option<Envelope>, ApiError> {
    let filter = Filter::Field { name, value };
    let envelopes = docusign.list(operation, &filter, docusign.settings.search_from).await?;
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
