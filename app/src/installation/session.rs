//! A command's work from opening the installation to closing it: what it did is sealed, however it ended.

use super::Installation;
use crate::config::Sources;
use anyhow::Result;
use jiff::Timestamp;
use std::sync::Arc;

impl Installation {
    /// Opens it, works with it, seals the audit of what was done, and closes it however the work ended. Nothing is begun while
    /// checkpoints have no place: whoever works at a command line reads an error, and might not look for a warning.
    pub async fn session<T>(sources: Sources, work: impl AsyncFnOnce(Arc<Self>) -> Result<T>) -> Result<T> {
        let installation = Arc::new(Self::open(sources).await?);
        if let Err(error) = installation.sealer().find_place() {
            installation.close().await;
            return Err(error.context("nothing was begun, for the audit of it could not be sealed"));
        }
        installation.until_closed(work).await
    }

    /// The same for what goes on unsealed because it looks, mends, or pages whoever is on call for just that.
    pub async fn session_even_unsealed<T>(
        sources: Sources,
        work: impl AsyncFnOnce(Arc<Self>) -> Result<T>,
    ) -> Result<T> {
        Arc::new(Self::open(sources).await?).until_closed(work).await
    }

    async fn until_closed<T>(self: Arc<Self>, work: impl AsyncFnOnce(Arc<Self>) -> Result<T>) -> Result<T> {
        let worked = work(Arc::clone(&self)).await;
        self.governance.settle_refusals(None).await;
        if let Err(error) = self.sealer().seal(Timestamp::now()).await {
            tracing::warn!("the audit is not sealed: {error:#}");
        }
        self.close().await;
        worked
    }
}
