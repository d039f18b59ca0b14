//! `salesforce.get_onboarding_bundle`: account, owner, opportunity and Salesforce contract in one composite round trip.
//!
//! Parts that failed while others succeeded are listed in `errors`; if nothing succeeded the call itself fails. Bundles of
//! several accounts that one caller asks for at the same moment share a composite call: see `bundles`.

use std::sync::Arc;

use gangway_governance::vendor::Errand;
use gangway_governance::{Coalescer, Server};
use gangway_protocol::facts::{Account, Opportunity, Owner};
use gangway_protocol::tools::salesforce::{
    DealArgs, GetOnboardingBundle, OnboardingBundle, SalesforceContract,
};
use gangway_protocol::{ApiError, RecordKind};
use serde_json::value::RawValue;

use super::{get_account, get_opportunity};
use crate::bundles::Bundles;
use crate::connection::{Deleted, Part, Salesforce, read_row};
use crate::errors::{BUNDLE, unreadable};
use crate::many;
use crate::mapping;
use crate::query::AccountKey;
use crate::settings::Schema;
use crate::wire::{AccountRow, OpportunityRow};

const ACCOUNT_PART: &[RecordKind] = &[RecordKind::Account, RecordKind::Owner];
const OPPORTUNITY_PART: &[RecordKind] = &[RecordKind::Opportunity];

pub(crate) fn add(server: Server, salesforce: Arc<Salesforce>, bundles: Coalescer<Bundles>) -> Server {
    server.tool::<GetOnboardingBundle, _, _>(move |args, call| {
        let (salesforce, bundles) = (salesforce.clone(), bundles.clone());
        async move {
            match args.opportunity_id {
                // A named deal is a question about that deal: it has nothing in common with others.
                Some(_) => get(&salesforce, call.operation, args).await,
                None => bundles.get(&call.principal, args.account_id).await,
            }
        }
    })
}

/// What is asked for one account's bundle.
pub(crate) struct Asked {
    pub parts: Vec<Part>,
    /// An opportunity id that is none fails its own part only.
    malformed: Option<ApiError>,
}

/// One account's bundle in a call of its own.
pub(crate) async fn get(
    salesforce: &Salesforce,
    operation: &'static str,
    args: DealArgs,
) -> Result<OnboardingBundle, ApiError> {
    let asked = ask(operation, &salesforce.schema, &args);
    let errand = Errand::about_account(operation, args.account_id.as_str());
    let answers = salesforce.composite(errand, &asked.parts).await.map_err(|error| error.hiding(BUNDLE))?;
    answered(operation, &salesforce.schema, asked, answers)
}

pub(crate) fn ask(operation: &'static str, schema: &Schema, args: &DealArgs) -> Asked {
    let key = AccountKey::of(&args.account_id);
    let mut parts =
        vec![Part { reference: "account", soql: schema.account_and_owner(&key), deleted: Deleted::Included }];
    let opportunity_parts = get_opportunity::parts(operation, schema, &key, args.opportunity_id.as_ref());
    let malformed = opportunity_parts.map(|more| parts.extend(more)).err();
    Asked { parts, malformed }
}

/// The bundle that the parts' rows make, in the order asked.
pub(crate) fn answered(
    operation: &'static str,
    schema: &Schema,
    asked: Asked,
    answers: Vec<Result<Vec<Box<RawValue>>, ApiError>>,
) -> Result<OnboardingBundle, ApiError> {
    let mut answers = answers.into_iter();
    let account =
        answers.next().unwrap_or_else(|| Ok(Vec::new())).and_then(|rows| read(operation, schema, &rows));
    let opportunity = match asked.malformed {
        Some(error) => Err(error),
        None => get_opportunity::the_one(operation, answers.collect())
            .and_then(|row| opportunity(operation, schema, row.as_ref())),
    };
    bundle(account, opportunity)
}

/// The account, its owner, and the id by which other systems know it.
#[derive(Default)]
pub(crate) struct AccountPart {
    account: Option<Account>,
    owner: Option<Owner>,
    business_id: Option<String>,
}

pub(crate) type OpportunityPart = (Option<Opportunity>, Option<SalesforceContract>);

fn read(operation: &'static str, schema: &Schema, rows: &[Box<RawValue>]) -> Result<AccountPart, ApiError> {
    let rows: Result<Vec<AccountRow>, ApiError> = rows.iter().map(|row| read_row(operation, row)).collect();
    account(operation, &schema.external_id_field, rows?)
}

/// The account among its rows, and its owner.
pub(crate) fn account(
    operation: &'static str,
    external_id_field: &str,
    rows: Vec<AccountRow>,
) -> Result<AccountPart, ApiError> {
    let Some(row) = get_account::the_one(operation, rows)? else { return Ok(AccountPart::default()) };
    let business_id = many::external_id(&row.own, external_id_field).map(str::trim);
    Ok(AccountPart {
        account: Some(mapping::account(&row)),
        owner: row.owner.as_ref().map(mapping::owner),
        business_id: business_id.filter(|id| !id.is_empty()).map(str::to_owned),
    })
}

/// The deal that counts, and its contract.
pub(crate) fn opportunity(
    operation: &'static str,
    schema: &Schema,
    row: Option<&OpportunityRow>,
) -> Result<OpportunityPart, ApiError> {
    let Some(row) = row else {
        return Ok((None, None));
    };
    let read = |cause| unreadable(operation, &cause);
    let opportunity = mapping::opportunity(row, schema).map_err(read)?;
    let contract = row.contract.as_ref().map(mapping::contract).transpose().map_err(read)?;
    Ok((Some(opportunity), contract))
}

/// Puts the parts together. One cause that took everything is one error, not two.
pub(crate) fn bundle(
    account: Result<AccountPart, ApiError>,
    opportunity: Result<OpportunityPart, ApiError>,
) -> Result<OnboardingBundle, ApiError> {
    let mut errors = Vec::new();
    let (account, opportunity) = match (account, opportunity) {
        (Err(error), Err(other)) if error.error_code == other.error_code => return Err(error.hiding(BUNDLE)),
        parts => parts,
    };
    let AccountPart { account, owner, business_id } = account.unwrap_or_else(|error| {
        errors.push(error.hiding(ACCOUNT_PART));
        AccountPart::default()
    });
    let (opportunity, contract) = opportunity.unwrap_or_else(|error| {
        errors.push(error.hiding(OPPORTUNITY_PART));
        (None, None)
    });
    Ok(OnboardingBundle { account, business_id, owner, opportunity, contract, errors })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::{AccountPart, bundle};
    use gangway_protocol::{ApiError, ErrorType, RecordKind, System};

    fn error(code: &str) -> ApiError {
        ApiError::new(System::Salesforce, ErrorType::ServerError, "op", code, "words")
    }

    #[test]
    fn a_failed_part_hides_its_own_records_only() {
        let partly = bundle(Ok(AccountPart::default()), Err(error("A"))).unwrap();
        assert_eq!(partly.errors.first().unwrap().hides, [RecordKind::Opportunity]);
        let partly = bundle(Err(error("A")), Ok((None, None))).unwrap();
        assert_eq!(partly.errors.first().unwrap().hides, [RecordKind::Account, RecordKind::Owner]);
        let twice = bundle(Err(error("A")), Err(error("B"))).unwrap();
        assert_eq!(twice.errors.len(), 2);
    }

    #[test]
    fn one_cause_for_everything_fails_the_call() {
        let failed = bundle(Err(error("A")), Err(error("A"))).unwrap_err();
        assert_eq!(failed.hides, [RecordKind::Account, RecordKind::Owner, RecordKind::Opportunity]);
    }
}
