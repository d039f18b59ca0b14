//! Slack: somebody pressed Approve or Reject. Whether that person may is not asked here.

use crate::Doubt;
use crate::signature::{Disbelief, is_hmac, unhex};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Slack's own advice: older requests are replays.
const MOST_AGE: SignedDuration = SignedDuration::from_mins(5);
/// Where answers to a pressed button go; anything else in that place is not Slack's.
const ANSWERS: &str = "https://hooks.slack.com/";

/// The headers of Slack's `v0` signature, each if it is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers<'a> {
    /// `x-slack-request-timestamp`
    pub timestamp: Option<&'a str>,
    /// `x-slack-signature`
    pub signature: Option<&'a str>,
}

/// A button of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

/// Who pressed what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressed {
    /// Slack's id of who pressed it.
    pub slack_user: String,
    /// Which one.
    pub button: Button,
    /// The one-time value the button carries.
    pub value: String,
    /// Why, as far as it was said.
    pub reason: String,
    /// Where Slack takes a word for whoever pressed it; an address of Slack's.
    pub answer_to: Option<String>,
}

impl Headers<'_> {
    /// Whether Slack sent this body, within five minutes.
    ///
    /// # Errors
    /// [`Disbelief`]; a time too far off is told only to who has the secret.
    pub fn prove(&self, body: &[u8], secret: &str, now: Timestamp) -> Result<(), Disbelief> {
        let seconds = self.timestamp.ok_or(Disbelief::Unsigned)?;
        let signature = self.signature.ok_or(Disbelief::Unsigned)?;
        let sent = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let age = now.duration_since(sent.ok_or(Disbelief::Malformed)?).abs();
        let signature = signature.strip_prefix("v0=").and_then(unhex).ok_or(Disbelief::Malformed)?;
        let head = format!("v0:{seconds}:");
        let is_slacks = is_hmac(secret.as_bytes(), &[head.as_bytes(), body], &signature);
        match (is_slacks, age <= MOST_AGE) {
            (false, _) => Err(Disbelief::Wrong),
            (true, false) => Err(Disbelief::Stale),
            (true, true) => Ok(()),
        }
    }
}

impl Pressed {
    /// Reads a body that Slack sent: a form whose one field `payload` is JSON.
    ///
    /// # Errors
    /// [`Doubt::Unreadable`]: it says something else.
    pub fn read(body: &[u8]) -> Result<Self, Doubt> {
        pressed(body).ok_or_else(|| Doubt::unreadable("no button of an approval was pressed"))
    }
}

fn pressed(body: &[u8]) -> Option<Pressed> {
    let payload = form_urlencoded::parse(body).find(|(name, _)| name == "payload")?.1;
    let payload: Value = serde_json::from_str(&payload).ok()?;
    let action = payload["actions"].as_array()?.first()?;
    let button = match action["action_id"].as_str()? {
        "gangway_approve" => Button::Approve,
        "gangway_reject" => Button::Reject,
        _ => return None,
    };
    let reason = payload["state"]["values"]["gangway_reason"]["reason"]["value"].as_str();
    let answer_to = payload["response_url"].as_str().filter(|url| url.starts_with(ANSWERS));
    Some(Pressed {
        slack_user: payload["user"]["id"].as_str()?.to_owned(),
        button,
        value: action["value"].as_str()?.to_owned(),
        reason: reason.unwrap_or_default().to_owned(),
        answer_to: answer_to.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests;
