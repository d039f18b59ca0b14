//! `clm.get_contracts`: the contracts of many accounts in as few calls as possible.
//!
//! DocuSign's list takes one custom field value at a time. So a few accounts are searched one by one, and many are
//! picked out of the whole list, whichever needs fewer calls; the list's first page says how long it is. A contract
//! that cannot be read fails its own entry only: one odd date must not hide everybody else's contract.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use gangway_governance::Server;
use gangway_protocol::tools::clm::{ContractLookup, ContractsArgs, ContractsFound, GetContracts};
use gangway_protocol::{AccountId, ApiError, RecordKind};

use super::get_contract;
use crate::choice::newest;
use crate::connection::{DocuSign, has_more};
use crate::errors::unreadable;
use crate::mapping::{self, is_voided};
use crate::query::Filter;
use crate::wire::{Envelope, EnvelopePage};

/// Searches in flight at once.
const AT_ONCE: usize = 8;
/// With fewer accounts the first page of the whole list is not worth its call.
const WORTH_A_SCAN: usize = 4;
/// Envelopes of one page of the whole list. DocuSign allows 1,000; with recipients and fields that is megabytes.
const PAGE_ENVELOPES: usize = 500;

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
    if ids.len() < WORTH_A_SCAN {
        return singly(docusign, operation, ids).await;
    }
    let first = page(docusign, operation, 0).await?;
    // An unreadable total makes the list look endless, and searching one by one is always right.
    let total = first.total_set_size.as_deref().and_then(|text| text.trim().parse::<usize>().ok());
    let pages = total.map_or(usize::MAX, |total| total.div_ceil(PAGE_ENVELOPES));
    if pages.saturating_sub(1) > ids.len() {
        return singly(docusign, operation, ids).await;
    }
    let Some(envelopes) = rest(docusign, operation, &ids, first).await? else {
        return singly(docusign, operation, ids).await;
    };
    let name = &docusign.settings.fields.account_id;
    let contracts = ids
        .into_iter()
        .map(|id| {
            let envelope = newest(&envelopes, name, id.as_str());
            lookup(docusign, operation, id, envelope)
        })
        .collect();
    Ok(ContractsFound { contracts })
}

async fn page(docusign: &DocuSign, operation: &'static str, number: usize) -> Result<EnvelopePage, ApiError> {
    let place = (number * PAGE_ENVELOPES, PAGE_ENVELOPES);
    docusign.page(operation, &Filter::All, docusign.settings.search_from, place).await
}

/// The list until every account has a contract that counts: pages come newest first, so a later one is older.
///
/// `None` if it goes on for more pages than single searches would take, whatever its first page said of its length.
async fn rest(
    docusign: &DocuSign,
    operation: &'static str,
    ids: &[AccountId],
    first: EnvelopePage,
) -> Result<Option<Vec<Envelope>>, ApiError> {
    let name = &docusign.settings.fields.account_id;
    let mut more = has_more(&first);
    let mut envelopes = first.envelopes;
    let mut number = 1;
    let settled = |envelopes: &[Envelope]| {
        ids.iter().all(|id| newest(envelopes, name, id.as_str()).is_some_and(|found| !is_voided(found)))
    };
    while more && !settled(&envelopes) {
        if number > ids.len() {
            return Ok(None);
        }
        let next = page(docusign, operation, number).await?;
        more = has_more(&next);
        envelopes.extend(next.envelopes);
        number += 1;
    }
    Ok(Some(envelopes))
}

async fn singly(
    docusign: &DocuSign,
    operation: &'static str,
    ids: Vec<AccountId>,
) -> Result<ContractsFound, ApiError> {
    let contracts = stream::iter(ids)
        .map(|id| async move {
            let envelope = get_contract::of_account(docusign, operation, id.as_str()).await?;
            Ok(lookup(docusign, operation, id, envelope.as_ref()))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(ContractsFound { contracts })
}

fn lookup(
    docusign: &DocuSign,
    operation: &'static str,
    account_id: AccountId,
    envelope: Option<&Envelope>,
) -> ContractLookup {
    match envelope.map(|envelope| mapping::contract(envelope, &docusign.settings)).transpose() {
        Ok(contract) => ContractLookup { account_id, contract, error: None },
        Err(cause) => {
            let error = unreadable(operation, &cause).hiding(&[RecordKind::Contract]);
            ContractLookup { account_id, contract: None, error: Some(error) }
        }
    }
}
