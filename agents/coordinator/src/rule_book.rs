//! Which rules decide which run.
//!
//! What is in force stands in the store and is looked up for every run, so that a change holds from the next run on in
//! every process, without a restart. A run that was decided once keeps its rules to its end. Every set is kept in the
//! store before a run is decided by it, so that the run can be decided again. This file chooses; it judges nothing.

use gangway_decision::{Difference, RuleSet, decide, difference};
use gangway_durable::Clock;
use gangway_protocol::canonical;
use gangway_protocol::{AccountId, Decision, Facts, RunRecord};
use gangway_store::{Canary, KeptRuleSet, RulesInForce, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Rule sets held in memory; beyond this they are read again, which takes milliseconds.
const HELD: usize = 32;

/// Why no rules could be found.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RuleBookError {
    /// The store could not be used.
    #[error("the store could not be used for rules: {0}")]
    Store(#[from] StoreError),
    /// The digest names no kept rule set.
    #[error("the rule set {0} is not kept in this data folder, so nothing can be decided by it")]
    NotKept(String),
    /// A kept rule set cannot be read by this version of Gangway.
    #[error("the rule set {id} {version} cannot be read by this version of Gangway: {reason}")]
    Unreadable {
        /// Its name.
        id: String,
        /// Its version.
        version: String,
        /// Every problem.
        reason: String,
    },
}

/// The rules of an installation. Clones share them.
#[derive(Clone)]
pub struct RuleBook {
    store: Store,
    /// What decides as long as nothing was activated.
    configured: Arc<RwLock<Arc<RuleSet>>>,
    clock: Clock,
    /// By the digest they were asked for with.
    held: Arc<Mutex<BTreeMap<String, Arc<RuleSet>>>>,
}

impl RuleBook {
    /// A book whose rules are `configured` until others are activated.
    #[must_use]
    pub fn new(store: Store, configured: RuleSet, clock: Clock) -> Self {
        let configured = Arc::new(RwLock::new(Arc::new(configured)));
        Self { store, configured, clock, held: Arc::default() }
    }

    /// Puts other rules in the place of the configured ones. A run that was decided keeps those it was decided by.
    pub fn configure(&self, rules: RuleSet) {
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    fn configured(&self) -> Arc<RuleSet> {
        Arc::clone(&self.configured.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The rules a run is decided by: those that decided it before, else those in force for its account.
    ///
    /// # Errors
    /// [`RuleBookError`].
    pub async fn for_run(
        &self,
        record: &RunRecord,
        account: &AccountId,
    ) -> Result<Arc<RuleSet>, RuleBookError> {
        let Some(decision) = &record.decision else { return self.for_account(account).await };
        let rules = self.of_digest(&decision.rule_set.digest).await?;
        // Another version of Gangway may read the same text as another set.
        self.keep(&rules).await?;
        Ok(rules)
    }

    /// The rules in force for an account: the canary's if it takes the account, else the live ones.
    ///
    /// # Errors
    /// [`RuleBookError`].
    pub async fn for_account(&self, account: &AccountId) -> Result<Arc<RuleSet>, RuleBookError> {
        let in_force = self.store.rules().in_force().await?;
        let rules = match digest_for(&in_force, account) {
            Some(digest) => self.of_digest(digest).await?,
            None => self.configured(),
        };
        self.keep(&rules).await?;
        Ok(rules)
    }

    /// The rules of a digest, as this version of Gangway reads them.
    ///
    /// # Errors
    /// [`RuleBookError`].
    pub async fn of_digest(&self, digest: &str) -> Result<Arc<RuleSet>, RuleBookError> {
        let configured = self.configured();
        if configured.digest() == digest {
            return Ok(configured);
        }
        if let Some(held) = self.held(digest) {
            return Ok(held);
        }
        let rules = match self.store.rules().get(digest).await? {
            Some(kept) => read(kept)?,
            // Runs decided before rule sets were kept.
            None if RuleSet::builtin().digest() == digest => RuleSet::builtin(),
            None => return Err(RuleBookError::NotKept(digest.to_owned())),
        };
        let rules = Arc::new(rules);
        self.hold(digest, &rules);
        Ok(rules)
    }

    /// Keeps a rule set in the store.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn keep(&self, rules: &Arc<RuleSet>) -> Result<(), RuleBookError> {
        let reference = rules.reference();
        // The mark says that this process has kept it; the digest it was asked for with may be another build's.
        let mark = format!("kept {}", reference.digest);
        if self.held(&mark).is_some() {
            return Ok(());
        }
        let kept = KeptRuleSet {
            digest: reference.digest,
            id: reference.id,
            version: reference.version,
            source: rules.source().to_owned(),
        };
        self.store.rules().keep(kept, (self.clock)()).await?;
        self.hold(&mark, rules);
        Ok(())
    }

    /// Lets the shadow, if there is one, judge a run that was just decided, and records how it differs. It has no
    /// effect: what fails here is logged and forgotten.
    pub async fn shadow(&self, record: &RunRecord, facts: &Facts, decision: &Decision) {
        if let Err(error) = self.judge_in_shadow(record, facts, decision).await {
            tracing::warn!(run_id = %record.run_id, error = %error, "the shadow rules did not judge this run");
        }
    }

    async fn judge_in_shadow(
        &self,
        record: &RunRecord,
        facts: &Facts,
        decision: &Decision,
    ) -> Result<(), RuleBookError> {
        let Some(digest) = self.store.rules().in_force().await?.shadow else { return Ok(()) };
        let rules = self.of_digest(&digest).await?;
        let other: Option<Difference> = difference(decision, &decide(facts, &rules, decision.as_of));
        self.store.rules().note_shadow(&digest, &record.run_id, other.as_ref()).await?;
        Ok(())
    }

    fn held(&self, digest: &str) -> Option<Arc<RuleSet>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    fn hold(&self, digest: &str, rules: &Arc<RuleSet>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= HELD {
            held.clear();
        }
        held.insert(digest.to_owned(), Arc::clone(rules));
    }
}

fn read(kept: KeptRuleSet) -> Result<RuleSet, RuleBookError> {
    match RuleSet::read(&kept.source) {
        Ok(reading) => Ok(reading.rules),
        Err(error) => Err(RuleBookError::Unreadable {
            id: kept.id,
            version: kept.version,
            reason: error.to_string().replace('\n', "; "),
        }),
    }
}

/// The digest of the rules in force for an account; none = what is configured.
#[must_use]
pub fn digest_for<'a>(in_force: &'a RulesInForce, account: &AccountId) -> Option<&'a str> {
    let canary = in_force.canary.as_ref().filter(|canary| takes(canary, account));
    canary.map(|canary| canary.digest.as_str()).or(in_force.live.as_deref())
}

/// Whether a canary takes an account: by a stable hash of candidate and account, so that widening it keeps the accounts
/// it has, and another candidate meets other accounts first.
#[must_use]
pub fn takes(canary: &Canary, account: &AccountId) -> bool {
    let digest = canonical::digest_bytes(format!("{}/{account}", canary.digest).as_bytes());
    let head: String = digest.trim_start_matches("sha256:").chars().take(8).collect();
    let place = u32::from_str_radix(&head, 16).unwrap_or(u32::MAX) % 100;
    place < u32::from(canary.percent)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{digest_for, takes};
    use gangway_protocol::AccountId;
    use gangway_store::{Canary, RulesInForce};

    fn accounts() -> Vec<AccountId> {
        (0..2_000).map(|n| AccountId::parse(format!("SYN-{n:06}")).unwrap()).collect()
    }

    fn canary(percent: u8) -> Canary {
        Canary { digest: "sha256:b".to_owned(), percent }
    }

    #[test]
    fn a_canary_takes_about_its_share_and_keeps_it_when_widened() {
        let taken = |percent| accounts().into_iter().filter(move |a| takes(&canary(percent), a));
        let (tenth, half): (Vec<_>, Vec<_>) = (taken(10).collect(), taken(50).collect());
        assert!((140..=260).contains(&tenth.len()), "{}", tenth.len());
        assert!((900..=1_100).contains(&half.len()), "{}", half.len());
        assert!(tenth.iter().all(|account| half.contains(account)));
        let other = Canary { digest: "sha256:c".to_owned(), percent: 10 };
        assert!(!tenth.iter().all(|account| takes(&other, account)), "another candidate, other accounts");
    }

    #[test]
    fn whom_the_canary_does_not_take_the_live_rules_decide() {
        let in_force =
            RulesInForce { live: Some("sha256:a".to_owned()), canary: Some(canary(10)), shadow: None };
        for account in accounts() {
            let expected = if takes(&canary(10), &account) { "sha256:b" } else { "sha256:a" };
            assert_eq!(digest_for(&in_force, &account), Some(expected));
        }
        assert_eq!(digest_for(&RulesInForce::default(), &accounts()[0]), None);
    }
}
