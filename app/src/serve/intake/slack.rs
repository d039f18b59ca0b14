//! `POST /webhook/slack`: somebody pressed Approve or Reject in Slack.
//!
//! Slack signs the request; the configuration says which Slack user is which person; the button carries the approval's
//! one-time value. The decision is kept and answered at once, within the three seconds Slack waits; acting on it comes after.

use super::{Delivery, Refusal, Signed};
use crate::approvals::{Order, decide};
use crate::config::Approver;
use crate::refused::Refused;
use crate::serve::{Problem, Service};
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use gangway_coordinator::approving::{Ballot, Choice, token};
use gangway_intake::slack::{Button, Headers, Pressed};
use gangway_protocol::ids::MAX_ID_BYTES;
use gangway_protocol::redact::scrub;
use gangway_protocol::{Actor, Person, Role};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

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
    let answer_to = pressed.answer_to.clone();
    let said = match answer(&delivery, pressed, now).await {
        Ok(said) => said,
        Err(problem) => return problem.into_response(),
    };
    if let Some(url) = answer_to {
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
    let header = |name: &str| delivery.headers.get(name).and_then(|value| value.to_str().ok());
    let headers =
        Headers { timestamp: header("x-slack-request-timestamp"), signature: header("x-slack-signature") };
    headers
        .prove(&body, secret.expose_secret(), now)
        .map_err(|why| Refusal::Disbelieved(why, Signed::BySlack))?;
    Ok(Pressed::read(&body)?)
}

/// Decides, and says to the person what became of it.
async fn answer(delivery: &Delivery<'_>, pressed: Pressed, now: Timestamp) -> Result<String, Problem> {
    let service = delivery.service;
    let installation = &service.installation;
    let Some(person) = person(&installation.config().approvers, &pressed.slack_user) else {
        let (what, who) = (delivery.webhook, Actor::slack(&scrub(&pressed.slack_user, MAX_ID_BYTES)));
        let peer = Some(delivery.peer);
        let refused = Refused { what, page: None, peer, who, code: "NOT_AN_APPROVER", why: None };
        service.refusals.record(installation.store(), &refused, now).await;
        return Ok(
            "You are not among the approvers that Gangway knows; an administrator can add you.".to_owned()
        );
    };
    let approval_id = token::claimed(&pressed.value).unwrap_or_default().to_owned();
    let ballot = Ballot {
        person,
        also_known_as: Vec::new(),
        choice: match pressed.button {
            Button::Approve => Choice::Approve,
            Button::Reject => Choice::Reject,
        },
        reason: pressed.reason,
        tier: None,
    };
    let order = Order { approval_id, ballot, token: Some(pressed.value) };
    match decide(installation, None, order, now).await {
        Ok(Ok(decided)) if decided.approval.votes_needed > 0 => {
            Ok("Your yes is kept; a second person is needed.".to_owned())
        }
        Ok(Ok(decided)) => {
            service.queue.push(decided.approval.run_id, None);
            Ok(format!("{} is {}.", decided.approval.approval_id, decided.approval.state))
        }
        Ok(Err(refused)) => Ok(format!("Not decided: {refused}.")),
        Err(error) => Err(Problem::internal(&error)),
    }
}

fn person(approvers: &[Approver], slack_user: &str) -> Option<Person> {
    let known = approvers.iter().find(|approver| approver.slack_user == slack_user)?;
    let domains = known.domains.iter().copied().collect();
    Some(Person { name: known.name.clone(), roles: [Role::Approver].into(), domains })
}

#[cfg(test)]
mod tests {
    use super::person;
    use crate::config::Approver;
    use gangway_protocol::Domain;

    #[test]
    fn only_a_configured_slack_user_is_somebody() {
        let dana =
            Approver { name: "Dana".to_owned(), slack_user: "U1".to_owned(), domains: vec![Domain::Invoice] };
        let approvers = [dana];
        assert_eq!(person(&approvers, "U1").map(|person| person.name).as_deref(), Some("Dana"));
        assert_eq!(person(&approvers, "U2"), None);
    }
}
