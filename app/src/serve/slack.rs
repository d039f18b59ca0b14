//! `POST /webhook/slack`: somebody pressed Approve or Reject in Slack.
//!
//! Slack signs the request; the configuration says which Slack user is which person; the button carries the approval's
//! one-time value. The decision is kept and answered at once, within the three seconds Slack waits; acting on it comes after.

use super::intake::signature::{is_hmac, unhex};
use super::{Problem, Service};
use crate::approvals::{Order, decide};
use crate::config::{Approver, Config};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use gangway_coordinator::approving::{Ballot, Choice, token};
use gangway_protocol::{Person, Role};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::sync::Arc;

/// Slack's own advice: older requests are replays.
const MOST_AGE: SignedDuration = SignedDuration::from_mins(5);
const MOST_BYTES: usize = 256 * 1024;
/// Where answers to a pressed button go; anything else in that place is not Slack's.
const ANSWERS: &str = "https://hooks.slack.com/";

/// A button somebody pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressed {
    /// The decision it asks for.
    pub order: Pressing,
    /// Where Slack takes a word for whoever pressed it.
    pub answer_to: Option<String>,
}

/// Who pressed what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressing {
    slack_user: String,
    choice: Choice,
    value: String,
    reason: String,
}

/// The route.
pub fn routes() -> Router<Arc<Service>> {
    Router::new().route("/webhook/slack", post(receive)).layer(DefaultBodyLimit::max(MOST_BYTES))
}

async fn receive(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let config = service.installation.config();
    let now = Timestamp::now();
    let pressed = slack_action(config, &body, &headers, now)?;
    let said = answer(&service, config, pressed.order, now).await?;
    if let Some(url) = pressed.answer_to.filter(|url| url.starts_with(ANSWERS)) {
        let word = json!({ "response_type": "ephemeral", "replace_original": false, "text": said });
        let request = service.installation.http().post(url).json(&word);
        // A courtesy: the decision stands whether it arrives or not.
        tokio::spawn(async move { request.send().await.map(|_| ()) });
    }
    Ok(StatusCode::OK)
}

/// Decides, and says to the person what became of it.
async fn answer(
    service: &Service,
    config: &Config,
    pressing: Pressing,
    now: Timestamp,
) -> Result<String, Problem> {
    let Some(person) = person(&config.approvers, &pressing.slack_user) else {
        return Ok(
            "You are not among the approvers that Gangway knows; an administrator can add you.".to_owned()
        );
    };
    let approval_id = token::claimed(&pressing.value).unwrap_or_default().to_owned();
    let ballot = Ballot {
        person,
        also_known_as: Vec::new(),
        choice: pressing.choice,
        reason: pressing.reason,
        tier: None,
    };
    let order = Order { approval_id, ballot, token: Some(pressing.value) };
    match decide(&service.installation, None, order, now).await {
        Ok(Ok(decided)) if decided.approval.votes_needed > 0 => {
            Ok("Your yes is kept; a second person is needed.".to_owned())
        }
        Ok(Ok(decided)) => {
            service.queue.push(decided.approval.run_id, None);
            Ok(format!("{} is {}.", decided.approval.approval_id, decided.approval.state))
        }
        Ok(Err(refused)) => Ok(format!("Not decided: {refused}.")),
        Err(error) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))),
    }
}

fn person(approvers: &[Approver], slack_user: &str) -> Option<Person> {
    let known = approvers.iter().find(|approver| approver.slack_user == slack_user)?;
    let domains = known.domains.iter().copied().collect();
    Some(Person { name: known.name.clone(), roles: [Role::Approver].into(), domains })
}

/// What was pressed, if Slack says so.
pub fn slack_action(
    config: &Config,
    body: &[u8],
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Pressed, Problem> {
    let Some(secret) = &config.slack_signing_secret else {
        let text = "Slack's requests cannot be checked: set GANGWAY_SLACK_SIGNING_SECRET to the app's signing secret";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, text));
    };
    if !is_signed(secret.expose_secret(), body, headers, now) {
        let text = "not signed by Slack, or older than five minutes";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, text));
    }
    pressed(body).ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "no button of an approval was pressed"))
}

/// Slack's `v0` signature over time and body.
fn is_signed(secret: &str, body: &[u8], headers: &HeaderMap, now: Timestamp) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(seconds), Some(signature)) = (header("x-slack-request-timestamp"), header("x-slack-signature"))
    else {
        return false;
    };
    let Some(sent) = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()) else {
        return false;
    };
    let Some(signature) = signature.strip_prefix("v0=").and_then(unhex) else { return false };
    let head = format!("v0:{seconds}:");
    now.duration_since(sent).abs() <= MOST_AGE
        && is_hmac(secret.as_bytes(), &[head.as_bytes(), body], &signature)
}

/// Slack sends a form whose one field `payload` is JSON.
fn pressed(body: &[u8]) -> Option<Pressed> {
    let form = std::str::from_utf8(body).ok()?;
    let url = reqwest::Url::parse(&format!("https://form.invalid/?{form}")).ok()?;
    let payload = url.query_pairs().find(|(name, _)| name == "payload")?.1.into_owned();
    let payload: Value = serde_json::from_str(&payload).ok()?;
    let action = payload["actions"].as_array()?.first()?;
    let choice = match action["action_id"].as_str()? {
        "gangway_approve" => Choice::Approve,
        "gangway_reject" => Choice::Reject,
        _ => return None,
    };
    let reason = payload["state"]["values"]["gangway_reason"]["reason"]["value"].as_str();
    Some(Pressed {
        order: Pressing {
            slack_user: payload["user"]["id"].as_str()?.to_owned(),
            choice,
            value: action["value"].as_str()?.to_owned(),
            reason: reason.unwrap_or_default().to_owned(),
        },
        answer_to: payload["response_url"].as_str().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests;
