//! The onboarding bundles of many accounts in one composite call of two queries: accounts with owners, opportunities
//! with contracts.
//!
//! A query that fails is made up for account by account, the other one's answers kept. Which deal of an account counts
//! is decided as for a single one: the newest Closed Won, else the newest.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_governance::vendor::Errand;
use gangway_governance::{Lookup, is_worth_asking_singly, singly};
use gangway_protocol::tools::Tool as _;
use gangway_protocol::tools::salesforce::{DealArgs, GetOnboardingBundle, OnboardingBundle};
use gangway_protocol::{AccountId, ApiError, System};
use serde_json::value::RawValue;

use crate::connection::{Deleted, Part, Salesforce, read_row};
use crate::errors::BUNDLE;
use crate::many;
use crate::query::AccountKey;
use crate::tools::get_onboarding_bundle::{AccountPart, OpportunityPart, account, bundle, get, opportunity};
use crate::tools::get_opportunity;
use crate::wire::{AccountRow, OpportunityRow};

/// The stage of a won deal.
const WON: &str = "Closed Won";

/// Looks bundles up.
pub(crate) struct Bundles {
    salesforce: Arc<Salesforce>,
}

impl Lookup for Bundles {
    type Key = AccountId;
    type Found = OnboardingBundle;
    /// What fits into one request line for ids of ordinary length, and what `get_accounts` takes.
    const MOST: usize = 200;

    fn one(&self, account_id: AccountId) -> BoxFuture<'_, Result<OnboardingBundle, ApiError>> {
        let args = DealArgs { account_id, opportunity_id: None };
        get(&self.salesforce, operation(), args).boxed()
    }

    fn many(&self, ids: Vec<AccountId>) -> BoxFuture<'_, Vec<Result<OnboardingBundle, ApiError>>> {
        async move {
            let mut found = Vec::with_capacity(ids.len());
            let words = |keys: &[AccountKey]| self.salesforce.schema.opportunities(keys);
            for run in many::runs(&self.salesforce, &ids, words) {
                found.extend(self.run(run).await);
            }
            found
        }
        .boxed()
    }

    fn subject(&self) -> (System, &'static str) {
        (System::Salesforce, operation())
    }
}

fn operation() -> &'static str {
    GetOnboardingBundle::CONTRACT.operation()
}

impl Bundles {
    pub(crate) fn new(salesforce: Arc<Salesforce>) -> Self {
        Self { salesforce }
    }

    /// The bundles of accounts that fit into one call.
    async fn run(&self, ids: Vec<AccountId>) -> Vec<Result<OnboardingBundle, ApiError>> {
        let keys: Vec<AccountKey> = ids.iter().map(AccountKey::of).collect();
        let schema = &self.salesforce.schema;
        let parts = [
            Part {
                reference: "accounts",
                soql: schema.accounts_and_owners(&keys),
                deleted: Deleted::Included,
            },
            Part { reference: "opportunities", soql: schema.opportunities(&keys), deleted: Deleted::Left },
        ];
        let errand = Errand::batch(operation());
        let mut answers = match self.salesforce.composite(errand, &parts).await {
            Ok(answers) => VecDeque::from(answers),
            Err(error) if is_worth_asking_singly(&error) => return singly(ids, |id| self.one(id)).await,
            Err(error) => return ids.iter().map(|_| Err(error.clone().hiding(BUNDLE))).collect(),
        };
        let mut next = || answers.pop_front().unwrap_or_else(|| Ok(Vec::new()));
        let (accounts, opportunities) = (next(), next());
        let accounts = match accounts.and_then(|rows| self.accounts(&keys, &rows)) {
            Ok(accounts) => accounts,
            Err(_) => self.accounts_singly(&keys).await,
        };
        let opportunities = match opportunities.and_then(|rows| self.opportunities(&keys, &rows)) {
            Ok(opportunities) => opportunities,
            Err(_) => self.opportunities_singly(&keys).await,
        };
        accounts.into_iter().zip(opportunities).map(|(account, deal)| bundle(account, deal)).collect()
    }

    fn accounts(
        &self,
        keys: &[AccountKey],
        rows: &[Box<RawValue>],
    ) -> Result<Vec<Result<AccountPart, ApiError>>, ApiError> {
        let field = &self.salesforce.schema.external_id_field;
        let read = rows.iter().map(|row| read_row(operation(), row));
        let read: Vec<AccountRow> = read.collect::<Result<_, _>>()?;
        let of = |key: &AccountKey| {
            let theirs = read.iter().filter(|row| many::is_account(key, row, field));
            account(operation(), field, theirs.cloned().collect())
        };
        Ok(keys.iter().map(of).collect())
    }

    fn opportunities(
        &self,
        keys: &[AccountKey],
        rows: &[Box<RawValue>],
    ) -> Result<Vec<Result<OpportunityPart, ApiError>>, ApiError> {
        let schema = &self.salesforce.schema;
        let read = rows.iter().map(|row| read_row(operation(), row));
        let read: Vec<OpportunityRow> = read.collect::<Result<_, _>>()?;
        let of = |key: &AccountKey| {
            let theirs =
                || read.iter().filter(|row| many::is_opportunity_of(key, row, &schema.external_id_field));
            // Newest first, as the query sorts them.
            let won = theirs().find(|row| row.stage_name.as_deref() == Some(WON));
            opportunity(operation(), schema, won.or_else(|| theirs().next()))
        };
        Ok(keys.iter().map(of).collect())
    }

    async fn accounts_singly(&self, keys: &[AccountKey]) -> Vec<Result<AccountPart, ApiError>> {
        let ask = |key: AccountKey| async move {
            let soql = self.salesforce.schema.account_and_owner(&key);
            let errand = Errand::about_account(operation(), key.as_str());
            let rows = self.salesforce.query(errand, &soql, Deleted::Included).await?;
            account(operation(), &self.salesforce.schema.external_id_field, rows)
        };
        singly(keys.to_vec(), ask).await
    }

    async fn opportunities_singly(&self, keys: &[AccountKey]) -> Vec<Result<OpportunityPart, ApiError>> {
        let ask = |key: AccountKey| async move {
            let schema = &self.salesforce.schema;
            let parts = get_opportunity::parts(operation(), schema, &key, None)?;
            let errand = Errand::about_account(operation(), key.as_str());
            let row =
                get_opportunity::the_one(operation(), self.salesforce.composite(errand, &parts).await?)?;
            opportunity(operation(), schema, row.as_ref())
        };
        singly(keys.to_vec(), ask).await
    }
}
