//! Sealing: a signed checkpoint of the audit as it stands, written to the second place.
//!
//! It looks first whether the audit still is the one that was sealed before: what was cut or written anew is not signed
//! over, but told. One process seals at a time; nothing waits for it, and a call is never slower for it.

use super::sink::{Sink, checkpoints_file};
use crate::config::AuditSettings;
use crate::keys;
use anyhow::{Context as _, Result, bail};
use gangway_protocol::checkpoint::{Attested, Checkpoint, GivenUp, NO_CHECKPOINT};
use gangway_store::{Beginning, Store};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the receiver of posted checkpoints may take. The next one makes up for one that did not arrive.
const POST_DEADLINE: Duration = Duration::from_secs(5);

/// Signs checkpoints of one data folder's audit.
pub struct Sealer {
    store: Store,
    data_dir: PathBuf,
    settings: AuditSettings,
    http: Option<reqwest::Client>,
}

impl Sealer {
    /// For this folder. Without an HTTP client nothing is posted.
    pub fn of(
        store: &Store,
        data_dir: &Path,
        settings: &AuditSettings,
        http: Option<reqwest::Client>,
    ) -> Self {
        Self { store: store.clone(), data_dir: data_dir.to_owned(), settings: settings.clone(), http }
    }

    /// Signs the audit as it stands. Gives the newest checkpoint: that of before when nothing was added; none while the
    /// audit is empty.
    pub async fn seal(&self, now: Timestamp) -> Result<Option<Checkpoint>> {
        self.seal_as(now, None).await
    }

    /// Signs the audit of a folder that was restored, and that what checkpoints say of later entries is void.
    pub async fn seal_restored(&self, now: Timestamp, given_up: GivenUp) -> Result<Option<Checkpoint>> {
        self.seal_as(now, Some(given_up)).await
    }

    async fn seal_as(&self, now: Timestamp, restored: Option<GivenUp>) -> Result<Option<Checkpoint>> {
        let path = checkpoints_file(&self.data_dir, &self.settings)?;
        let (mut sink, newest) = tokio::task::spawn_blocking(move || -> Result<_> {
            let mut sink = Sink::hold(&path)?;
            let newest = sink.newest()?;
            Ok((sink, newest))
        })
        .await??;
        let head = self.store.audit().head().await?;
        if restored.is_none()
            && let Some(newest) = &newest
        {
            self.compare(&newest.attested, &head).await?;
            if newest.attested.seq == head.after {
                return Ok(Some(newest.clone()));
            }
        }
        if head.after == 0 {
            return Ok(None);
        }
        let attested = next(newest.as_ref(), head, now, restored)?;
        let checkpoint = Checkpoint::sign(attested, &keys::audit_key(&self.data_dir)?)?;
        let written = checkpoint.clone();
        tokio::task::spawn_blocking(move || sink.add(&written)).await??;
        self.post(&checkpoint).await;
        Ok(Some(checkpoint))
    }

    /// Whether the sealed entry is there, and is the one that was sealed.
    async fn compare(&self, sealed: &Attested, head: &Beginning) -> Result<()> {
        let found = self.store.audit().place_after(sealed.seq).await?;
        if found.is_some_and(|found| found.head == sealed.head) {
            return Ok(());
        }
        bail!(
            "the audit is not the one that checkpoint {} was signed for: it was sealed at entry {} and ends at {} now. It is not \
             sealed any more until somebody looked: gangway audit verify says what is wrong. (A data folder that was put \
             in place by hand instead of by gangway restore looks like this, too.)",
            sealed.number,
            sealed.seq,
            head.after
        )
    }

    async fn post(&self, checkpoint: &Checkpoint) {
        let (Some(url), Some(http)) = (&self.settings.checkpoint_url, &self.http) else { return };
        let posted = http.post(url).json(checkpoint).timeout(POST_DEADLINE).send().await;
        if let Err(error) = posted.and_then(reqwest::Response::error_for_status) {
            let error = error.without_url();
            tracing::warn!("a checkpoint of the audit did not reach audit.checkpoint_url: {error}");
        }
    }
}

fn next(
    newest: Option<&Checkpoint>,
    head: Beginning,
    at: Timestamp,
    restored: Option<GivenUp>,
) -> Result<Attested> {
    let previous = match newest {
        Some(newest) => newest.digest().context("the newest checkpoint has no digest")?,
        None => NO_CHECKPOINT.to_owned(),
    };
    let number = newest.map_or(0, |newest| newest.attested.number).saturating_add(1);
    Ok(Attested { number, previous, seq: head.after, head: head.head, at, restored })
}
