//! Whether Salesforce knows an account that somebody wants taken in: asked before anything of it is stored.
//!
//! Only its certain "there is none" turns anybody away. A deleted account is known, and rule ACC-004 speaks of it. An
//! error, an open breaker or an answer that takes too long refuses nobody: what a vendor's absence could lose is taken in,
//! and the run decides. Nothing is judged here, and no answer is kept for the run, which asks anew.

use super::Service;
use super::accept::OnPage;
use super::intake::Refusal;
use crate::installation::Installation;
use crate::refused::Refused;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_governance::limits::settings::CoalesceSettings;
use gangway_governance::{Coalescer, Lookup, Principal, trace};
use gangway_protocol::tools::Tool;
use gangway_protocol::tools::salesforce::{
    AccountArgs, AccountLookup, AccountsArgs, GetAccount, GetAccounts,
};
use gangway_protocol::{AccountId, Agent, ApiError, ErrorType, System, TraceParent};
use gangway_toolbelt::Scope;
use jiff::Timestamp;
use std::sync::Arc;

/// Looks of the same moment are one call. A sender waits for it, so the moment is shorter than for a run's reads.
const MOMENT: CoalesceSettings = CoalesceSettings { window_ms: 1, longest_ms: 5 };

/// An account to be looked for, and what the look belongs to.
pub struct Sought<'a> {
    /// The account as it was named: a business id or a Salesforce id, as the run will ask for it.
    pub account_id: &'a AccountId,
    /// The trace, if there is one.
    pub trace: Option<&'a TraceParent>,
}

/// What Salesforce knows, asked as the Coordinator.
pub struct KnownAccounts {
    looks: Coalescer<Looks>,
    asker: Principal,
}

impl KnownAccounts {
    /// Asks through the Coordinator's governed tools.
    pub fn of(installation: Arc<Installation>) -> Self {
        let asker = Principal::agent(Agent::Coordinator);
        Self { looks: Coalescer::within(MOMENT, Looks { installation }), asker }
    }
}

struct Looks {
    installation: Arc<Installation>,
}

impl Looks {
    async fn call<T: Tool>(&self, args: &T::Args) -> Result<T::Output, ApiError> {
        let belt = self.installation.belt(Agent::Coordinator).await.map_err(|error| {
            let (system, operation) = self.subject();
            ApiError::new(system, ErrorType::Network, operation, "NO_CONNECTION", &format!("{error:#}"))
        })?;
        let scope = Scope::of_no_run(self.installation.call_deadline()).within(trace::current());
        belt.call::<T>(&scope, args).await
    }
}

impl Lookup for Looks {
    type Key = AccountId;
    /// Whether there is such an account.
    type Found = bool;
    /// What `salesforce.get_accounts` takes.
    const MOST: usize = 200;

    fn one(&self, account_id: AccountId) -> BoxFuture<'_, Result<bool, ApiError>> {
        async move {
            let found = self.call::<GetAccount>(&AccountArgs { account_id }).await?;
            Ok(found.account.is_some())
        }
        .boxed()
    }

    fn many(&self, account_ids: Vec<AccountId>) -> BoxFuture<'_, Vec<Result<bool, ApiError>>> {
        let is_there = |found: AccountLookup| found.error.map_or(Ok(found.account.is_some()), Err);
        async move {
            let asked = account_ids.len();
            match self.call::<GetAccounts>(&AccountsArgs { account_ids }).await {
                Ok(found) => found.accounts.into_iter().map(is_there).collect(),
                Err(error) => vec![Err(error); asked],
            }
        }
        .boxed()
    }

    fn subject(&self) -> (System, &'static str) {
        (System::Salesforce, GetAccount::CONTRACT.operation())
    }
}

impl Service {
    /// Whether Salesforce says for certain that there is no such account. Looks that come at once share a call.
    pub async fn is_unknown(&self, sought: Sought<'_>) -> bool {
        let looked = self.known.looks.get(&self.known.asker, sought.account_id.clone());
        let looked = trace::within(sought.trace.cloned(), looked);
        match tokio::time::timeout(self.intake.policy().lookup_time(), looked).await {
            Ok(Ok(is_there)) => !is_there,
            Ok(Err(error)) => {
                tracing::debug!(%error, "an account was taken in unseen");
                false
            }
            Err(_) => false,
        }
    }

    /// Puts on record that a run of an unknown account was asked for on a page, and gives what to answer.
    pub async fn turn_unknown_away(
        &self,
        account_id: &AccountId,
        OnPage { what, page, who }: OnPage<'_>,
    ) -> Refusal {
        let refusal = Refusal::UnknownAccount(account_id.clone());
        let why = refusal.why();
        let refused =
            Refused { what, page: Some(page), peer: None, who, code: refusal.code(), why: why.as_deref() };
        self.refusals.record(self.installation.store(), &refused, Timestamp::now()).await;
        refusal
    }
}
