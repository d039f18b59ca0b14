//! The contracts of many accounts in as few calls as possible.
//!
//! DocuSign's list takes one custom field value at a time. So a few accounts are searched one by one, and many are
//! picked out of the whole list, whichever needs fewer calls; the list's first page says how long it is. If a page fails,
//! the accounts it left open are searched one by one.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_governance::vendor::Errand;
use gangway_governance::{Lookup, is_worth_asking_singly, singly_where_missing};
use gangway_protocol::facts::Contract;
use gangway_protocol::tools::Tool as _;
use gangway_protocol::tools::clm::GetContract;
use gangway_protocol::{AccountId, ApiError, System};

use crate::choice::newest;
use crate::connection::{DocuSign, has_more};
use crate::mapping::is_voided;
use crate::query::Filter;
use crate::tools::get_contract::{of_account, read};
use crate::wire::{Envelope, EnvelopePage};

/// With fewer accounts the first page of the whole list is not worth its call.
const WORTH_A_SCAN: usize = 4;
/// Accounts that make one page of the whole list worth its bytes when they merely met, and each waits for its answer.
const MET_PER_PAGE: usize = 16;
/// Envelopes of one page of the whole list: the most DocuSign gives.
const PAGE_ENVELOPES: usize = 1_000;

/// An account's contract, if it has one.
type Found = Result<Option<Contract>, ApiError>;

/// Looks the contracts of accounts up, for `clm.get_contract`.
pub(crate) struct Contracts {
    docusign: Arc<DocuSign>,
}

impl Contracts {
    pub(crate) fn new(docusign: Arc<DocuSign>) -> Self {
        Self { docusign }
    }
}

fn operation() -> &'static str {
    GetContract::CONTRACT.operation()
}

impl Lookup for Contracts {
    type Key = AccountId;
    type Found = Option<Contract>;
    /// What `get_contracts` takes.
    const MOST: usize = 200;

    fn one(&self, account_id: AccountId) -> BoxFuture<'_, Found> {
        async move {
            let envelope = of_account(&self.docusign, operation(), account_id.as_str()).await?;
            read(&self.docusign.settings, operation(), envelope.as_ref())
        }
        .boxed()
    }

    fn many(&self, ids: Vec<AccountId>) -> BoxFuture<'_, Vec<Found>> {
        search(&self.docusign, operation(), ids, MET_PER_PAGE).boxed()
    }

    fn subject(&self) -> (System, &'static str) {
        (System::Clm, operation())
    }
}

/// The accounts' contracts in the order asked, each its own success or failure.
pub(crate) async fn of_accounts(
    docusign: &DocuSign,
    operation: &'static str,
    ids: Vec<AccountId>,
) -> Vec<Found> {
    search(docusign, operation, ids, 1).await
}

/// Picks the contracts out of the whole list if every page of it serves at least `per_page` accounts.
async fn search(
    docusign: &DocuSign,
    operation: &'static str,
    ids: Vec<AccountId>,
    per_page: usize,
) -> Vec<Found> {
    let scan = match ids.len() < WORTH_A_SCAN.max(per_page) {
        true => Scan::default(),
        false => scan(docusign, operation, &ids, per_page).await,
    };
    if let Some(refused) = scan.refused {
        return ids.iter().map(|_| Err(refused.clone())).collect();
    }
    let name = &docusign.settings.fields.account_id;
    let known = |id: &AccountId| {
        let found = scan.settles(name, id).then(|| newest(&scan.envelopes, name, id.as_str()))?;
        Some(read(&docusign.settings, operation, found))
    };
    let ask = |id: AccountId| async move {
        let envelope = of_account(docusign, operation, id.as_str()).await?;
        read(&docusign.settings, operation, envelope.as_ref())
    };
    singly_where_missing(ids, known, ask).await
}

/// As much of the whole list as was read, newest first.
#[derive(Default)]
struct Scan {
    envelopes: Vec<Envelope>,
    is_whole: bool,
    /// Our own limits do not let anything through now.
    refused: Option<ApiError>,
}

impl Scan {
    /// Whether an account's contract is known: what comes later in the list is older.
    fn settles(&self, name: &str, id: &AccountId) -> bool {
        self.is_whole || newest(&self.envelopes, name, id.as_str()).is_some_and(|found| !is_voided(found))
    }
}

/// Reads the list until every account has a contract that counts, or single searches would take fewer calls.
async fn scan(docusign: &DocuSign, operation: &'static str, ids: &[AccountId], per_page: usize) -> Scan {
    let name = &docusign.settings.fields.account_id;
    let mut scan = Scan::default();
    let errand = Errand::batch(operation);
    for number in 0..=ids.len() {
        let place = (number * PAGE_ENVELOPES, PAGE_ENVELOPES);
        let page = match docusign.page(errand, &Filter::All, docusign.settings.search_from, place).await {
            Ok(page) => page,
            Err(error) if is_worth_asking_singly(&error) || number > 0 => return scan,
            Err(error) => return Scan { refused: Some(error), ..scan },
        };
        let (more, pages) = (has_more(&page), pages(&page));
        scan.envelopes.extend(page.envelopes);
        scan.is_whole = !more;
        let is_too_long = pages.saturating_sub(1).saturating_mul(per_page) > ids.len();
        if !more || is_too_long || ids.iter().all(|id| scan.settles(name, id)) {
            return scan;
        }
    }
    scan
}

/// How many pages the whole list has. An unreadable total makes it look endless, and searching one by one is always
/// right.
fn pages(page: &EnvelopePage) -> usize {
    let total = page.total_set_size.as_deref().and_then(|text| text.trim().parse::<usize>().ok());
    total.map_or(usize::MAX, |total| total.div_ceil(PAGE_ENVELOPES))
}
