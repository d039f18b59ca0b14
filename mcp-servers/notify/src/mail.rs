//! Mail over SMTP: a mail is composed from what a caller gave and handed to the mail server, one attempt at a time.
//!
//! lettre speaks the protocol; its own pool is not used, because it sends a NOOP before every mail, does not bound
//! how many connections are open, and cannot tell a connection lost before the mail was written from one lost after.
//! The difference is the one that matters here: the first may be tried again, the second may have been delivered.

pub(crate) mod compose;
mod connection;
mod refusal;

use crate::parcel::Attempt;
use crate::settings::{MailSettings, SettingsError};
use compose::{Letterhead, Mail};
use connection::{Announced, Connection, ContentError, Doorway};
use gangway_governance::trace;
use gangway_protocol::tools::notify::SendEmailArgs;
use gangway_protocol::{ApiError, IdempotencyKey};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A parked connection older than this is not used: mail servers close idle ones after a minute or a few (RFC 5321
/// asks for five, many give less), and opening one costs less than finding out.
const MAX_IDLE: Duration = Duration::from_secs(30);

/// Hands mails to one mail server over a bounded number of kept connections.
#[derive(Debug)]
pub(crate) struct Mailer {
    letterhead: Letterhead,
    doorway: Doorway,
    slots: Arc<Semaphore>,
    parked: Mutex<Vec<(Connection, Instant)>>,
}

impl Mailer {
    /// A mailer; it connects when the first mail is sent.
    pub(crate) fn new(settings: &MailSettings) -> Result<Self, SettingsError> {
        Ok(Self {
            letterhead: Letterhead::new(settings)?,
            doorway: Doorway::new(settings)?,
            slots: Arc::new(Semaphore::new(settings.connections.max(1))),
            parked: Mutex::new(Vec::new()),
        })
    }

    /// The mail as it will be written; the recipient or a header may be refused.
    pub(crate) fn compose(&self, args: &SendEmailArgs, key: &IdempotencyKey) -> Result<Mail, ApiError> {
        self.letterhead.compose(args, key)
    }

    /// Waits for a connection to be free; it is the caller's until dropped. The semaphore is never closed; were it,
    /// sending without a permit would still be right.
    pub(crate) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.ok()
    }

    /// Hands one mail over, once. Whatever fails before the content was written certainly delivered nothing.
    pub(crate) async fn hand_over(&self, mail: &Mail) -> Attempt {
        let mut connection = match self.announced(mail).await {
            Ok(connection) => connection,
            Err(refused) => return Attempt::undelivered(refused),
        };
        match connection.content(&mail.written(trace::current().as_ref())).await {
            Ok(()) => {
                self.park(connection);
                Attempt::Delivered(mail.message_id.clone())
            }
            Err(ContentError::Refused(refused)) => Attempt::undelivered(refused),
            Err(ContentError::Lost(why)) => {
                Attempt::Lost(format!("the mail server's answer was lost: {why}"))
            }
        }
    }

    /// Connects, logs in and says NOOP.
    pub(crate) async fn check(&self) -> Result<String, ApiError> {
        let mut connection = self.doorway.connect().await?;
        connection.noop().await?;
        self.park(connection);
        Ok(format!("mail server {} answers", self.doorway))
    }

    /// A connection on which the server has accepted sender and recipient and awaits the mail. Nothing of the mail
    /// itself is written yet, so a parked connection that turns out dead is simply replaced by a fresh one.
    async fn announced(&self, mail: &Mail) -> Result<Connection, ApiError> {
        if let Some(parked) = self.unpark() {
            match parked.announce(mail.message.envelope()).await {
                Announced::Ready(connection) => return Ok(connection),
                Announced::Refused(refused) => return Err(refused),
                Announced::Broken(error) => tracing::debug!(%error, "a kept mail connection was gone"),
            }
        }
        match self.doorway.connect().await?.announce(mail.message.envelope()).await {
            Announced::Ready(connection) => Ok(connection),
            Announced::Refused(error) | Announced::Broken(error) => Err(error),
        }
    }

    fn unpark(&self) -> Option<Connection> {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.retain(|(_, since)| since.elapsed() < MAX_IDLE);
        parked.pop().map(|(connection, _)| connection)
    }

    fn park(&self, connection: Connection) {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).push((connection, Instant::now()));
    }
}
