//! What one answer of DocuSign's says, from status and bytes to facts, by the functions the tools read with.
//!
//! Nothing is sent: of an answer in pages it is the first that is read. Bytes from outside can be tried here on their own.

use gangway_governance::vendor::{self, Answer};
use gangway_protocol::tools::Tool as _;
use gangway_protocol::tools::clm::{ContractFound, GetContract};
use gangway_protocol::{AccountId, ApiError, RecordKind, System};

use crate::choice::newest;
use crate::errors::classify;
use crate::settings::Settings;
use crate::tools::get_contract::read;
use crate::wire::EnvelopePage;

/// The answer to the list of an account's envelopes, by which `clm.get_contract` finds its contract.
///
/// # Errors
/// What the tool would fail with.
pub fn contract(
    settings: &Settings,
    account_id: &AccountId,
    answer: &Answer,
) -> Result<ContractFound, ApiError> {
    let operation = GetContract::CONTRACT.operation();
    let page: Result<EnvelopePage, _> = vendor::read(System::Clm, operation, answer, classify);
    page.and_then(|page| {
        let envelope = newest(&page.envelopes, &settings.fields.account_id, account_id.as_str());
        read(settings, operation, envelope)
    })
    .map(|contract| ContractFound { contract })
    .map_err(|error| error.hiding(&[RecordKind::Contract]))
}
