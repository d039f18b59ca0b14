//! Whether Salesforce knows an account that somebody wants taken in: asked before anything of it is stored.
//!
//! Only its certain "there is none" turns anybody away. A deleted account is known, and rule ACC-004 speaks of it. An
//! error, an open breaker or an answer that takes too long refuses nobody: what a vendor's absence could lose is taken in,
//! and the run decides. Nothing is judged here, and no answer is kept for the run, which asks anew.

use super::Service;
use super::intake::Refusal;
use crate::refused::Refused;
use gangway_protocol::run::RunRequest;
use gangway_protocol::tools::salesforce::{AccountArgs, AccountFound, GetAccount};
use gangway_protocol::{AccountId, CorrelationId, TraceParent};
use gangway_toolbelt::{Agent, Scope};
use jiff::Timestamp;

/// An account to be looked for, and what the look belongs to.
pub struct Sought<'a> {
    /// The account as it was named: a business id or a Salesforce id, as the run will ask for it.
    pub account_id: &'a AccountId,
    /// The correlation id, if there is one yet.
    pub correlation_id: Option<&'a CorrelationId>,
    /// The trace, if there is one.
    pub trace: Option<&'a TraceParent>,
}

impl Service {
    /// Whether Salesforce says for certain that there is no such account. Looks that come at once share a vendor call.
    pub async fn is_unknown(&self, sought: Sought<'_>) -> bool {
        let belt = match self.installation.belt(Agent::Coordinator).await {
            Ok(belt) => belt,
            Err(error) => {
                tracing::warn!("an account was taken in unseen: {error:#}");
                return false;
            }
        };
        let scope = Scope {
            run_id: None,
            correlation_id: sought.correlation_id.cloned(),
            trace: sought.trace.cloned(),
            deadline: self.intake.policy().lookup_time(),
        };
        let args = AccountArgs { account_id: sought.account_id.clone() };
        match belt.call::<GetAccount>(&scope, &args).await {
            Ok(AccountFound { account }) => account.is_none(),
            Err(error) => {
                tracing::debug!(%error, "an account was taken in unseen");
                false
            }
        }
    }

    /// Puts on record that a run of an unknown account was asked for on a page, and gives what to answer.
    pub async fn turn_unknown_away(
        &self,
        request: &RunRequest,
        (what, page): (&'static str, &str),
    ) -> Refusal {
        let refusal = Refusal::UnknownAccount(request.account_id.clone());
        let (who, why) = (format!("person {}", request.requested_by), refusal.why());
        let refused = Refused {
            what,
            page: Some(page),
            peer: None,
            who: &who,
            code: refusal.code(),
            why: why.as_deref(),
        };
        self.refusals.record(self.installation.store(), &refused, Timestamp::now()).await;
        refusal
    }
}
