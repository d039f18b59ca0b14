//! The notification server: Slack messages, mails and pages, each delivered once per idempotency key through the outbox.
//!
//! It writes no words of its own and decides nothing about who is told what; agents do.

mod check;
mod delivery;
mod mail;
mod pager;
mod parcel;
mod round;
mod schedule;
mod settings;
mod slack;
mod slack_history;
mod tools;

pub use check::{ChannelCheck, check};
pub use round::Round;
pub use settings::{
    MailSettings, OutboxSettings, PagerSettings, RetrySettings, Security, Settings, SettingsError,
    SlackSettings,
};

use delivery::Courier;
use gangway_governance::limits::Vendor;
use gangway_governance::{Document, Limits, Server};
use gangway_protocol::System;
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::tools::notify::{Page, PostMessage, SendEmail};
use gangway_store::{Channel, Store};
use jiff::Timestamp;
use mail::Mailer;
use pager::Pager;
use schedule::Schedule;
use slack::Slack;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// What the server stands on besides its settings.
#[derive(Clone)]
pub struct Ground {
    /// Holds the outbox.
    pub store: Store,
    /// For Slack and PagerDuty; from `governance::vendor::http_client`.
    pub http: reqwest::Client,
    /// The vendors' limits of this process.
    pub limits: Limits,
    /// Told `outbox.sending:CHANNEL`, `outbox.delivered:CHANNEL`, `outbox.recorded:CHANNEL` and `outbox.queued:CHANNEL`.
    pub crash: CrashPoints,
    /// When a message is claimed and settled.
    pub clock: fn() -> Timestamp,
}

/// The channels that are configured.
struct Channels {
    slack: Option<Arc<Slack>>,
    mailer: Option<Arc<Mailer>>,
    pager: Option<Arc<Pager>>,
}

impl Channels {
    fn new(settings: &Settings, http: &reqwest::Client, limits: &Limits) -> Result<Self, SettingsError> {
        let outbound = |vendor| limits.outbound(vendor, http.clone());
        Ok(Self {
            slack: settings
                .slack
                .as_ref()
                .map(|slack| Arc::new(Slack::new(slack, settings, outbound(Vendor::Slack)))),
            mailer: settings.mail.as_ref().map(Mailer::new).transpose()?.map(Arc::new),
            pager: settings
                .pager
                .as_ref()
                .map(|pager| Arc::new(Pager::new(pager, settings, outbound(Vendor::Pager)))),
        })
    }

    /// Waits until the channel has room for one more message.
    async fn room(&self, channel: Channel) -> Option<OwnedSemaphorePermit> {
        match (channel, &self.mailer) {
            (Channel::Mail, Some(mailer)) => mailer.room().await,
            (Channel::Mail, None) | (Channel::Slack | Channel::Page, _) => None,
        }
    }
}

/// The channels and the outbox: what the tools and the delivering rounds work with. Clones share it.
#[derive(Clone)]
pub struct Outpost(Arc<Desk>);

struct Desk {
    channels: Channels,
    courier: Courier,
    /// How long after an attempt Slack may still be at work on it.
    grace: Duration,
}

impl Outpost {
    /// Reads the settings. It connects to nothing before the first message.
    ///
    /// # Errors
    /// [`SettingsError`] when the mail settings cannot be used.
    pub fn new(settings: &Settings, ground: Ground) -> Result<Self, SettingsError> {
        let channels = Channels::new(settings, &ground.http, &ground.limits)?;
        let courier = Courier {
            store: ground.store,
            crash: ground.crash,
            clock: ground.clock,
            schedule: Schedule::new(Duration::from_millis(settings.retry.base_ms), &settings.outbox),
            patience: settings.retry.into(),
        };
        let grace = Duration::from_millis(settings.outbox.grace_ms);
        Ok(Self(Arc::new(Desk { channels, courier, grace })))
    }

    fn channels(&self) -> &Channels {
        &self.0.channels
    }

    fn courier(&self) -> &Courier {
        &self.0.courier
    }

    fn grace(&self) -> Duration {
        self.0.grace
    }

    /// The server over it.
    #[must_use]
    pub fn server(&self) -> Server {
        let (post, send, page) = (self.clone(), self.clone(), self.clone());
        Server::new(
            System::Notify,
            "Notifications",
            "Slack messages, mails and pages. Each is sent once per idempotency key. Status queued means that it is delivered later; status unknown that the answer was lost and the message is not repeated.",
        )
        .document(guide())
        .tool::<PostMessage, _, _>(move |args, call| tools::post_message::run(post.clone(), args, call))
        .tool::<SendEmail, _, _>(move |args, call| tools::send_email::run(send.clone(), args, call))
        .tool::<Page, _, _>(move |args, call| tools::page::run(page.clone(), args, call))
    }
}

/// What a model should know before it writes to people.
fn guide() -> Document {
    Document {
        address: "gangway://notify/guide",
        name: "notify_guide",
        title: "Writing to people",
        description: "Which tool for what, what status means and what to do then, how to name a message so that it is sent once.",
        media_type: "text/markdown",
        text: include_str!("guide.md"),
        meta: serde_json::Value::Null,
    }
}

/// The server, for who makes no rounds.
///
/// # Errors
/// As [`Outpost::new`].
pub fn server(settings: &Settings, ground: Ground) -> Result<Server, SettingsError> {
    Outpost::new(settings, ground).map(|outpost| outpost.server())
}
