//! Two threads that read, each with a connection of its own, so that a long read delays neither writes nor short reads.

use crate::{StoreError, open};
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

const THREADS: usize = 2;
/// Reads waiting for a thread; who asks for more waits for room.
const QUEUE: usize = 256;

type Query = Box<dyn FnOnce(&Connection) + Send>;

/// The readers' end that callers hold.
#[derive(Clone)]
pub(crate) struct Readers {
    queue: mpsc::Sender<Query>,
}

impl Readers {
    pub(crate) fn start(path: &Path) -> Result<Self, StoreError> {
        let (queue, inbox) = mpsc::channel::<Query>(QUEUE);
        let inbox = Arc::new(Mutex::new(inbox));
        for number in 0..THREADS {
            let connection = open::reader(path)?;
            let inbox = Arc::clone(&inbox);
            std::thread::Builder::new()
                .name(format!("store-reader-{number}"))
                .spawn(move || read_until_closed(&connection, &inbox))
                .map_err(|source| StoreError::folder("start a reader thread of", path, source))?;
        }
        Ok(Self { queue })
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (waiter, answer) = oneshot::channel();
        let query: Query = Box::new(move |connection| drop(waiter.send(query(connection))));
        self.queue.send(query).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

fn read_until_closed(connection: &Connection, inbox: &Mutex<mpsc::Receiver<Query>>) {
    loop {
        // Whoever waits holds the lock; the other thread is reading, or waits for the lock.
        let query = inbox.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match query {
            Some(query) => query(connection),
            None => return,
        }
    }
}
