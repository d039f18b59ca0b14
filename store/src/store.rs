//! The store as others hold it: a cheap clone that leads to the tables. Knows no SQL itself.

use crate::instance::Liveness;
use crate::open;
use crate::reader::Readers;
use crate::writer::{Pending, Shape, Writer};
use crate::{
    ApiKeys, Approvals, Audit, Cursors, Feed, Idempotency, Intake, Journal, LlmCalls, Outbox, Restores,
    Retention, Rules, Runs, Seals, StoreError, Tasks, Tenants, Timers, outbox,
};
use rusqlite::Connection;
use std::fmt;
use std::path::{Path, PathBuf};

/// One data folder's database. Clones share it.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    /// None in memory: there the writer's connection is the only one.
    readers: Option<Readers>,
    liveness: Liveness,
    path: PathBuf,
}

impl Store {
    /// Opens `gangway.db` in `folder`, making both if need be, and brings it to the newest schema.
    ///
    /// Several processes may have the same folder open. Messages that a dead process left claimed become UNKNOWN.
    ///
    /// # Errors
    /// The folder or file cannot be made, opened or understood, or a newer Gangway wrote it.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let opened = open::open(folder)?;
        outbox::lose_abandoned(&opened.connection, &opened.liveness)
            .map_err(|error| error.at(&opened.path))?;
        let readers = Readers::start(&opened.path)?;
        let writer = Writer::start(opened.connection, opened.path.clone(), Some(opened.lock))?;
        Ok(Self { writer, readers: Some(readers), liveness: opened.liveness, path: opened.path })
    }

    /// A store of its own that is gone when its last clone is dropped. Real SQLite; the tests' double.
    ///
    /// # Errors
    /// Only when a thread cannot be started or memory is short.
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = PathBuf::from(":memory:");
        let writer = Writer::start(open::in_memory()?, path.clone(), None)?;
        Ok(Self { writer, readers: None, liveness: Liveness::alone(), path })
    }

    /// Commits what is queued, ends the writer and gives up this instance. Every later call answers
    /// [`StoreError::Closed`] or reads what is committed. Dropping the last clone does the same without waiting.
    pub async fn close(&self) {
        self.writer.close().await;
    }

    /// The database file; `:memory:` for a store in memory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs and their correlation ids.
    #[must_use]
    pub fn runs(&self) -> Runs<'_> {
        Runs(self)
    }

    /// Events from outside and what each was answered.
    #[must_use]
    pub fn intake(&self) -> Intake<'_> {
        Intake(self)
    }

    /// Recorded steps of runs.
    #[must_use]
    pub fn journal(&self) -> Journal<'_> {
        Journal(self)
    }

    /// Claims and answers of writing tools.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency<'_> {
        Idempotency::of(self)
    }

    /// Recorded calls to language models.
    #[must_use]
    pub fn llm_calls(&self) -> LlmCalls<'_> {
        LlmCalls(self)
    }

    /// The chain of audit entries.
    #[must_use]
    pub fn audit(&self) -> Audit<'_> {
        Audit(self)
    }

    /// Messages to people.
    #[must_use]
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox(self)
    }

    /// Tenants and their hashed keys.
    #[must_use]
    pub fn tenants(&self) -> Tenants<'_> {
        Tenants(self)
    }

    /// Checklists.
    #[must_use]
    pub fn tasks(&self) -> Tasks<'_> {
        Tasks(self)
    }

    /// Approvals of escalated runs.
    #[must_use]
    pub fn approvals(&self) -> Approvals<'_> {
        Approvals(self)
    }

    /// Keys of the HTTP API.
    #[must_use]
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys(self)
    }

    /// What changed, in order.
    #[must_use]
    pub fn feed(&self) -> Feed<'_> {
        Feed(self)
    }

    /// When the service's jobs are due.
    #[must_use]
    pub fn timers(&self) -> Timers<'_> {
        Timers(self)
    }

    /// How far pollers have read.
    #[must_use]
    pub fn cursors(&self) -> Cursors<'_> {
        Cursors(self)
    }

    /// Forgetting by age.
    #[must_use]
    pub fn retention(&self) -> Retention<'_> {
        Retention(self)
    }

    /// What a restore left open.
    #[must_use]
    pub fn restores(&self) -> Restores<'_> {
        Restores(self)
    }

    /// How far the audit's checkpoints came.
    #[must_use]
    pub fn seals(&self) -> Seals<'_> {
        Seals(self)
    }

    /// Rule sets, which of them are in force, and what shadows said.
    #[must_use]
    pub fn rules(&self) -> Rules<'_> {
        Rules(self)
    }

    pub(crate) fn liveness(&self) -> &Liveness {
        &self.liveness
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Queues a command and waits until it is committed.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        shape: Shape,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.queue(shape, work).await?.await
    }

    /// Queues a command; the caller waits for the commit when it wants to.
    pub(crate) async fn queue<T: Send + 'static>(
        &self,
        shape: Shape,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Pending<T>, StoreError> {
        self.writer.enqueue(shape, work).await
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.readers {
            Some(readers) => readers.read(query).await,
            None => self.write(Shape::OneStatement, query).await,
        }
        .map_err(|error| error.at(&self.path))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}
