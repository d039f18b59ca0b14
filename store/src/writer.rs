//! The one thread that writes: drains its queue into a transaction, commits, then answers everybody in it.
//!
//! Group commit makes FULL sync affordable: one flush for up to 256 commands. Commands keep their order. A command that
//! fails leaves nothing behind and does not harm its neighbours; if the commit fails, everybody in the batch is told so.
//! Commands that nobody awaits are not worth a flush of their own: they stay a few milliseconds for one that is awaited.

use crate::StoreError;
use crate::instance::InstanceLock;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::Thread;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};

/// Commands per transaction. Beyond this a flush is cheap per command already, and the wait of the first would grow.
const BATCH: usize = 256;
/// Commands waiting for the writer; who sends more waits for room.
const QUEUE: usize = 1_024;
/// Longest stay of a command that nobody awaits. Reads of a vendor and what follows from them fall into it.
const STAY: Duration = Duration::from_millis(5);

/// Whether a command must be undone as a whole when it fails half-way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// At most one writing statement, the last thing that can fail: SQLite undoes it by itself.
    OneStatement,
    /// Several: runs in a savepoint.
    Several,
}

/// A write that is queued; resolves when it is committed. Dropping it does not take the write back.
#[must_use = "without waiting it is unknown whether the write was committed"]
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<Result<T, StoreError>>);

impl<T> Future for Pending<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(StoreError::Closed)))
    }
}

trait Command: Send {
    /// Runs inside the open transaction; the error, if any, for the case that it took the whole transaction with it.
    fn run(&mut self, connection: &Connection, path: &Path) -> Option<StoreError>;
    /// Whether somebody waits for its end.
    fn is_awaited(&self) -> bool;
    /// Tells whoever waits how it ended.
    fn settle(self: Box<Self>, committed: Result<(), StoreError>);
}

enum Message {
    Write(Box<dyn Command>),
    Close(oneshot::Sender<()>),
}

enum Reply<T> {
    To(oneshot::Sender<Result<T, StoreError>>),
    /// Nobody waits; a failure is logged with what was attempted.
    Log(&'static str),
}

struct Write<T, F> {
    shape: Shape,
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: Reply<T>,
}

impl<T, F> Command for Write<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection, path: &Path) -> Option<StoreError> {
        let work = self.work.take()?;
        let outcome = match self.shape {
            Shape::OneStatement => work(connection),
            Shape::Several => in_savepoint(connection, work),
        }
        .map_err(|error| error.at(path));
        let error = outcome.as_ref().err().cloned();
        self.outcome = Some(outcome);
        error
    }

    fn is_awaited(&self) -> bool {
        matches!(self.reply, Reply::To(_))
    }

    fn settle(self: Box<Self>, committed: Result<(), StoreError>) {
        let end = match (self.outcome, committed) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        match self.reply {
            // Whoever stopped waiting does not want to know.
            Reply::To(waiter) => drop(waiter.send(end)),
            Reply::Log(attempt) => {
                if let Err(error) = end {
                    tracing::error!(error = %error, "could not {attempt}");
                }
            }
        }
    }
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.prepare_cached("SAVEPOINT command")?.execute([])?;
    let outcome = work(connection);
    if outcome.is_err() && !connection.is_autocommit() {
        connection.prepare_cached("ROLLBACK TO command")?.execute([])?;
    }
    if !connection.is_autocommit() {
        connection.prepare_cached("RELEASE command")?.execute([])?;
    }
    outcome
}

/// The writer's end that callers hold.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    committed: watch::Receiver<()>,
    thread: Thread,
}

impl Writer {
    /// Starts the thread. It holds the instance's lock for as long as it can still commit something.
    pub(crate) fn start(
        connection: Connection,
        path: PathBuf,
        lock: Option<InstanceLock>,
    ) -> Result<Self, StoreError> {
        let (queue, inbox) = mpsc::channel(QUEUE);
        let (commits, committed) = watch::channel(());
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn({
                let path = path.clone();
                move || write_until_closed(connection, inbox, (&path, &commits), lock)
            })
            .map_err(|source| StoreError::folder("start the writer thread of", &path, source))?
            .thread()
            .clone();
        Ok(Self { queue, committed, thread })
    }

    /// Marked as changed after each batch.
    pub(crate) fn committed(&self) -> watch::Receiver<()> {
        self.committed.clone()
    }

