//! Posting: every checkpoint to its receiver elsewhere, in order, again until it is acknowledged.
//!
//! What failed is made up for the next time anything seals. A receiver may get one twice, when its acknowledgement is lost.

use super::seal::seal_of;
use super::sink::kept_in;
use anyhow::{Context as _, Result};
use gangway_protocol::checkpoint::Checkpoint;
use gangway_store::{SealStage, Store};
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

/// How long the receiver may take for one.
const DEADLINE: Duration = Duration::from_secs(5);
/// Checkpoints posted in one go. After a long outage the rest follows: nobody waits for hundreds at the end of a command.
const AT_ONCE: usize = 50;
/// Two processes that post at once would mix the order.
const LOCK: &str = "audit-posting.lock";

/// Where checkpoints of one data folder are posted.
pub struct Post<'a> {
    pub store: &'a Store,
    pub data_dir: &'a Path,
    pub url: &'a str,
    pub http: &'a reqwest::Client,
}

impl Post<'_> {
    /// Posts what the receiver has not acknowledged yet of the checkpoints kept in a file. That it cannot be reached stops
    /// nothing else.
    pub async fn rest_of(&self, kept: &Path) {
        if let Err(error) = self.post(kept).await {
            tracing::warn!(
                "checkpoints of the audit did not reach audit.checkpoint_url and will be sent again: {error:#}"
            );
        }
    }

    async fn post(&self, kept: &Path) -> Result<()> {
        let Some(_turn) = self.turn()? else { return Ok(()) };
        let seals = self.store.seals();
        let [signed, posted] =
            [seals.newest(SealStage::Signed).await?, seals.newest(SealStage::Posted).await?];
        if signed == posted {
            return Ok(());
        }
        let after = posted.map_or(0, |seal| seal.number);
        let kept = kept.to_owned();
        let kept = tokio::task::spawn_blocking(move || kept_in(&kept)).await??.checkpoints;
        let due = kept.iter().filter(|checkpoint| checkpoint.attested.number > after);
        for checkpoint in due.take(AT_ONCE) {
            self.send(checkpoint).await?;
            seals.advance(SealStage::Posted, seal_of(checkpoint)?).await?;
        }
        Ok(())
    }

    async fn send(&self, checkpoint: &Checkpoint) -> Result<()> {
        let sent = self.http.post(self.url).json(checkpoint).timeout(DEADLINE).send().await;
        let answered =
            sent.and_then(reqwest::Response::error_for_status).map_err(reqwest::Error::without_url);
        answered.with_context(|| format!("checkpoint {}", checkpoint.attested.number))?;
        Ok(())
    }

    /// None while another process posts: it sends these, too, or the next time does.
    fn turn(&self) -> Result<Option<File>> {
        let path = self.data_dir.join(LOCK);
        let cannot = || format!("cannot lock {}", path.display());
        let mut options = OpenOptions::new();
        let file =
            options.write(true).create(true).truncate(false).mode(0o600).open(&path).with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(cannot),
        }
    }
}
