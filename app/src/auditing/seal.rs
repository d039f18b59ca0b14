//! Sealing: a signed checkpoint of the audit as it stands, written to the second place.
//!
//! It looks first whether the audit still is the one that was sealed before, and whether the second place still has what was
//! signed: what was cut, taken away or written anew is not signed over, but told. One process seals at a time; nothing waits
//! for it, and a call is never slower for it.

use super::post::Post;
use super::sink::{Sink, checkpoints_file, kept_in};
use crate::config::AuditSettings;
use crate::keys;
use anyhow::{Context as _, Result, bail};
use gangway_protocol::checkpoint::{Attested, Checkpoint, GivenUp, NO_CHECKPOINT};
use gangway_store::{Beginning, Seal, SealStage, Store};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// Signs checkpoints of one data folder's audit.
pub struct Sealer {
    store: Store,
    data_dir: PathBuf,
    settings: AuditSettings,
    http: Option<reqwest::Client>,
}

/// The end of the chain of checkpoints.
struct End {
    /// The newest in the second place.
    kept: Option<Checkpoint>,
    /// The newest that was signed, as the store remembers it.
    remembered: Option<Seal>,
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

    /// Makes the second place if need be, and sees whether checkpoints can be written there.
    pub fn find_place(&self) -> Result<()> {
        Sink::open(&checkpoints_file(&self.data_dir, &self.settings)?).map(drop)
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
        let sealed = self.seal_to(&path, now, restored).await;
        if let (Some(url), Some(http)) = (&self.settings.checkpoint_url, &self.http) {
            let post = Post { store: &self.store, data_dir: &self.data_dir, url, http };
            post.rest_of(&path).await;
        }
        sealed
    }

    async fn seal_to(
        &self,
        path: &Path,
        now: Timestamp,
        restored: Option<GivenUp>,
    ) -> Result<Option<Checkpoint>> {
        let file = path.to_owned();
        let (mut sink, kept) = tokio::task::spawn_blocking(move || -> Result<_> {
            let mut sink = Sink::hold(&file)?;
            let newest = sink.newest()?;
            Ok((sink, newest))
        })
        .await??;
        // While the second place is held, so that nobody signs between the two looks.
        let end = End { kept, remembered: self.store.seals().newest(SealStage::Signed).await? };
        let head = self.store.audit().head().await?;
        if restored.is_none() {
            self.refuse_lost(&end, path).await?;
            if let Some(newest) = &end.kept {
                self.compare(&newest.attested, &head).await?;
                if newest.attested.seq == head.after {
                    self.remember(newest, &end).await?;
                    return Ok(Some(newest.clone()));
                }
            }
        }
        if head.after == 0 {
            return Ok(None);
        }
        let attested = end.next(head, now, restored)?;
        let checkpoint = Checkpoint::sign(attested, &keys::audit_key(&self.data_dir)?)?;
        let written = checkpoint.clone();
        let sink = tokio::task::spawn_blocking(move || sink.add(&written).map(|()| sink)).await??;
        self.remember(&checkpoint, &end).await?;
        drop(sink);
        Ok(Some(checkpoint))
    }

    /// A checkpoint that was signed must be in the second place; if none is, none may ever have been signed.
    async fn refuse_lost(&self, end: &End, path: &Path) -> Result<()> {
        let is_lost = match (&end.kept, &end.remembered) {
            (None, None) => keys::was_sealed(&self.data_dir),
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some(kept), Some(remembered)) if kept.attested.number == remembered.number => {
                kept.digest()? != remembered.digest
            }
            // What was written there and not remembered any more before a process died; rare.
            (Some(_), Some(remembered)) => !is_among(path, remembered.clone()).await?,
        };
        if !is_lost {
            return Ok(());
        }
        let number = end.remembered.as_ref().map_or_else(String::new, |seal| format!(" {}", seal.number));
        bail!(
            "checkpoint{number} of the audit was signed and is not in {} any more: somebody took it away or altered it, or \
             audit.checkpoint_dir was changed and the file did not move along. The audit is not sealed any more until it is \
             back: put it back from a copy; if there is none, gangway backup and gangway restore into a new data folder make a \
             new beginning that is signed as one",
            path.display()
        )
    }

    /// In this order: first the second place, then the store, then the key's name; whoever dies between leaves nothing that
    /// looks taken away.
    async fn remember(&self, checkpoint: &Checkpoint, end: &End) -> Result<()> {
        if end.remembered.as_ref().is_none_or(|known| known.number < checkpoint.attested.number) {
            self.store.seals().advance(SealStage::Signed, seal_of(checkpoint)?).await?;
        }
        keys::audit_key_was_used(&self.data_dir)
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
}

impl End {
    /// What the next checkpoint says. After a restore to another place only the store knows what was signed.
    fn next(&self, head: Beginning, at: Timestamp, restored: Option<GivenUp>) -> Result<Attested> {
        let kept = self.kept.as_ref().map(seal_of).transpose()?;
        let newest = kept.into_iter().chain(self.remembered.clone()).max_by_key(|seal| seal.number);
        let (number, previous) = match newest {
            Some(newest) => (newest.number, newest.digest),
            None => (0, NO_CHECKPOINT.to_owned()),
        };
        let number = number.saturating_add(1);
        Ok(Attested { number, previous, seq: head.after, head: head.head, at, restored })
    }
}

/// What a checkpoint is known by.
pub(super) fn seal_of(checkpoint: &Checkpoint) -> Result<Seal> {
    let digest = checkpoint.digest().context("a checkpoint has no digest")?;
    Ok(Seal { number: checkpoint.attested.number, digest })
}

async fn is_among(path: &Path, seal: Seal) -> Result<bool> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        let kept = kept_in(&path)?.checkpoints;
        let found = kept.iter().rev().find(|checkpoint| checkpoint.attested.number == seal.number);
        Ok(found.map(seal_of).transpose()?.is_some_and(|found| found == seal))
    })
    .await?
}