    /// Queues a command, waiting for room if need be.
    pub(crate) async fn enqueue<T: Send + 'static>(
        &self,
        shape: Shape,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Pending<T>, StoreError> {
        let (waiter, answer) = oneshot::channel();
        self.send(Write { shape, work: Some(work), outcome: None, reply: Reply::To(waiter) }).await?;
        self.thread.unpark();
        Ok(Pending(answer))
    }

    /// Queues a command nobody waits for.
    pub(crate) async fn enqueue_unwatched<T: Send + 'static>(
        &self,
        shape: Shape,
        attempt: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        self.send(Write { shape, work: Some(work), outcome: None, reply: Reply::Log(attempt) }).await
    }

    async fn send(&self, command: impl Command + 'static) -> Result<(), StoreError> {
        self.queue.send(Message::Write(Box::new(command))).await.map_err(|_| StoreError::Closed)
    }

    /// Commits what is queued, then ends the thread.
    pub(crate) async fn close(&self) {
        let (done, ended) = oneshot::channel();
        if self.queue.send(Message::Close(done)).await.is_ok() {
            self.thread.unpark();
            // An error means that the thread is gone, which is what was wanted.
            let _ = ended.await;
        }
    }
}

fn write_until_closed(
    connection: Connection,
    mut inbox: mpsc::Receiver<Message>,
    (path, commits): (&Path, &watch::Sender<()>),
    lock: Option<InstanceLock>,
) {
    let mut closers = Vec::new();
    while let Some(first) = inbox.blocking_recv() {
        let mut batch = Batch::default();
        let until = Instant::now() + STAY;
        batch.add(first);
        loop {
            batch.fill_from(&mut inbox);
            let left = until.saturating_duration_since(Instant::now());
            if batch.is_due() || left.is_zero() {
                break;
            }
            std::thread::park_timeout(left);
        }
        if !batch.closers.is_empty() {
            inbox.close();
            closers.append(&mut batch.closers);
        }
        commit_all(&connection, batch.commands, path);
        commits.send_replace(());
    }
    // In this order: nothing can be written any more before the others may take this instance for dead.
    drop(connection);
    drop(lock);
    for done in closers {
        let _ = done.send(());
    }
}

/// What is committed together.
#[derive(Default)]
struct Batch {
    commands: VecDeque<Box<dyn Command>>,
    is_awaited: bool,
    closers: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn add(&mut self, message: Message) {
        match message {
            Message::Write(command) => {
                self.is_awaited |= command.is_awaited();
                self.commands.push_back(command);
            }
            Message::Close(done) => self.closers.push(done),
        }
    }

    /// Takes what is queued, as far as there is room.
    fn fill_from(&mut self, inbox: &mut mpsc::Receiver<Message>) {
        while self.commands.len() < BATCH
            && let Ok(message) = inbox.try_recv()
        {
            self.add(message);
        }
    }

    /// Whether somebody waits for it, or nothing more goes in.
    fn is_due(&self) -> bool {
        self.is_awaited || self.commands.len() >= BATCH || !self.closers.is_empty()
    }
}

fn commit_all(connection: &Connection, mut waiting: VecDeque<Box<dyn Command>>, path: &Path) {
    while !waiting.is_empty() {
        if let Err(error) = statement(connection, "BEGIN IMMEDIATE") {
            let error = error.at(path);
            waiting.drain(..).for_each(|command| command.settle(Err(error.clone())));
            return;
        }
        let mut ran = Vec::with_capacity(waiting.len());
        let mut lost = None;
        while let Some(mut command) = waiting.pop_front() {
            let failure = command.run(connection, path);
            ran.push(command);
            // A full disk, among others, makes SQLite roll back everything; what follows must not run unprotected.
            if connection.is_autocommit() {
                lost = Some(failure.unwrap_or(StoreError::Closed));
                break;
            }
        }
        let end = match lost {
            Some(error) => Err(error),
            None => commit(connection).map_err(|error| error.at(path)),
        };
        ran.into_iter().for_each(|command| command.settle(end.clone()));
    }
}

fn commit(connection: &Connection) -> Result<(), StoreError> {
    let end = statement(connection, "COMMIT");
    if end.is_err() && !connection.is_autocommit() {
        // The commit's own error is the one that counts.
        let _ = statement(connection, "ROLLBACK");
    }
    end
}

fn statement(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests;
