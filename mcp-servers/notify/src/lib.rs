//! The notification server: Slack messages, mails and pages, each delivered once per idempotency key through the outbox.
//!
//! It writes no words of its own and decides nothing about who is told what; agents do.

mod check;
mod delivery;
mod mail;
mod pager;
mod settings;
mod slack;
mod tools;

pub use check::{ChannelCheck, check};
pub use settings::{
    MailSettings, PagerSettings, RetrySettings, Security, Settings, SettingsError, SlackSettings,
};

use delivery::Courier;
use gangway_governance::Server;
use gangway_protocol::System;
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::tools::notify::{Page, PostMessage, SendEmail};
use gangway_store::Store;
use jiff::Timestamp;
use mail::Mailer;
use pager::Pager;
use slack::Slack;
use std::sync::Arc;

/// What the server stands on besides its settings.
#[derive(Clone)]
pub struct Ground {
    /// Holds the outbox.
    pub store: Store,
    /// For Slack and PagerDuty; from `governance::vendor::http_client`.
    pub http: reqwest::Client,
    /// Told `outbox.claimed:CHANNEL` and `outbox.delivered:CHANNEL`.
    pub crash: CrashPoints,
    /// When a message is claimed.
    pub clock: fn() -> Timestamp,
}

/// The channels that are configured.
struct Channels {
    slack: Option<Arc<Slack>>,
    mailer: Option<Arc<Mailer>>,
    pager: Option<Arc<Pager>>,
}

impl Channels {
    fn new(settings: &Settings, http: &reqwest::Client) -> Result<Self, SettingsError> {
        Ok(Self {
            slack: settings.slack.as_ref().map(|slack| Arc::new(Slack::new(slack, settings, http.clone()))),
            mailer: settings
                .mail
                .as_ref()
                .map(|mail| Mailer::new(mail, settings.retry.into()))
                .transpose()?
                .map(Arc::new),
            pager: settings.pager.as_ref().map(|pager| Arc::new(Pager::new(pager, settings, http.clone()))),
        })
    }
}

/// What every tool of this server works with.
struct Desk {
    channels: Channels,
    courier: Courier,
}

/// The server. It connects to nothing before the first message.
///
/// # Errors
/// [`SettingsError`] when the mail settings cannot be used.
pub fn server(settings: &Settings, ground: Ground) -> Result<Server, SettingsError> {
    let channels = Channels::new(settings, &ground.http)?;
    let courier = Courier::new(ground.store, ground.crash, ground.clock);
    let desk = Arc::new(Desk { channels, courier });
    let of = |desk: &Arc<Desk>| Arc::clone(desk);
    let (post, send, page) = (of(&desk), of(&desk), desk);
    let server = Server::new(
        System::Notify,
        "Notifications",
        "Slack messages, mails and pages. Each is sent once per idempotency key; status unknown means that the answer was lost and the message is not repeated.",
    )
    .tool::<PostMessage, _, _>(move |args, call| tools::post_message::run(of(&post), args, call))
    .tool::<SendEmail, _, _>(move |args, call| tools::send_email::run(of(&send), args, call))
    .tool::<Page, _, _>(move |args, call| tools::page::run(of(&page), args, call));
    Ok(server)
}
