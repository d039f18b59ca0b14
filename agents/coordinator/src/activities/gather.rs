//! The facts about one account: Salesforce, contract system and invoices, asked at once where that is possible.
//!
//! Other systems know an account by its business id. Asked for by its Salesforce id, Salesforce is asked first, and the
//! others by the business id it names; without one they are not asked at all, and nothing is said to be missing there.
//! A business id counts as Salesforce spells it, whichever case it was asked for in.

use super::store_failed;
use crate::env::Env;
use gangway_contract as contract;
use gangway_durable::StepError;
use gangway_finance as finance;
use gangway_protocol::tools::salesforce::{DealArgs, GetOnboardingBundle, OnboardingBundle};
use gangway_protocol::{AccountId, ApiError, ErrorType, Facts, RecordKind, RunRecord, System};
use std::future::{Future, ready};

/// What only the business id leads to.
const BEHIND_BUSINESS_ID: [RecordKind; 3] =
    [RecordKind::Contract, RecordKind::Invoices, RecordKind::ExchangeRates];

/// The facts, under the account's business id where that is known. A run that was asked for by the Salesforce id is then
/// a run of that business id, unless the account has a live one already.
pub(super) async fn gather(env: &Env, record: &RunRecord) -> Result<Facts, StepError> {
    let asked = &record.request.account_id;
    let facts = if asked.record_id().is_none() {
        // On the heap, here and below: two gatherings in one future are more than a thread's stack likes to hold.
        Box::pin(by_business_id(env, record, asked)).await
    } else {
        let deal = bundle(env, record).await;
        match whose(asked, &deal) {
            Ok(account_id) => Box::pin(everything(env, record, &account_id, ready(deal))).await,
            Err(error) => salesforce_alone(asked, deal, *error),
        }
    };
    file_under(env, record, &facts.account_id).await?;
    Ok(facts)
}

/// Everything at once, under the name that was asked for. Salesforce finds `acme-001` as `ACME-001`, the others need
/// not: spelled otherwise than Salesforce has it, the others are asked again by that spelling.
async fn by_business_id(env: &Env, record: &RunRecord, asked: &AccountId) -> Facts {
    let mut heard = None;
    let deal = async { heard.insert(bundle(env, record).await).clone() };
    let facts = Box::pin(everything(env, record, asked, deal)).await;
    let spelled = heard.and_then(|deal| Some((spelled_otherwise(asked, &deal)?, deal)));
    match spelled {
        Some((account_id, deal)) => Box::pin(everything(env, record, &account_id, ready(deal))).await,
        None => facts,
    }
}

/// The account's business id as Salesforce has it, if that is the one asked for but for upper and lower case.
fn spelled_otherwise(asked: &AccountId, deal: &OnboardingBundle) -> Option<AccountId> {
    let known = AccountId::parse(deal.business_id.clone()?).ok()?;
    let is_same = known.as_str().eq_ignore_ascii_case(asked.as_str());
    (is_same && known != *asked).then_some(known)
}

/// Everything at once; exchange rates as soon as deal and invoices are known, whether the CLM has answered or not.
async fn everything(
    env: &Env,
    record: &RunRecord,
    account_id: &AccountId,
    deal: impl Future<Output = OnboardingBundle>,
) -> Facts {
    let scope = env.scope(record);
    let money = async {
        let (deal, mut billing) = futures::join!(deal, finance::invoices(&env.finance, &scope, account_id));
        let amount = deal.opportunity.as_ref().and_then(|opportunity| opportunity.amount);
        let rates = finance::rates(&env.finance, &scope, &billing.invoices, amount).await;
        billing.exchange_rates = rates.exchange_rates;
        billing.errors.extend(rates.errors);
        (deal, billing)
    };
    let (clm, (deal, billing)) = futures::join!(contract::gather(&env.contract, &scope, account_id), money);
    Facts {
        account_id: account_id.clone(),
        account: deal.account,
        owner: deal.owner,
        opportunity: deal.opportunity,
        contract: clm.contract,
        invoices: billing.invoices,
        exchange_rates: billing.exchange_rates,
        api_errors: [deal.errors, clm.errors, billing.errors].concat(),
    }
}

/// The business id of an account that was asked for by its Salesforce id. One that does not exist keeps the name it was
/// asked for by: nothing is known by it anywhere.
fn whose(asked: &AccountId, deal: &OnboardingBundle) -> Result<AccountId, Box<ApiError>> {
    if let Some(unknown) = deal.errors.iter().find(|error| error.hides.contains(&RecordKind::Account)) {
        return Err(Box::new(unknown.clone()));
    }
    if deal.account.is_none() {
        return Ok(asked.clone());
    }
    let unusable = |code: &str, what: String| {
        let text = format!("{what}; contract and invoices are kept under it and were not looked for");
        Box::new(ApiError::new(
            System::Salesforce,
            ErrorType::Validation,
            "get_onboarding_bundle",
            code,
            &text,
        ))
    };
    let Some(named) = &deal.business_id else {
        let what = format!("the Salesforce account {asked} has no business id in its external-id field");
        return Err(unusable("NO_BUSINESS_ID", what));
    };
    AccountId::parse(named.clone()).map_err(|error| {
        unusable(
            "UNUSABLE_BUSINESS_ID",
            format!("the business id of the Salesforce account {asked} cannot be used: {error}"),
        )
    })
}

/// What Salesforce said, and why nobody else was asked.
fn salesforce_alone(asked: &AccountId, deal: OnboardingBundle, why: ApiError) -> Facts {
    let mut errors = deal.errors;
    errors.retain(|error| *error != why);
    let hidden = [why.hides.clone(), BEHIND_BUSINESS_ID.to_vec()].concat();
    errors.push(why.hiding(&hidden));
    Facts {
        account: deal.account,
        owner: deal.owner,
        opportunity: deal.opportunity,
        api_errors: errors,
        ..Facts::about(asked.clone())
    }
}

/// Files the run under its account's business id, before anything is done in that name.
async fn file_under(env: &Env, record: &RunRecord, account_id: &AccountId) -> Result<(), StepError> {
    let asked = &record.request.account_id;
    if asked == account_id {
        return Ok(());
    }
    let mut identified = record.clone();
    identified.identify(account_id.clone());
    let live = env.store.runs().identify(&identified).await.map_err(|error| store_failed(&error))?;
    live.map_or(Ok(()), |live| {
        Err(StepError::Fatal(format!(
            "the account {account_id}, asked for as {asked}, has the live run {} already; follow that one",
            live.run_id
        )))
    })
}

/// The coordinator's own part: everything Salesforce knows, in one call.
async fn bundle(env: &Env, record: &RunRecord) -> OnboardingBundle {
    let args = DealArgs {
        account_id: record.request.account_id.clone(),
        opportunity_id: record.request.opportunity_id.clone(),
    };
    let found = env.coordinator.call::<GetOnboardingBundle>(&env.scope(record), &args).await;
    found.unwrap_or_else(nothing_known)
}

fn nothing_known(error: ApiError) -> OnboardingBundle {
    let hidden = [RecordKind::Account, RecordKind::Owner, RecordKind::Opportunity];
    OnboardingBundle {
        account: None,
        business_id: None,
        owner: None,
        opportunity: None,
        contract: None,
        errors: vec![error.hiding(&hidden)],
    }
}
