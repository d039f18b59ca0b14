//! SIGHUP: a running process reads its configuration again. All of it can be used or nothing changes, and nothing changes
//! before it is on record. What can change at all is its caller's.

use crate::installation::Installation;
use crate::output;
use anyhow::{Context as _, Result};
use gangway_governance::Policy;
use gangway_governance::limits::LimitSettings;
use gangway_protocol::Actor;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::canonical;
use gangway_store::Store;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// The name of the act in the audit.
const ACT: &str = "config.reload";

/// What a process goes by, each part as a digest: two that differ are two configurations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holds {
    told: BTreeMap<&'static str, String>,
    /// Digests of what is secret. They are compared, and neither told nor kept.
    secret: BTreeMap<&'static str, String>,
}

impl Holds {
    /// What every process of ours goes by: the access policy and the limits.
    pub fn of(policy: &Policy, limits: &LimitSettings) -> Result<Self> {
        let limits = canonical::digest(limits).context("the limits cannot be digested")?;
        Ok(Self::default().and("policy", policy.digest().to_owned()).and("limits", limits))
    }

    /// The same and something else that may be told.
    pub fn and(mut self, name: &'static str, digest: String) -> Self {
        self.told.insert(name, digest);
        self
    }

    /// The same and something secret, of which is only told whether it changed.
    pub fn and_secret(mut self, name: &'static str, text: &SecretString) -> Self {
        self.secret.insert(name, canonical::digest_bytes(text.expose_secret().as_bytes()));
        self
    }

    /// What may be told.
    pub fn told(&self) -> &BTreeMap<&'static str, String> {
        &self.told
    }

    /// What became of it, for the audit.
    fn change_to(&self, new: &Self) -> Value {
        let differ = |old: &BTreeMap<&'static str, String>, new: &BTreeMap<&'static str, String>| {
            let changed = new.iter().filter(|(name, digest)| old.get(*name) != Some(digest));
            changed.map(|(name, _)| *name).collect::<Vec<_>>()
        };
        let changed = [differ(&self.told, &new.told), differ(&self.secret, &new.secret)].concat();
        json!({ "before": self.told, "after": new.told, "changed": changed })
    }
}

/// A configuration that was read again and can be used.
pub struct Readied {
    /// What the process goes by once it is adopted.
    pub holds: Holds,
    /// Goes by it.
    pub adopt: Box<dyn FnOnce() -> Result<()> + Send>,
}

/// What a process does at SIGHUP.
pub struct Reloading {
    /// The process, as the audit names it: a signal has no name.
    pub who: Actor,
    /// What it goes by at its start.
    pub holds: Holds,
    /// Reads the configuration again.
    pub ready: Box<dyn Fn() -> Result<Readied> + Send + Sync>,
    /// What is said when it holds.
    pub adopted: &'static str,
}

/// Reloads at each SIGHUP for as long as the process runs.
pub fn on_signals(installation: &Arc<Installation>, mut reloading: Reloading) -> Result<()> {
    let mut asked = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    let installation = Arc::clone(installation);
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            let said = match reload(installation.store(), &mut reloading).await {
                Ok(()) => format!("configuration read again: {}", reloading.adopted),
                Err(error) => format!("configuration kept as it was, the new one cannot be used: {error:#}"),
            };
            // Nobody is left to be told that standard error is gone.
            let _ = output::remark(&said);
        }
    });
    Ok(())
}

async fn reload(store: &Store, reloading: &mut Reloading) -> Result<()> {
    let (audit, now) = (store.audit(), Timestamp::now());
    let adopted = async {
        let Readied { holds, adopt } = (reloading.ready)()?;
        let record = AuditRecord::done(ACT, &reloading.who, reloading.holds.change_to(&holds), now);
        audit.append(record).await.context("the change could not be put on record")?;
        adopt()?;
        Ok(holds)
    };
    match adopted.await {
        Ok(holds) => {
            reloading.holds = holds;
            Ok(())
        }
        Err(error) => {
            let record = AuditRecord::refused(ACT, &reloading.who, Value::Null, now, "UNUSABLE")
                .because(&format!("{error:#}"));
            if let Err(error) = audit.append(record).await {
                tracing::error!(error = error.with_cause(), "an audit record was lost");
            }
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{Holds, Readied, Reloading, reload};
    use gangway_protocol::Actor;
    use gangway_store::Store;
    use serde_json::json;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn what_changed_is_told_with_both_digests_and_of_a_secret_only_that_it_did() {
        let old = Holds::default().and("policy", "p1".to_owned()).and("limits", "l1".to_owned());
        let old = old.and_secret("webhooks", &"whsec_old".into());
        let new = Holds::default().and("policy", "p2".to_owned()).and("limits", "l1".to_owned());
        let new = new.and_secret("webhooks", &"whsec_new".into());
        let told = old.change_to(&new);
        assert_eq!(told["before"], json!({ "policy": "p1", "limits": "l1" }));
        assert_eq!(told["after"], json!({ "policy": "p2", "limits": "l1" }));
        assert_eq!(told["changed"], json!(["policy", "webhooks"]));
        assert_eq!(new.change_to(&new)["changed"], json!([]));
    }

    #[tokio::test]
    async fn nothing_changes_that_cannot_be_put_on_record() {
        let (store, adopted) = (Store::in_memory().unwrap(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&adopted);
        let ready = move || {
            let counted = Arc::clone(&counted);
            let adopt = Box::new(move || {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok(())
            });
            Ok(Readied { holds: Holds::default().and("policy", "p2".to_owned()), adopt })
        };
        let (who, holds) = (Actor::process("service"), Holds::default());
        let mut reloading = Reloading { who, holds, ready: Box::new(ready), adopted: "" };
        reload(&store, &mut reloading).await.unwrap();
        assert_eq!((adopted.load(Ordering::Relaxed), reloading.holds.told().len()), (1, 1));
        store.close().await;
        let refused = reload(&store, &mut reloading).await.unwrap_err();
        assert!(format!("{refused:#}").contains("could not be put on record"), "{refused:#}");
        assert_eq!(adopted.load(Ordering::Relaxed), 1);
    }
}
