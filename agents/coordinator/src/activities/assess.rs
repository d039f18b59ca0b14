//! Gather, decide, advise. The three agents ask at once; then the pure decision and the advice follow.
//!
//! The decision is part of this step's output, not worked out again on replay: rules that changed between a crash and
//! the restart must not change what was already acted on. A failed call stops nothing; it is a fact.

use super::gather::gather;
use super::store_failed;
use crate::env::Env;
use crate::rule_book::RuleBookError;
use gangway_advisor::advise;
use gangway_decision::decide;
use gangway_durable::{Activity, StepError};
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::{Actor, Advice, Agent, Decision, Facts, IdempotencyKey, RunRecord};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

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
        let facts = gather(env, record).await?;
        let assessed = judge(env, record, facts).await.map_err(|error| no_rules(&error))?;
        assessed.put_on_record(env, record).await?;
        env.rules.shadow(record, &assessed.facts, &assessed.decision).await;
        Ok(assessed)
    }
}

/// The facts judged by the record's day, and by the rules that judged the run before if any did.
pub(super) async fn judge(env: &Env, record: &RunRecord, facts: Facts) -> Result<Assessed, RuleBookError> {
    let rules = env.rules.for_run(record, &facts.account_id).await?;
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
    /// The decision in the audit, committed before what follows from it is: the journal's entry comes after it in the queue.
    pub(super) async fn put_on_record(&self, env: &Env, record: &RunRecord) -> Result<(), StepError> {
        let decision = &self.decision;
        let arguments = json!({
            "account_id": self.facts.account_id,
            "outcome": decision.outcome,
            "risk_level": decision.risk_level,
            "rules": decision.violations.iter().chain(&decision.warnings).map(|finding| &finding.rule).collect::<BTreeSet<_>>(),
            "api_errors": decision.api_errors.len(),
            "facts_digest": decision.facts_digest,
            "as_of": decision.as_of,
        });
        let line = AuditRecord::done(
            "onboarding.decide",
            &Actor::agent(Agent::Coordinator),
            arguments,
            (env.clock)(),
        )
        .of_run(&record.run_id, Some(&record.request.correlation_id))
        .by_rules(&decision.rule_set);
        env.store.audit().append_later(line).await.map_err(|error| store_failed(&error))
    }

    /// Enters it into the run's record.
    pub(crate) fn enter(self, record: &mut RunRecord) {
        if record.decision.as_ref() != Some(&self.decision) {
            // Words about another decision.
            record.worded_advice = None;
        }
        record.versions.rule_set = Some(self.decision.rule_set.clone());
        record.as_of = self.decision.as_of;
        record.identify(self.facts.account_id.clone());
        record.facts = Some(self.facts);
        record.decision = Some(self.decision);
        record.advice = Some(self.advice);
    }
}
