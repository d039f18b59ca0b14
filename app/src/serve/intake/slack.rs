//! `POST /webhook/slack`: somebody pressed Approve or Reject in Slack.
//!
//! Slack signs the request; the configuration says which Slack user is which person; the button carries the approval's
//! one-time value. The decision is kept and answered at once, within the three seconds Slack waits; acting on it comes after.

use super::signature::{Disbelief, is_hmac, unhex};
use super::{Delivery, Refusal};
use crate::approvals::{Order, decide};
use crate::config::{Approver, Config};
use crate::serve::{Problem, Service};
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use gangway_coordinator::approving::{Ballot, Choice, token};
use gangway_protocol::{Person, Role};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

/// Slack's own advice: older requests are replays.
const MOST_AGE: SignedDuration = SignedDuration::from_mins(5);
/// Where answers to a pressed button go; anything else in that place is not Slack's.
const ANSWERS: &str = "https://hooks.slack.com/";

/// A button somebody pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pressed {
    /// The decision it asks for.
    order: Pressing,
    /// Where Slack takes a word for whoever pressed it.
    answer_to: Option<String>,
}

/// Who pressed what.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pressing {
    slack_user: String,
    choice: Choice,
    value: String,
    reason: String,
}

/// The handler.
pub async fn receive(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let delivery = Delivery { service: &service, webhook: "webhook.slack", peer: peer.ip(), headers };
    let now = Timestamp::now();
    let pressed = match take_in(&delivery, body, now).await {
        Ok(pressed) => pressed,
        Err(refusal) => return delivery.refuse(refusal.into()).await,
    };
    let said = match answer(&service, service.installation.config(), pressed.order, now).await {
        Ok(said) => said,
        Err(problem) => return problem.into_response(),
    };
    if let Some(url) = pressed.answer_to.filter(|url| url.starts_with(ANSWERS)) {
        let word = json!({ "response_type": "ephemeral", "replace_original": false, "text": said });
        let request = service.installation.http().post(url).json(&word);
        // A courtesy: the decision stands whether it arrives or not.
        tokio::spawn(async move { request.send().await.map(|_| ()) });
    }
    StatusCode::OK.into_response()
}

/// What was pressed, if Slack says so.
async fn take_in(delivery: &Delivery<'_>, body: Body, now: Timestamp) -> Result<Pressed, Refusal> {
    let Some(secret) = &delivery.service.installation.config().slack_signing_secret else {
        return Err(Refusal::NoSecret("slack_signing_secret"));
    };
    let policy = delivery.service.intake.policy();
    let body = delivery.body(&policy, "application/x-www-form-urlencoded", body).await?;
    if !is_signed(secret.expose_secret(), &body, &delivery.headers, now) {
        return Err(Refusal::Disbelieved(Disbelief::Wrong));
    }
    pressed(&body).ok_or_else(|| Refusal::Unreadable("no button of an approval was pressed".to_owned()))
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
