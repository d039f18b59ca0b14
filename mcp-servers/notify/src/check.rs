//! Whether the configured channels can be reached and let us in, for `gangway doctor`. Sends nothing to anybody.

use crate::settings::{Settings, SettingsError};
use crate::{Channels, mail::Mailer, pager::Pager, slack::Slack};
use gangway_governance::Limits;
use gangway_protocol::ApiError;

/// One channel's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelCheck {
    /// `slack`, `mail` or `page`.
    pub channel: &'static str,
    /// What it said; none when it is not configured.
    pub state: Option<Result<String, ApiError>>,
}

/// Asks every configured channel at once: Slack who we are, the mail server for a login and a NOOP, PagerDuty for any answer.
///
/// # Errors
/// [`SettingsError`] when the settings cannot be used; a channel that cannot be reached is in the answer.
pub async fn check(
    settings: &Settings,
    http: &reqwest::Client,
    limits: &Limits,
) -> Result<Vec<ChannelCheck>, SettingsError> {
    let channels = Channels::new(settings, http, limits)?;
    let (slack, mail, page) = tokio::join!(
        ask(channels.slack.as_deref(), Slack::check),
        ask(channels.mailer.as_deref(), Mailer::check),
        ask(channels.pager.as_deref(), Pager::check),
    );
    Ok(vec![
        ChannelCheck { channel: "slack", state: slack },
        ChannelCheck { channel: "mail", state: mail },
        ChannelCheck { channel: "page", state: page },
    ])
}

async fn ask<'a, T, F>(
    channel: Option<&'a T>,
    check: impl FnOnce(&'a T) -> F,
) -> Option<Result<String, ApiError>>
where
    F: Future<Output = Result<String, ApiError>>,
{
    match channel {
        Some(channel) => Some(check(channel).await),
        None => None,
    }
}
