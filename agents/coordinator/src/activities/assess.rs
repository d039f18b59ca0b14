//! Gather, decide, advise. The three agents ask at once; then the pure decision and the advice follow.
//!
//! The decision is part of this step's output, not worked out again on replay: rules that changed between a crash and
//! the restart must not change what was already acted on. A failed call stops nothing; it is a fact.

use super::store_failed;
use crate::env::Env;
use crate::rule_book::RuleBookError;
use gangway_advisor::advise;
use gangway_contract as contract;
use gangway_decision::decide;
use gangway_durable::{Activity, StepError};
use gangway_finance as finance;
use gangway_protocol::tools::salesforce::{DealArgs, GetOnboardingBundle, OnboardingBundle};
use gangway_protocol::{Advice, ApiError, Decision, Facts, IdempotencyKey, RecordKind, RunRecord};
use gangway_toolbelt::Scope;
use serde::{Deserialize, Serialize};

/// What is known about the account, and what follows from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Assessed {
    pub(crate) facts: Facts,
    pub(crate) decision: Decision,
    pub(crate) advice: Advice,
}

pub(crate) struct Assess;

impl Activity<Env> for Assess {
    const NAME: &'static str = "assess";
    type In = RunRecord;
    type Out = Assessed;

    async fn run(env: &Env, _key: IdempotencyKey, record: &RunRecord) -> Result<Assessed, StepError> {
        let assessed = assess(env, record).await.map_err(|error| no_rules(&error))?;
        env.rules.shadow(record, &assessed.facts, &assessed.decision).await;
        Ok(assessed)
    }
}

/// The account as it is now, judged by the record's day, and by the rules that judged it before if any did.
pub(super) async fn assess(env: &Env, record: &RunRecord) -> Result<Assessed, RuleBookError> {
    let rules = env.rules.for_run(record).await?;
    let facts = gather(env, record).await;
    let decision = decide(&facts, &rules, record.as_of);
    let advice = advise(&facts, &decision);
    Ok(Assessed { facts, decision, advice })
}

/// Without rules nothing is decided. A store may answer later; a rule set that is gone or unreadable will not.
pub(super) fn no_rules(error: &RuleBookError) -> StepError {
    match error {
        RuleBookError::Store(error) => store_failed(error),
        RuleBookError::NotKept(_) | RuleBookError::Unreadable { .. } => StepError::Fatal(error.to_string()),
    }
}

impl Assessed {
    /// Enters it into the run's record.
    pub(crate) fn enter(self, record: &mut RunRecord) {
        if record.decision.as_ref() != Some(&self.decision) {
            // Words about another decision.
            record.worded_advice = None;
        }
        record.versions.rule_set = Some(self.decision.rule_set.clone());
        record.as_of = self.decision.as_of;
        record.facts = Some(self.facts);
        record.decision = Some(self.decision);
        record.advice = Some(self.advice);
    }
}

/// The facts. Salesforce, CLM and invoices are asked at once; exchange rates as soon as deal and invoices are known,
/// whether the CLM has answered or not.
async fn gather(env: &Env, record: &RunRecord) -> Facts {
    let (scope, account_id) = (env.scope(record), &record.request.account_id);
    let money = async {
        let (deal, mut billing) =
            futures::join!(bundle(env, &scope, record), finance::invoices(&env.finance, &scope, account_id));
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

/// The coordinator's own part: everything Salesforce knows, in one call.
async fn bundle(env: &Env, scope: &Scope, record: &RunRecord) -> OnboardingBundle {
    let args = DealArgs {
        account_id: record.request.account_id.clone(),
        opportunity_id: record.request.opportunity_id.clone(),
    };
    env.coordinator.call::<GetOnboardingBundle>(scope, &args).await.unwrap_or_else(nothing_known)
}

fn nothing_known(error: ApiError) -> OnboardingBundle {
    let hidden = [RecordKind::Account, RecordKind::Owner, RecordKind::Opportunity];
    OnboardingBundle {
        account: None,
        owner: None,
        opportunity: None,
        contract: None,
        errors: vec![error.hiding(&hidden)],
    }
}
